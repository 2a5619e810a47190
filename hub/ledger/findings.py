"""What an audit can find, and the report of one."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can contradict what. The index of a finding is a leaf's; for head and checkpoints it is a tree size."""

    ENTRY_MISSING = "entry_missing"  # no row for this index
    ENTRY_EXTRA = "entry_extra"  # a row outside of what the head states
    ENTRY_HASH = "entry_hash"  # the bytes do not hash to the row's leaf hash
    ENTRY_FORM = "entry_form"  # the bytes are no entry, or the row's kind or time are not those of the bytes
    TIME_BACK = "time_back"  # earlier than the entry before
    TILE = "tile"  # the lowest tile has another hash than the entry
    TILE_ABOVE = "tile_above"  # a higher tile does not follow from the entries; the index is the first leaf below it
    HEAD = "head"  # size, frontier or time of the head are not those of the entries
    CHECKPOINT_FORM = "checkpoint_form"  # not signed by this log, or text and row differ
    CHECKPOINT_ROOT = "checkpoint_root"  # the entries have another root than was signed
    HISTORY_REWRITTEN = "history_rewritten"  # not consistent with a remembered checkpoint
    OPENING = "opening"  # salt and subject do not open the entry's commitment, or another entry was kept
    OPENING_MISSING = "opening_missing"  # no room holds the opening of this entry
    RECEIPT = "receipt"  # a stored receipt does not verify, or is about another entry or tree


@dataclass(frozen=True, slots=True)
class Finding:
    """The first contradiction of one kind, and how many there are."""

    kind: Kind
    index: int
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """What the auditor derived, and every kind of contradiction that it met, the earliest first."""

    size: int
    root: bytes
    checkpoints: int
    openings: int
    receipts: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Say whether everything fits."""
        return not self.findings


class Findings:
    """Collects contradictions; keeps the first index of each kind."""

    def __init__(self) -> None:
        """Start with none."""
        self._first: dict[Kind, Finding] = {}

    def add(self, kind: Kind, index: int) -> None:
        """Note one."""
        known = self._first.get(kind)
        if known is None:
            self._first[kind] = Finding(kind, index, 1)
        else:
            self._first[kind] = Finding(kind, min(index, known.index), known.count + 1)

    def sorted(self) -> tuple[Finding, ...]:
        """Return one finding per kind, the earliest first; higher tiles last, their leaf is only near the cause."""
        return tuple(sorted(self._first.values(), key=lambda found: (found.kind is Kind.TILE_ABOVE, found.index)))
