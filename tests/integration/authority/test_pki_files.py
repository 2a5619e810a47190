"""Keys and certificates on disk."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from hub.authority.pki import HUB_LIFE, HubClient, Revocation
from hub.authority.pki_check import revoked_serials
from hub.authority.pki_files import PkiFiles, PkiMissingError, load_pki, open_pki, write_atomically
from protocol.ids import HubId

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def opened(directory: Path, *, now: datetime = NOW, hosts: tuple[str, ...] = ("127.0.0.1",)) -> PkiFiles:
    return open_pki(directory, HubId("3314"), now=now, entropy=os.urandom, broker_hosts=hosts)


def serial(path: Path) -> int:
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


def test_every_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    opened(tmp_path / "pki")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "pki").rglob("*.key")}
    names = ("root-1.key", "issuer-1.key", "hub-broker.key", "hub-intake.key", "hub-worker.key")
    assert modes == dict.fromkeys(names, 0o600)


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    opened(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*.*")}
    opened(tmp_path, now=NOW + timedelta(hours=1))
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_the_hubs_certificates_are_renewed_when_a_third_is_left(tmp_path: Path) -> None:
    files = opened(tmp_path)
    authority, intake = serial(files.ca_file), serial(files.client(HubClient.INTAKE).cert_file)
    opened(tmp_path, now=NOW + HUB_LIFE * 0.7)
    assert serial(files.ca_file) == authority
    assert serial(files.client(HubClient.INTAKE).cert_file) != intake


def test_a_new_host_name_brings_a_new_broker_certificate(tmp_path: Path) -> None:
    before = serial(opened(tmp_path).broker.cert_file)
    after = opened(tmp_path, hosts=("broker.sragen.example", "127.0.0.1")).broker.cert_file
    assert serial(after) != before


def test_a_damaged_certificate_of_the_hub_is_made_anew(tmp_path: Path) -> None:
    files = opened(tmp_path)
    files.client(HubClient.WORKER).cert_file.write_bytes(b"half a cert")
    opened(tmp_path)
    assert serial(files.client(HubClient.WORKER).cert_file)


def test_the_revocation_list_is_refreshed_daily_and_forgets_nobody(tmp_path: Path) -> None:
    files = opened(tmp_path)
    files.write_revocation_list([Revocation(serial=77, revoked_at=NOW)], now=NOW)
    later = NOW + timedelta(days=6)
    opened(tmp_path, now=later)
    much_later = later + timedelta(days=6)
    assert revoked_serials(files.crl_file.read_bytes(), files.authority.certificate, now=much_later) == {77}


def test_there_is_no_authority_before_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(PkiMissingError):
        load_pki(tmp_path)


def test_a_file_is_replaced_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "key"
    write_atomically(target, b"old", mode=0o600)
    (tmp_path / ".key.new").write_bytes(b"left by a power cut")
    write_atomically(target, b"new", mode=0o600)
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["key"]  # noqa: PTH208  # the names alone
