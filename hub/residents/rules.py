"""Pure: what a resident may type, and what of a case's history is theirs to see."""

import re

from hub.casework.rules import LOOKS, EventKind
from protocol.errors import SchemaError
from protocol.ids import RegistrationNo, normalise_code

MAX_TYPED = 60
"""Longer than a number or a code with every separator that people put in."""

SLIP, MAX_SLIP, _SLIP_PARTS = "SIMPUL-TT1", 200, 3
"""What the QR code on a slip begins with, and its longest text: mark, number, code, digest."""

_DIGITS = 15
_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{16,40}")
"""Crockford's letters; 16 of them carry 80 bits (fault F14)."""

INTERNAL = frozenset(
    {EventKind.ESCALATED, EventKind.DEEMED_AHEAD, EventKind.QUARANTINED, EventKind.DISAGREED, EventKind.PROPOSED}
)
"""Between officials: whom a delay was reported to, what one of them proposed and another one did not want."""

TOLD = frozenset(map(str, frozenset(EventKind) - LOOKS - INTERNAL)) | {"revoked"}
"""Events that a resident sees as steps of their case; looks have a list of their own. The last is the letters' word."""


def tidy_number(typed: str) -> RegistrationNo | None:
    """Return the registration number that was typed, however it was separated; None when its digits cannot be right."""
    digits = "".join(letter for letter in typed[: MAX_TYPED + 1] if letter in "0123456789")
    if len(typed) > MAX_TYPED or len(digits) != _DIGITS:
        return None
    try:
        return RegistrationNo(f"{digits[:4]}-{digits[4:6]}-{digits[6:13]}-{digits[13:]}")
    except SchemaError:
        return None


def tidy_code(typed: str) -> str:
    """Return a tracking code in its one form, or an empty text when it cannot be one."""
    code = normalise_code(typed) if len(typed) <= MAX_TYPED else ""
    return code if _CODE.fullmatch(code) else ""


def split_slip(typed: str) -> tuple[str, str] | None:
    """Return number and code of a slip's QR code that was pasted; None when the text is none."""
    parts = typed.strip().split(":")
    return (parts[1], parts[2]) if len(typed) <= MAX_SLIP and len(parts) >= _SLIP_PARTS and parts[0] == SLIP else None
