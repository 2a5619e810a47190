"""Pure decisions about a file: what its first bytes say, what was found in it, what follows from that.

Rules (faults E10 to E19; OWASP ASVS 5.0, 5.2 and 5.3):
1. Three kinds are served: JPEG, PNG, PDF. The kind is what the first bytes say *and* what opens as such; the manifest
   and the name must agree. Nothing else is ever opened, so no archive is ever unpacked.
2. A file that breaks rule 1, that is malware, or that cannot be opened within the limits is put in quarantine: nobody
   downloads it, nobody sees a picture of it, and the case goes on.
3. A PDF that does something when it is opened (script, launch, link, embedded file, form of XFA) is flagged: people see
   the hub's picture of its pages.
4. A name is shown, never used: it may hold anything, so what would deceive the eye is made visible (fault E13).
"""

import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from protocol.catalogue import MediaType
from protocol.limits import MAX_FILE_NAME

MAX_PIXELS = 80_000_000
"""An A3 sheet at 600 dpi has 70 million; a phone's photo 12 to 50."""

MAX_PAGES = 400
MAX_DECODED_BYTES = 48_000_000
"""Of all streams of one PDF that are searched: more is not searched but refused."""


class Finding(StrEnum):
    """What a check found; the codes are stable."""

    TYPE_UNKNOWN = "type_unknown"  # none of the three kinds, or not from its first byte on
    TYPE_DIFFERS = "type_differs"  # one of the kinds, but not the one that the manifest says
    NAME_DIFFERS = "name_differs"  # the ending of the name says something else
    MALWARE = "malware"
    UNREADABLE = "unreadable"  # begins like one of the kinds, but does not open
    ENCRYPTED = "encrypted"
    TOO_LARGE = "too_large"  # pixels or pages
    TOO_COSTLY = "too_costly"  # needed more time or memory than a file may
    EMPTY = "empty"
    SCRIPT = "script"
    LAUNCH = "launch"
    LINK = "link"
    EMBEDDED = "embedded"
    XFA = "xfa"
    SECOND_FILE = "second_file"  # something else hides behind a picture


GRAVE = frozenset(
    {
        Finding.TYPE_UNKNOWN,
        Finding.TYPE_DIFFERS,
        Finding.NAME_DIFFERS,
        Finding.MALWARE,
        Finding.UNREADABLE,
        Finding.ENCRYPTED,
        Finding.TOO_LARGE,
        Finding.TOO_COSTLY,
    }
)
"""Nobody may open a file with one of these (rule 2)."""


class CheckState(StrEnum):
    """What follows from the findings."""

    CLEAN = "clean"
    FLAGGED = "flagged"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a check found out about one file."""

    kind: MediaType | None
    findings: tuple[Finding, ...] = ()
    pages: int = 0
    """Of a PDF; 0 for pictures."""
    width: int = 0
    height: int = 0

    @property
    def state(self) -> CheckState:
        """What follows (rules 2 and 3)."""
        if GRAVE.intersection(self.findings):
            return CheckState.QUARANTINED
        return CheckState.FLAGGED if self.findings else CheckState.CLEAN


MAGICS: Mapping[bytes, MediaType] = {
    b"\xff\xd8\xff": MediaType.JPEG,
    b"\x89PNG\r\n\x1a\n": MediaType.PNG,
    b"%PDF-": MediaType.PDF,
}

ENDINGS: Mapping[MediaType, frozenset[str]] = {
    MediaType.JPEG: frozenset({"jpg", "jpeg", "jpe", "jfif"}),
    MediaType.PNG: frozenset({"png"}),
    MediaType.PDF: frozenset({"pdf"}),
}

_SECOND_FILES = (b"PK\x03\x04", b"%PDF-", b"<script", b"<html", b"<svg", b"<?php")

EICAR = b"X5O!P%@AP[4" + b"\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file of anti-virus programs (eicar.org), in pieces: whole, it would have this file removed."""


def kind_by_magic(head: bytes) -> MediaType | None:
    """Return the kind that the first bytes say; None for everything that is none of the three (rule 1)."""
    return next((kind for magic, kind in MAGICS.items() if head.startswith(magic)), None)


def first_findings(content: bytes, declared: str, name: str) -> tuple[Finding, ...]:
    """Return what can be said without opening the file: cheap, and enough to leave the rest."""
    if not content:
        return (Finding.EMPTY,)
    found = [Finding.MALWARE] if holds_malware(content) else []
    kind = kind_by_magic(content[:16])
    if kind is None:
        found.append(Finding.TYPE_UNKNOWN)
    else:
        found += [Finding.TYPE_DIFFERS] if kind != declared else []
        found += [Finding.NAME_DIFFERS] if _ending(name) not in ENDINGS[kind] | {""} else []
    return tuple(found)


def holds_malware(content: bytes) -> bool:
    """Tell whether a known signature is in these bytes, plain or in base64 (fault E16)."""
    return any(signature in content for signature in _PLAIN) or any(
        signature in content.translate(None, b" \t\r\n") for signature in _ENCODED
    )


def hides_second_file(kind: MediaType, content: bytes) -> bool:
    """Tell whether another file follows the end of a picture (phones append harmless trailers of their own)."""
    end = content.rfind(b"IEND") if kind is MediaType.PNG else content.rfind(b"\xff\xd9")
    lowered = content[max(end, 0) :].lower()
    return end >= 0 and any(magic.lower() in lowered for magic in _SECOND_FILES)


def shown_name(name: str) -> str:
    """Return a file's name as it may be shown: what is invisible, or turns the reading direction, becomes visible."""
    return "".join("�" if unicodedata.category(letter) in _INVISIBLE else letter for letter in name[:MAX_FILE_NAME])


def words_of(findings: Iterable[Finding]) -> str:
    """Return findings as they are stored: codes separated by blanks."""
    return " ".join(findings)


def read_words(text: str) -> tuple[Finding, ...]:
    """Return stored findings; a code that this version does not know is left out."""
    known = {str(finding): finding for finding in Finding}
    return tuple(known[word] for word in text.split() if word in known)


_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def _ending(name: str) -> str:
    head, dot, tail = name.strip().lower().rpartition(".")
    return tail if dot and head else ""


def _in_base64(plain: bytes) -> Iterable[bytes]:
    """Yield what of a text is the same in base64 whatever stands before and after it: one for each of three phases."""
    for shift in range(3):
        code = b64encode(b"\x00" * shift + plain)
        first = -(-shift * 8 // 6)
        whole = (shift + len(plain)) * 8 // 6
        yield code[first:whole]


_PLAIN = (EICAR,)
_ENCODED = tuple(code for signature in _PLAIN for code in _in_base64(signature))
