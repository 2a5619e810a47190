"""Keeps the revocation list on disk in step with the registry, for brokers that read one (Mosquitto).

The list is the second line: intake asks the registry about every message, and the embedded broker is told its nodes.
"""

from datetime import datetime

from hub.authority.pki_check import CertificateRefusedError, load_lists
from hub.authority.pki_files import REISSUE_AFTER, PkiFiles, is_made_by
from hub.authority.queries import revocations
from hub.storage.engine import Database


def renew_revocation_list(database: Database, files: PkiFiles, now: datetime) -> bool:
    """Write the list anew if nodes were revoked since, or it is a day old; say whether brokers must read it again.

    Raises:
        StorageError: the database does not answer.
        OSError: the file cannot be written.
    """
    with database.reading() as session:
        wanted = revocations(session, now)
    if _is_current(files, {each.serial for each in wanted}, now):
        return False
    files.write_revocation_list(wanted, now=now)
    return True


def _is_current(files: PkiFiles, serials: set[int], now: datetime) -> bool:
    try:
        lists = load_lists(files.crl_file.read_bytes())
    except (OSError, CertificateRefusedError):
        return False
    is_fresh = all(
        {each.serial_number for each in found} == serials and now - found.last_update_utc < REISSUE_AFTER
        for found in lists
    )
    return is_fresh and is_made_by(lists[0], files.authority)
