"""The loop of the intake process: receive, process, acknowledge, publish, assemble.

1. Acknowledge and publish only after the transaction committed.
2. A full disk or an unreachable database pauses the intake: nothing is acknowledged, the same batch is tried again.
3. A disk that reports an I/O error, or a ledger that does not add up, ends the process: a restart verifies first.
4. A message that makes the code itself fail, or needs a row that is damaged, is put aside whole, and its node is told
   so (``put_aside``): it cannot stop the rest, and nobody waits for a verdict in silence.
5. An attachment that cannot be joined now (full disk, damaged row) waits for the next sweep; the loop goes on.
6. Villages take turns, forms go before chunks, and who is over the quota is refused unread (``fairness``).
7. Heartbeats wait for each other some seconds (``beats``).
8. A batch is handed to the checker, and its turn comes after the batch before it was committed (``checker``): the two
   go on at once. Nothing of it is acknowledged before; with no other batch its turn comes at once.
9. The log gets the type and the place of an unforeseen error, never its text: drivers put values into it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog
from sqlalchemy.exc import IntegrityError

from hub.intake import tally
from hub.intake.assembly import assemble, find_ready
from hub.intake.beats import Beats
from hub.intake.carrier import Carrier, Incoming
from hub.intake.checker import NO_CHECKER, Checker
from hub.intake.chunks import Ready
from hub.intake.context import IntakeContext
from hub.intake.fairness import USUAL, Lines, Quota
from hub.intake.opening import NOTHING_PROVEN, Proven
from hub.intake.overload import refuse_over_quota
from hub.intake.refusals import RefusalStage, keep_evidence
from hub.intake.rules import Outcome
from hub.intake.service import Processed, process, questions
from hub.intake.verify import Refused, address_of, digest_of
from hub.ledger.errors import LedgerCorruptError
from hub.logs import trail_of
from hub.storage import crash
from hub.storage.errors import KeyringError, StorageError
from protocol.errors import PutAsideError
from protocol.mailbox import Mail
from protocol.topics import Up

IDLE_S = 0.5
MOST_WAITING = 1_000
"""Messages that stand in line here: as many as the broker hands out without an acknowledgement."""

SWEEP_EVERY = 20
"""Idle rounds between two looks for attachments that a crash left unjoined."""

ASIDE_EVERY_S = 0.5
"""Between two looks at the other source while it has nothing; a look costs 1 ms, heartbeats come 30 times a second."""

PAUSE_S = (0.2, 1.0, 5.0)
COLLISIONS = 4
"""Times that a batch is tried when other transactions commit the same rows."""

T = TypeVar("T")

log = structlog.get_logger()


class DiskFailedError(Exception):
    """The disk reported an I/O error; what it holds must be verified before going on."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a batch is collected."""

    most: int
    linger_s: float
    quota: Quota = USUAL


Persist = Callable[[Sequence[Incoming]], Processed | None]
"""Gives a batch its durable verdicts; None: stopped meanwhile."""

Aside = Callable[[Persist], bool]
"""Works one batch from another source than the carrier; says whether there was one."""


def nothing_aside(_: Persist) -> bool:
    """Know no other source."""
    return False


class IntakeRunner:
    """Runs until ``is_stopped`` says so."""

    def __init__(
        self,
        context: IntakeContext,
        carrier: Carrier,
        pace: Pace,
        wait: Callable[[float], object],
        aside: Aside = nothing_aside,
        checker: Checker = NO_CHECKER,
    ) -> None:
        """Take the context, the carrier, what waits some seconds or until stopped, another source, and the checker."""
        self._context = context
        self._carrier = carrier
        self._pace = pace
        self._wait = wait
        self._aside = aside
        self._aside_at = 0.0
        self._is_aside_busy = False
        self._lines = Lines(pace.quota)
        self._beats = Beats()
        self._checker = checker
        self._ahead: Sequence[Incoming] = ()
        """The batch whose turn comes next (rule 8)."""

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Work until stopped.

        Raises:
            DiskFailedError: the disk cannot be trusted.
            LedgerCorruptError: the ledger does not add up; nothing was signed.
        """
        self.sweep()
        idle = 0
        while not is_stopped():
            self._collect(is_stopped)
            batch = self._beats.sift(self._lines.take(self._pace.most, self._now_s()), self._now_s())
            if batch or self._ahead:
                self._advance(batch, is_stopped)
            else:
                idle += 1
                if idle % SWEEP_EVERY == 0:
                    self.sweep()
            self._work_aside(is_stopped)

    def _advance(self, batch: Sequence[Incoming], is_stopped: Callable[[], bool]) -> None:
        """Begin with this batch, and end the one before (rule 8)."""
        before, self._ahead = self._ahead, batch
        proven = self._checker.fetch()
        if batch:
            self._ask(batch)
        if before:
            self.step(before, is_stopped, proven)

    def _ask(self, batch: Sequence[Incoming]) -> None:
        try:
            self._checker.ask(questions(self._context, batch))
        except StorageError as error:
            log.error("checker.not_asked", error=str(error))

    def _work_aside(self, is_stopped: Callable[[], bool]) -> None:
        """Take one batch of the other source between two of the carrier's; where none was, look again later."""
        now = self._now_s()
        if not self._is_aside_busy and 0 <= now - self._aside_at < ASIDE_EVERY_S:
            return
        self._aside_at, self._is_aside_busy = now, False
        try:
            self._is_aside_busy = self._aside(lambda batch: self._persist(batch, is_stopped))
        except StorageError as error:
            _check_disk(error)
            log.error("aside.put_off", error=str(error))

    def _collect(self, is_stopped: Callable[[], bool]) -> None:
        """Let what has come stand in line; wait for more only when nobody stands there (rule 6)."""
        wait_s = 0.0 if self._ahead else self._lines.wait_s(self._now_s())
        idle_s = IDLE_S if wait_s is None else min(wait_s, IDLE_S)
        came = self._carrier.receive(MOST_WAITING, self._pace.linger_s if wait_s is None else 0.0, idle_s)
        over = self._lines.add(came, self._now_s())
        if over:
            self._refuse(over, is_stopped)

    def _now_s(self) -> float:
        return self._context.clock.now_ms() / 1000

    def _refuse(self, over: Sequence[Incoming], is_stopped: Callable[[], bool]) -> None:
        now = self._now_s()
        told = [message for message in over if self._lines.is_told(message, now)]
        if told:  # a flood must not fill the log either
            log.warning("intake.over_quota", messages=len(over), told=len(told))
        messages = self._patiently(lambda: refuse_over_quota(self._context, told), len(over), is_stopped)
        if messages is not None:
            self._carrier.acknowledge(over)
            self._carrier.publish(messages)

    def sweep(self) -> None:
        """Join the attachments that a crash or a failed attempt left unjoined."""
        try:
            with self._context.stores.database.reading() as session:
                ready = find_ready(session)
        except StorageError as error:
            log.error("sweep.put_off", error=str(error))
            return
        self._join(ready)

    def step(
        self,
        batch: Sequence[Incoming],
        is_stopped: Callable[[], bool] = lambda: False,
        proven: Mapping[bytes, Proven] = NOTHING_PROVEN,
    ) -> None:
        """Process one batch to its end; without a durable verdict it is not acknowledged."""
        processed = self._persist(batch, is_stopped, proven)
        if processed is None:
            return
        self._carrier.acknowledge(batch)
        crash.point("intake.acknowledged")
        self._carrier.publish(processed.outgoing)
        crash.point("intake.published")
        self._join(processed.ready)
        self._send_pieces(processed.asking)

    def _send_pieces(self, mails: Sequence[Mail]) -> None:
        """Send pieces of documents, behind everything small; what cannot be read now is asked for again."""
        for mail in mails:
            try:
                with self._context.stores.database.reading() as session:
                    pieces = self._context.fetch_pieces(session, self._context.clock.now(), mail)
            except StorageError as error:
                _check_disk(error)
                log.error("pieces.put_off", node=str(mail.node), error=str(error))
            except Exception as error:  # noqa: BLE001  # rule 4
                log.error("pieces.failed", node=str(mail.node), **_about(error))
            else:
                self._carrier.publish(pieces)

    def _join(self, ready: Sequence[Ready]) -> None:
        """Join attachments, each on its own (rule 5)."""
        for place in ready:
            try:
                self._carrier.publish(assemble(self._context, [place]))
            except StorageError as error:
                _check_disk(error)
                log.error("joining.put_off", error=str(error), bundle=place.bundle_id.hex(), position=place.position)
            except LedgerCorruptError:
                raise
            except Exception as error:  # noqa: BLE001  # rule 4
                log.error("joining.failed", bundle=place.bundle_id.hex(), position=place.position, **_about(error))

    def _persist(
        self,
        batch: Sequence[Incoming],
        is_stopped: Callable[[], bool],
        proven: Mapping[bytes, Proven] = NOTHING_PROVEN,
    ) -> Processed | None:
        for _ in range(COLLISIONS):
            try:
                return self._patiently(lambda: process(self._context, batch, proven), len(batch), is_stopped)
            except IntegrityError:
                # Another transaction committed the same bundle or number meanwhile: read the facts again.
                log.info("intake.collided", messages=len(batch))
                self._wait(PAUSE_S[0])
            except (DiskFailedError, LedgerCorruptError):
                raise
            except Exception as error:  # noqa: BLE001  # rule 4
                log.error("intake.failed", messages=len(batch), **_about(error))
                break
        return self._isolate(batch, is_stopped)

    def _patiently(self, work: Callable[[], T], messages: int, is_stopped: Callable[[], bool]) -> T | None:
        """Do it, again and again while the storage does not take it (rule 2); None when stopped meanwhile."""
        attempt = 0
        while not is_stopped():
            try:
                return work()
            except KeyringError:
                raise  # a damaged row gets no better by waiting
            except StorageError as error:
                _check_disk(error)
                log.error("intake.paused", error=str(error), messages=messages)
                self._wait(PAUSE_S[min(attempt, len(PAUSE_S) - 1)])
                attempt += 1
        return None

    def _isolate(self, batch: Sequence[Incoming], is_stopped: Callable[[], bool]) -> Processed | None:
        """Process one by one; put aside the one message that fails alone."""
        if len(batch) == 1:
            return self._patiently(lambda: self._put_aside(batch[0]), 1, is_stopped)
        parts = [self._persist([incoming], is_stopped) for incoming in batch]
        done = [part for part in parts if part is not None]
        if len(done) < len(batch):
            return None
        return Processed(
            outgoing=[message for part in done for message in part.outgoing],
            ready=[place for part in done for place in part.ready],
            asking=[mail for part in done for mail in part.asking],
        )

    def _put_aside(self, incoming: Incoming) -> Processed:
        topic, now = address_of(incoming), self._context.clock.now()
        if topic is None:
            log.error("intake.unreadable_topic")
            return Processed(outgoing=(), ready=())
        with self._context.stores.database.session() as session:
            keep_evidence(session, now, incoming, topic.node, (digest_of(incoming), PutAsideError.code))
            if topic.kind is Up.BUNDLE:
                tally.add(session, [(topic.node, Outcome.QUARANTINED)])
            refused = Refused(incoming=incoming, node=topic.node, kind=topic.kind, error=PutAsideError())
            return Processed(outgoing=RefusalStage(session, self._context, now).run([refused]), ready=())


def _check_disk(error: StorageError) -> None:
    """End the process when the disk itself failed (rule 3)."""
    if "disk I/O error" in str(error.__cause__):
        raise DiskFailedError from error


def _about(error: Exception) -> dict[str, object]:
    """Return what the log may tell about an unforeseen error (rule 9)."""
    return {"error": type(error).__name__, "trail": trail_of(error)}
