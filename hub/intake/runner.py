"""The loop of the intake process: receive, process, acknowledge, publish, assemble.

1. Acknowledge and publish only after the transaction committed.
2. A full disk or an unreachable database pauses the intake: nothing is acknowledged, the same batch is tried again.
3. A disk that reports an I/O error, or a ledger that does not add up, ends the process: a restart verifies first.
4. A message that makes the code itself fail is put aside with the code ``internal``, so that it cannot stop the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import IntegrityError

from hub.intake.assembly import assemble, find_ready
from hub.intake.carrier import Carrier, Incoming
from hub.intake.context import IntakeContext
from hub.intake.refusals import keep_evidence
from hub.intake.service import Processed, process
from hub.intake.verify import digest_of
from hub.ledger.errors import LedgerCorruptError
from hub.storage.errors import StorageError
from protocol.errors import TopicError
from protocol.ids import NodeId
from protocol.topics import parse_up

IDLE_S = 0.5
SWEEP_EVERY = 20
"""Idle rounds between two looks for attachments that a crash left unjoined."""

PAUSE_S = (0.2, 1.0, 5.0)
INTERNAL = "internal"

log = structlog.get_logger()


class DiskFailedError(Exception):
    """The disk reported an I/O error; what it holds must be verified before going on."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a batch is collected."""

    most: int
    linger_s: float


class IntakeRunner:
    """Runs until ``is_stopped`` says so."""

    def __init__(self, context: IntakeContext, carrier: Carrier, pace: Pace, wait: Callable[[float], object]) -> None:
        """Take the context, the carrier and a function that waits some seconds (or until stopped)."""
        self._context = context
        self._carrier = carrier
        self._pace = pace
        self._wait = wait

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Work until stopped.

        Raises:
            DiskFailedError: the disk cannot be trusted.
            LedgerCorruptError: the ledger does not add up; nothing was signed.
        """
        self.sweep()
        idle = 0
        while not is_stopped():
            batch = self._carrier.receive(self._pace.most, self._pace.linger_s, IDLE_S)
            if batch:
                self.step(batch, is_stopped)
            else:
                idle += 1
                if idle % SWEEP_EVERY == 0:
                    self.sweep()

    def sweep(self) -> None:
        """Join the attachments that a crash or a failed attempt left unjoined."""
        with self._context.stores.database.reading() as session:
            ready = find_ready(session)
        self._carrier.publish(assemble(self._context, ready))

    def step(self, batch: Sequence[Incoming], is_stopped: Callable[[], bool] = lambda: False) -> None:
        """Process one batch to its end; without a durable verdict it is not acknowledged."""
        processed = self._persist(batch, is_stopped)
        if processed is None:
            return
        self._carrier.acknowledge(batch)
        self._carrier.publish(processed.outgoing)
        if processed.ready:
            self._carrier.publish(assemble(self._context, processed.ready))

    def _persist(self, batch: Sequence[Incoming], is_stopped: Callable[[], bool]) -> Processed | None:
        attempt = 0
        while not is_stopped():
            try:
                return process(self._context, batch)
            except StorageError as error:
                if "disk I/O error" in str(error.__cause__):
                    raise DiskFailedError from error
                log.error("intake.paused", error=str(error), messages=len(batch))
                self._wait(PAUSE_S[min(attempt, len(PAUSE_S) - 1)])
                attempt += 1
            except LedgerCorruptError:
                raise
            except IntegrityError:
                # Another transaction committed the same bundle or number meanwhile: read the facts again.
                log.info("intake.collided", messages=len(batch))
                if attempt >= len(PAUSE_S):
                    return self._isolate(batch, is_stopped)
                self._wait(PAUSE_S[0])
                attempt += 1
            except Exception:
                log.exception("intake.failed", messages=len(batch))
                return self._isolate(batch, is_stopped)
        return None

    def _isolate(self, batch: Sequence[Incoming], is_stopped: Callable[[], bool]) -> Processed | None:
        """Process one by one; put aside the one message that fails alone."""
        if len(batch) == 1:
            self._put_aside(batch[0])
            return Processed(outgoing=(), ready=(), accepted=0)
        parts = [self._persist([incoming], is_stopped) for incoming in batch]
        done = [part for part in parts if part is not None]
        if len(done) < len(batch):
            return None
        return Processed(
            outgoing=[message for part in done for message in part.outgoing],
            ready=[place for part in done for place in part.ready],
            accepted=sum(part.accepted for part in done),
        )

    def _put_aside(self, incoming: Incoming) -> None:
        now = self._context.clock.now()
        try:
            node = parse_up(incoming.topic).node
        except TopicError:
            log.error("intake.unreadable_topic")
            return
        with self._context.stores.database.session() as session:
            keep_evidence(session, now, incoming, NodeId(node), (digest_of(incoming), INTERNAL))
