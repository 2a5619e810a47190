"""Documents coming down: which pieces are asked for, how many at a time, and when they are asked for again.

Rules:
1. The hub remembers nothing: what is lacking is asked for until it is here, over any number of sessions.
2. Few pieces at a time, so that a receipt waits behind a few seconds of document at most: the time that the last pieces
   took says how many the next question asks for.
3. What does not come is asked for again, at growing distance, with fewer pieces; another document gets its turn.
4. A piece that nobody asked for in this session changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol.documents import PieceRange
from protocol.mailbox import DocumentRequest
from village_node.sync.rules.pacing import NEVER, Limits, Rolls, back_off

Place = tuple[bytes, int]
"""Document and index of the piece."""


@dataclass(slots=True)
class _Download:
    document: bytes
    missing: set[int] = field(default_factory=set)
    tries: int = 0
    """Questions since a piece came."""
    not_before: int = 0


class Downloads:
    """All documents of which pieces are lacking."""

    def __init__(self, limits: Limits, rolls: Rolls) -> None:
        """Start with none."""
        self._limits, self._rolls = limits, rolls
        self._open: dict[bytes, _Download] = {}
        self._asked: dict[Place, int] = {}
        self._question_at = 0
        self._last_came_at = 0
        self._window = limits.pieces_first

    def __len__(self) -> int:
        """Return how many documents are open."""
        return len(self._open)

    def want(self, document: bytes, missing: Iterable[int]) -> None:
        """Take what is lacking of a document, as the store says; nothing lacking closes it."""
        lacking = set(missing)
        if not lacking:
            self._open.pop(document, None)
            return
        download = self._open.setdefault(document, _Download(document))
        if lacking - download.missing:
            download.tries, download.not_before = 0, 0
        download.missing = lacking

    def begin(self) -> None:
        """A session begins: what was asked in another will not come any more."""
        self._asked.clear()
        for each in self._open.values():
            each.tries, each.not_before = 0, 0

    def take(self, document: bytes, index: int, now: int, *, is_carried: bool = False) -> bool:
        """Take a piece; return whether it was lacking and asked for (rule 4), or came in a parcel."""
        download, is_asked = self._open.get(document), (document, index) in self._asked
        if download is None or index not in download.missing or not (is_asked or is_carried):
            return False
        if is_asked:
            self._learn(now)
            del self._asked[document, index]
        download.missing.discard(index)
        download.tries, download.not_before = 0, 0
        if not download.missing:
            del self._open[document]
        return True

    def question(self, now: int) -> list[DocumentRequest]:
        """Return what the next mail asks for; nothing while pieces are on their way or nothing is due."""
        self._give_up(now)
        if self._asked:
            return []
        due = [each for each in self._open.values() if each.not_before <= now]
        download = min(due, key=lambda each: (each.tries, len(each.missing)), default=None)
        if download is None:
            return []
        chosen = sorted(download.missing)[: self._window]
        self._asked = {(download.document, index): now for index in chosen}
        self._question_at = self._last_came_at = now
        download.tries += 1
        return [DocumentRequest(document=download.document, ranges=list(_ranges(chosen)))]

    def next_time(self) -> int:
        """Return when something becomes due."""
        if self._asked:
            return max(self._question_at, self._last_came_at) + self._limits.piece_patience
        return min((each.not_before for each in self._open.values()), default=NEVER)

    def _learn(self, now: int) -> None:
        """Fit the next question to the time that this piece took (rule 2)."""
        took = max(1, now - self._last_came_at)
        self._last_came_at = now
        fitting = self._limits.pieces_for // took
        self._window = max(1, min(self._limits.pieces_most, self._window + 1, fitting))

    def _give_up(self, now: int) -> None:
        if not self._asked or now < self.next_time():
            return
        for document in {document for document, _ in self._asked}:
            download = self._open.get(document)
            if download is not None:
                limits = self._limits
                wait = back_off(download.tries, self._rolls(), first=limits.piece_again, longest=limits.ping_longest)
                download.not_before = now + wait
        self._asked.clear()
        self._window = max(1, self._window // 2)


def _ranges(indexes: list[int]) -> Iterable[PieceRange]:
    start = end = indexes[0]
    for index in indexes:
        if index > end:
            yield PieceRange(start=start, end=end)
            start = index
        end = index + 1
    yield PieceRange(start=start, end=end)
