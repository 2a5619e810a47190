"""This PC as a witness of the ledger: which checkpoints are linked to what it saw before.

Rules:
1. The newest linked checkpoint only ever moves forward, and only along a proof.
2. Two signed roots for one size are a split view, at once. So is a signed answer whose proof does not hold.
3. A checkpoint without a link is a candidate: the hub is asked for the proof, until it comes.
4. A beacon that shows fewer entries than were linked before is asked about, known or not: either somebody replays an
   old beacon, and the hub proves that it belongs to the history, or the ledger shrank, and the hub cannot.
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum

from protocol import merkle
from protocol.checkpoint import Checkpoint, CheckpointRef
from protocol.errors import ProofError
from protocol.mailbox import Control, ProofRequest

MOST_LINKED, MOST_CANDIDATES = 512, 64


class Finding(StrEnum):
    """What came out about a checkpoint."""

    LINKED = "linked"
    ADVANCED = "advanced"  # linked, and the newest now
    OPEN = "open"  # to be asked
    SPLIT = "split"  # the ledger shows different faces


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finding and the checkpoint that it is about."""

    finding: Finding
    checkpoint: Checkpoint


class Witness:
    """The memory of one ledger."""

    def __init__(self, newest: CheckpointRef | None) -> None:
        """Take the newest linked checkpoint of the store; None before the first."""
        self._newest = newest
        self._linked: OrderedDict[int, bytes] = OrderedDict()
        self._candidates: OrderedDict[int, Checkpoint] = OrderedDict()
        if newest is not None:
            self._linked[newest.size] = newest.root

    @property
    def newest(self) -> CheckpointRef | None:
        """The newest linked checkpoint."""
        return self._newest

    def is_linked(self, checkpoint: Checkpoint) -> bool:
        """Tell whether this very checkpoint is known to belong to the same history."""
        return self._linked.get(checkpoint.size) == checkpoint.root

    def offer(self, checkpoint: Checkpoint, proven: CheckpointRef | None = None) -> Outcome:
        """Take a verified checkpoint; ``proven`` is a smaller one that a checked proof shows to be its prefix."""
        known = self._linked.get(checkpoint.size)
        if known is not None:
            finding = Finding.LINKED if known == checkpoint.root else Finding.SPLIT  # rule 2
            return Outcome(finding, checkpoint)
        other = self._candidates.get(checkpoint.size)
        if other is not None and other.root != checkpoint.root:
            return Outcome(Finding.SPLIT, checkpoint)
        newest = self._newest
        if newest is None or newest.size == 0 or (proven == newest and checkpoint.size > newest.size):
            return self._link(checkpoint)
        self._candidates[checkpoint.size] = checkpoint  # rule 3
        while len(self._candidates) > MOST_CANDIDATES:
            self._candidates.popitem(last=False)
        return Outcome(Finding.OPEN, checkpoint)

    def hear(self, checkpoint: Checkpoint) -> Outcome:
        """Take the checkpoint of a beacon (rule 4)."""
        outcome = self.offer(checkpoint)
        newest = self._newest
        if outcome.finding is Finding.LINKED and newest is not None and checkpoint.size < newest.size:
            self._candidates[checkpoint.size] = checkpoint
            return Outcome(Finding.OPEN, checkpoint)
        return outcome

    def question(self) -> ProofRequest | None:
        """Return what to ask the hub: the largest candidate first, since it moves the memory forward."""
        if not self._candidates or self._newest is None:
            return None
        size = max(self._candidates)
        sizes = sorted((size, self._newest.size))
        return ProofRequest(old_size=sizes[0], new_size=sizes[1])

    def answer(self, control: Control) -> Outcome | None:
        """Take the hub's answer; None when it answers nothing that is open."""
        newest = self._newest
        if newest is None:
            return None
        other = control.old_size if control.new_size == newest.size else control.new_size
        candidate = self._candidates.get(other)
        if candidate is None or {control.old_size, control.new_size} != {newest.size, candidate.size}:
            return None
        pair = sorted([(newest.size, newest.root), (candidate.size, candidate.root)])
        del self._candidates[candidate.size]
        try:
            merkle.check_consistency(pair[0], pair[1], control.path)
        except ProofError:
            return Outcome(Finding.SPLIT, candidate)  # rule 2
        return self._link(candidate)

    def _link(self, checkpoint: Checkpoint) -> Outcome:
        self._linked[checkpoint.size] = checkpoint.root
        self._candidates.pop(checkpoint.size, None)
        while len(self._linked) > MOST_LINKED:
            self._linked.popitem(last=False)
        if self._newest is not None and checkpoint.size <= self._newest.size:
            return Outcome(Finding.LINKED, checkpoint)
        self._newest = CheckpointRef(size=checkpoint.size, root=checkpoint.root)  # rule 1
        return Outcome(Finding.ADVANCED, checkpoint)
