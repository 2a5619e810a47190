"""Pure: by which marks cases are compared, and what a match means.

Rules:
1. The applicant's national number, the number of the family card where the form asks for one, and the address.
2. An address is compared in a plain spelling, within its village: letters and digits only, usual abbreviations written
   out, zeros before numbers dropped. One without any number names a hamlet and not a place to live: it has no mark.
3. The same person with the same service is a probable duplicate; the same family card or address may be one,
   or a family; the same person with other services is worth knowing. None of them forbids anything: a person decides.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum

from protocol.bundle import Manifest
from protocol.catalogue import FieldType, Service


class MarkKind(StrEnum):
    """What a mark stands for."""

    NIK = "nik"
    KK_NO = "kk_no"
    ADDRESS = "address"


class Likeness(StrEnum):
    """What another case has in common with this one, the weightiest first."""

    SAME_PERSON_AND_SERVICE = "same_person_and_service"
    SAME_FAMILY = "same_family"
    SAME_ADDRESS = "same_address"
    SAME_PERSON = "same_person"


_WORDS = {
    "jl": "jalan",
    "jln": "jalan",
    "gg": "gang",
    "dk": "dukuh",
    "dkh": "dukuh",
    "dsn": "dusun",
    "ds": "desa",
    "kp": "kampung",
    "kel": "kelurahan",
    "blk": "blok",
}
_DROPPED = frozenset({"no", "nomor", "nomer"})
_TOKEN = re.compile(r"[a-z]+|[0-9]+")


def marks_of(manifest: Manifest, service: Service) -> Iterator[tuple[MarkKind, str]]:
    """Yield the marks of an application: their kinds and the plain values (rule 1)."""
    if manifest.applicant.nik is not None:
        yield MarkKind.NIK, manifest.applicant.nik
    for field in service.fields:
        if field.type is FieldType.KK_NO and field.key in manifest.answers:
            yield MarkKind.KK_NO, str(manifest.answers[field.key])
            break
    address = plain_address(manifest.applicant.address)
    if address:
        yield MarkKind.ADDRESS, f"{manifest.village} {address}"


def plain_address(text: str) -> str:
    """Return the spelling in which addresses are compared; empty when it names no place to live (rule 2)."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    tokens = [_WORDS.get(token, token.lstrip("0") or "0") for token in _TOKEN.findall(plain)]
    kept = [token for token in tokens if token not in _DROPPED]
    return " ".join(kept) if any(token.isdigit() for token in kept) else ""


def likeness_of(kinds: frozenset[MarkKind], *, is_same_service: bool) -> Likeness:
    """Return what common marks mean (rule 3); there is at least one."""
    if MarkKind.NIK in kinds:
        return Likeness.SAME_PERSON_AND_SERVICE if is_same_service else Likeness.SAME_PERSON
    return Likeness.SAME_FAMILY if MarkKind.KK_NO in kinds else Likeness.SAME_ADDRESS
