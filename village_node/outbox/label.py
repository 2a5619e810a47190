"""What only the officer's PIN opens of a sealed item: whom it is for, the tracking code, what the slip says."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from protocol import codec, wire
from protocol.errors import ProtocolError
from protocol.ids import FieldKey
from village_node.identity.errors import VaultError
from village_node.identity.sessions import Unlocked

MAX_LABEL_BYTES = 60_000


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """Personal data of a sealed item that this PC keeps. Never logged, never in a URL."""

    applicant: str
    phone: str
    tracking_code: str
    """16 letters, without separators."""
    fee_kind: str
    fee_rp: int | None
    handed_in: list[FieldKey]
    file_names: list[str]
    """Names as shown, by attachment position."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedLabel:
    """The label as the table has it, with the row that it belongs to."""

    bundle: bytes
    officer: str
    sealed: bytes


def seal_label(unlocked: Unlocked, bundle: bytes, label: Label) -> bytes:
    """Return the label under the officer's vault key."""
    return unlocked.vault.seal(wire.to_bytes(label), _place(bundle))


def open_label(unlocked: Unlocked, label: SealedLabel) -> Label | None:
    """Return the label, or None when it is another officer's."""
    if label.officer != unlocked.officer:
        return None
    try:
        plain = unlocked.vault.open(label.sealed, _place(label.bundle))
        return wire.from_value(codec.decode_map(plain, max_bytes=MAX_LABEL_BYTES), Label)
    except ProtocolError:
        raise VaultError("label form") from None


def file_names(names: Sequence[str]) -> list[str]:
    """Return names of files as they are shown: no control characters, no path, bounded."""
    return [_shown_name(name) for name in names]


def _shown_name(name: str) -> str:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip() or "berkas"


def _place(bundle: bytes) -> str:
    return f"outbox_item.label:{bundle.hex()}"
