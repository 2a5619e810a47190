"""What the node says without being asked: mail, heartbeats, questions about proofs; and how often.

Rules:
1. Mail goes when a session begins, after notices came, when somebody wants it, and at least once per ``mail_every``.
2. A proof is asked for again, at growing distance, until it comes; mail carries the question. A hub that answers
   everything else and passes this question over again and again withholds the proof.
3. The same flag, and the progress of the same file, are told once per pause.
"""

from collections.abc import Hashable

from protocol.mailbox import ProofRequest
from village_node.sync.rules.pacing import NEVER, Limits, Rolls, back_off


class Errands:
    """The times of everything that is due without an event."""

    def __init__(self, limits: Limits, rolls: Rolls) -> None:
        """Start with everything due."""
        self._limits, self._rolls = limits, rolls
        self._mail_at = self._heartbeat_at = self._proof_at = self._beacon_proof_at = 0
        self._proof_tries = self._passed_over = 0
        self._is_asked = False

    def begin(self, now: int) -> None:
        """A session begins: mail at once; the birth stands for the first heartbeat."""
        self._mail_at = now
        self._heartbeat_at = now + self._limits.heartbeat
        self.ask_proof_now(now)

    def mail_within(self, now: int, wait: int) -> None:
        """Let mail go after this wait at the latest."""
        self._mail_at = min(self._mail_at, now + wait)

    def ask_proof_now(self, now: int) -> None:
        """Let the next question about a proof go at once."""
        self._proof_at, self._proof_tries = now, 0

    def proof_came(self, now: int) -> None:
        """Take the answer to a question; the next one may go at once."""
        self._passed_over, self._is_asked = 0, False
        self.ask_proof_now(now)

    def passes_over(self) -> bool:
        """Take any other answer of the hub; say whether it withholds a proof by now (rule 2)."""
        self._passed_over += self._is_asked
        self._is_asked = False
        return self._passed_over >= self._limits.proof_patience

    def hasten_proof(self, now: int) -> None:
        """Let it go now, without forgetting how often it went already."""
        self._proof_at = min(self._proof_at, now)

    def takes_beacon(self, now: int, *, is_news: bool) -> bool:
        """Say whether a beacon's checkpoint is to be linked now; new ones only every six hours."""
        if not is_news:
            return True
        if now < self._beacon_proof_at:
            return False
        self._beacon_proof_at = now + self._limits.beacon_proof
        return True

    def heartbeat_due(self, now: int) -> bool:
        """Say once per period that a heartbeat is due."""
        if now < self._heartbeat_at:
            return False
        self._heartbeat_at = now + self._limits.heartbeat
        return True

    def mail_due(self, now: int, question: ProofRequest | None, *, has_gap: bool) -> tuple[bool, ProofRequest | None]:
        """Return whether mail goes now, and the question that it carries (rules 1 and 2)."""
        limits = self._limits
        is_asking = question is not None and now >= self._proof_at
        if now < self._mail_at and not is_asking:
            return False, None
        if is_asking:
            self._proof_tries += 1
            self._is_asked = True
            wait = back_off(self._proof_tries, self._rolls(), first=limits.proof_first, longest=limits.proof_longest)
            self._proof_at = now + wait
        self._mail_at = now + (limits.mail_gap if has_gap else limits.mail_every)
        return True, question if is_asking else None

    def next_time(self, question: ProofRequest | None) -> int:
        """Return when something becomes due."""
        return min(self._mail_at, self._heartbeat_at, self._proof_at if question is not None else NEVER)


class Throttle:
    """Lets the same thing through once per pause (rule 3)."""

    def __init__(self, pause: int) -> None:
        """Take the pause in milliseconds."""
        self._pause = pause
        self._next: dict[Hashable, int] = {}

    def lets(self, key: Hashable, now: int, *, at_once: bool = False) -> bool:
        """Say whether it may be told now; ``at_once`` does not wait."""
        if not at_once and now < self._next.get(key, 0):
            return False
        self._next[key] = now + self._pause
        return True
