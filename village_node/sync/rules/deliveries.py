"""What is still to be delivered, and what goes next.

Rules:
1. Lane 1: manifests that never went, oldest first; then those to be asked about again. Lane 2: chunks, of the item with
   least left first.
2. Chunks go only after the hub's receipt for the manifest, and never more than a budget before it is asked what it has.
3. What was on its way when the link broke has an unknown fate: the hub is asked, nothing is sent again on suspicion.
   What was never sent goes first, at once: a link of 20 s has no time for a question and its answer, and one question
   in the end is cheaper than one after each cut.
4. Nothing is ever given up: an item without an answer is asked about again, for ever, at growing distance; but after a
   few tries it holds no place that others could use.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol.chunks import Need
from protocol.limits import MAX_NEED_RANGES
from village_node.sync.rules.messages import ItemFacts
from village_node.sync.rules.pacing import NEVER, Limits, Rolls, back_off

Piece = tuple[int, int]
"""Attachment and chunk index."""


@dataclass(slots=True)
class Delivery:
    """One item on its way. ``ping_at``: when its manifest goes (again)."""

    facts: ItemFacts
    arrived: bool
    ping_at: int = 0
    attempts: int = 0
    """Tries since the hub's last answer about this item."""
    waits: int = 0
    """Times that the hub was asked whether the files are whole, since the last chunk went."""
    is_asked: bool = False
    """Sent in this session and not answered yet."""
    is_planned: bool = False
    """Whether ``pending`` is known; if not, the hub is asked first."""
    is_unsure: bool = False
    """Whether chunks have an unknown fate: ``pending`` is not all that is missing."""
    pending: deque[Piece] = field(default_factory=deque)
    in_flight: set[Piece] = field(default_factory=set)
    since_ping: set[Piece] = field(default_factory=set)
    """Published after the last manifest: a need message may not know of them."""
    budget: int = 0
    refusals: int = 0
    chunks_after: int = 0
    """Before this time no chunks: the hub said that it has too much in assembly."""

    @property
    def total(self) -> int:
        """Chunks of all attachments."""
        return sum(self.facts.chunks)

    def all_pieces(self) -> Iterable[Piece]:
        """Yield every chunk that goes unasked, in order."""
        counts = enumerate(self.facts.chunks)
        return ((file, index) for file, count in counts if file not in self.facts.held_back for index in range(count))

    def may_send(self, now: int) -> bool:
        """Tell whether a chunk of this item may go (rule 2)."""
        return self.arrived and self.is_planned and bool(self.pending) and self.budget > 0 and self.chunks_after <= now

    def delivered(self, attachment: int) -> int:
        """Return how many chunks of an attachment are believed to be at the hub."""
        open_pieces = [piece for piece in (*self.pending, *self.in_flight) if piece[0] == attachment]
        return self.facts.chunks[attachment] - len(open_pieces)


class Deliveries:
    """All items that the hub has not received whole."""

    def __init__(self, limits: Limits, rolls: Rolls) -> None:
        """Start empty."""
        self._limits = limits
        self._rolls = rolls
        self._open: dict[bytes, Delivery] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def find(self, bundle: bytes) -> Delivery | None:
        """Return an open delivery."""
        return self._open.get(bundle)

    def add(self, item: ItemFacts, now: int) -> None:
        """Begin to deliver an item; one that is open already stays as it is."""
        self._open.setdefault(item.bundle, Delivery(item, arrived=item.state == "arrived", ping_at=now))

    def remove(self, bundle: bytes) -> None:
        """Stop delivering an item: it is whole, rejected, or cannot be read."""
        self._open.pop(bundle, None)

    def arrived(self, bundle: bytes, now: int) -> None:
        """Take the receipt for a manifest; the chunks may go."""
        delivery = self._open.get(bundle)
        if delivery is None:
            return
        self._answered(delivery)
        if not delivery.arrived:
            delivery.arrived = True
            if not delivery.is_planned:
                delivery.pending = deque(delivery.all_pieces())
                delivery.is_planned = True
            delivery.budget = self._limits.budget
        self._go_on(delivery, now)

    def needs(self, need: Need, now: int) -> Delivery | None:
        """Take the hub's list of missing chunks; it is the truth, but for what is on its way since the question."""
        delivery = self._open.get(need.bundle)
        if delivery is None:
            return None
        counts = delivery.facts.chunks
        missing = [
            (each.attachment, index)
            for each in need.ranges
            if each.attachment < len(counts)
            for index in range(each.start, min(each.end, counts[each.attachment]))
        ]
        if len(need.ranges) >= MAX_NEED_RANGES and delivery.is_planned:
            last = missing[-1] if missing else (0, 0)
            missing += [piece for piece in delivery.pending if piece > last]
        delivery.pending = deque(
            piece for piece in missing if piece not in delivery.since_ping and piece not in delivery.in_flight
        )
        delivery.is_planned = True
        delivery.is_unsure = False
        delivery.budget = self._limits.budget
        self._answered(delivery)
        self._go_on(delivery, now)
        return delivery

    def refused(self, bundle: bytes, now: int, *, is_for_program: bool) -> None:
        """Take a refusal: pause the chunks of this item, longer each time; others go on."""
        delivery = self._open.get(bundle)
        if delivery is None:
            return
        delivery.refusals += 1
        wait = self._wait(delivery.refusals)
        delivery.chunks_after = now + wait
        if not is_for_program:
            delivery.attempts = max(delivery.attempts, self._limits.patient_tries + 1)
            delivery.ping_at = now + self._wait(delivery.refusals + self._limits.patient_tries)
        delivery.is_asked = False

    def link_lost(self) -> None:
        """Forget what was on its way; its fate is unknown (rule 3)."""
        for delivery in self._open.values():
            if delivery.in_flight or delivery.since_ping:
                delivery.is_unsure = True
            delivery.in_flight.clear()
            delivery.since_ping.clear()
            delivery.is_asked = False

    def link_found(self, now: int) -> None:
        """Ask at once about everything whose fate is unknown."""
        for delivery in self._open.values():
            if not delivery.is_planned or (delivery.is_unsure and not delivery.may_send(now)):
                delivery.ping_at = min(delivery.ping_at, now)
            delivery.attempts = delivery.waits = 0

    def ask_soon(self, now: int, bundles: Iterable[bytes] | None = None) -> None:
        """Ask again now about items that wait for an answer, all or these."""
        chosen = set(bundles) if bundles is not None else None
        for bundle, delivery in self._open.items():
            if (chosen is None or bundle in chosen) and not delivery.pending:
                delivery.ping_at = min(delivery.ping_at, now)

    def next_manifest(self, now: int, *, probing: bool) -> Delivery | None:
        """Return whose manifest goes next (rule 1, lane 1); ``probing``: only the oldest, the hub is silent."""
        if probing:
            oldest = min(self._open.values(), key=lambda each: each.facts.counter, default=None)
            return oldest if oldest is not None and oldest.ping_at <= now else None
        patient = self._limits.patient_tries
        asked = sum(1 for each in self._open.values() if each.is_asked and each.attempts <= patient)
        has_room = asked < self._limits.unanswered
        due = [
            each
            for each in self._open.values()
            if each.ping_at <= now and (has_room or each.is_asked or each.attempts > patient)
        ]
        return min(due, key=lambda each: (each.attempts, each.facts.counter), default=None)

    def manifest_sent(self, delivery: Delivery, now: int) -> None:
        """Note that a manifest goes now."""
        delivery.attempts += 1
        delivery.is_asked = True
        delivery.since_ping.clear()
        delivery.ping_at = now + self._wait(delivery.attempts)

    def has_chunk(self, now: int) -> bool:
        """Tell whether a chunk could go if there were room."""
        return any(each.may_send(now) for each in self._open.values())

    def next_chunk(self, now: int) -> tuple[Delivery, Piece] | None:
        """Take the chunk that goes next (rule 1, lane 2)."""
        ready = (each for each in self._open.values() if each.may_send(now))
        delivery = min(ready, key=lambda each: (len(each.pending), each.facts.counter), default=None)
        if delivery is None:
            return None
        piece = delivery.pending.popleft()
        delivery.in_flight.add(piece)
        delivery.since_ping.add(piece)
        delivery.budget -= 1
        delivery.waits = 0
        return delivery, piece

    def chunk_acknowledged(self, bundle: bytes, piece: Piece, now: int) -> Delivery | None:
        """Note that the broker has a chunk; after the last one, or the budget, the hub is asked what it has."""
        delivery = self._open.get(bundle)
        if delivery is None:
            return None
        delivery.in_flight.discard(piece)
        if not delivery.in_flight:
            if not delivery.pending and delivery.is_unsure:
                delivery.ping_at = min(delivery.ping_at, now)
            elif not delivery.pending:
                self._ask_later(delivery, now)
            elif delivery.budget <= 0:
                delivery.ping_at = min(delivery.ping_at, now)
        return delivery

    def next_time(self, now: int, *, probing: bool) -> int:
        """Return when something becomes due."""
        times = [NEVER]
        deliveries = self._open.values()
        if probing:
            oldest = min(deliveries, key=lambda each: each.facts.counter, default=None)
            times += [oldest.ping_at] if oldest is not None else []
        else:
            times += [each.ping_at for each in deliveries]
        times += [each.chunks_after for each in deliveries if each.pending and each.chunks_after > now]
        return min(times)

    def _answered(self, delivery: Delivery) -> None:
        delivery.attempts = 0
        delivery.is_asked = False

    def _go_on(self, delivery: Delivery, now: int) -> None:
        """Send chunks if there are any and the budget allows; else ask again later."""
        may_send = delivery.arrived and delivery.is_planned and delivery.pending and delivery.budget > 0
        if may_send or delivery.in_flight:  # the last acknowledgement leads to the next question
            delivery.ping_at = NEVER
        else:
            self._ask_later(delivery, now)

    def _ask_later(self, delivery: Delivery, now: int) -> None:
        delivery.waits += 1
        delivery.ping_at = now + self._wait(delivery.waits)

    def _wait(self, attempt: int) -> int:
        limits = self._limits
        return back_off(attempt, self._rolls(), first=limits.ping_first, longest=limits.ping_longest)
