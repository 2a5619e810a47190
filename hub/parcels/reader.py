"""The source of messages that intake works beside the broker: parcels of the spool, oldest first, a batch at a time.

Rules:
1. A batch of a parcel takes the very road of a batch of the broker, and has its verdicts in the database before the
   answers are on the disk, and both before the row says how far the parcel was read. A crash between them repeats the
   batch: the same messages get the same answers.
2. One batch per round: whoever came by the broker waits for one batch at most.
3. What is spoilt in a file (cut short, a frame that is none) ends its reading there; what came before counts.
4. A parcel that makes the reader itself fail is put aside as failed, with its file; it cannot stop the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice

import structlog
from sqlalchemy import update

from hub.dispatch.documents import DocumentPost
from hub.dispatch.service import render_notice, write_notice
from hub.intake.assembly import assemble
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.chunks import Ready
from hub.intake.context import IntakeContext
from hub.intake.receipts import issue_waiting
from hub.intake.runner import DiskFailedError
from hub.intake.service import Processed
from hub.ledger.errors import LedgerCorruptError
from hub.logs import trail_of
from hub.parcels.answers import closing_frames, count, frames_of, mails_in
from hub.parcels.service import DONE, FAILED, forget_old, next_queued
from hub.parcels.spool import Spool
from hub.parcels.tables import Parcel
from hub.storage.errors import StorageError
from protocol.errors import ParcelError, PutAsideError
from protocol.ids import NodeId
from protocol.mailbox import NoticeKind
from protocol.parcel import Direction, Frame, ParcelHeader, header_bytes, read_frames, read_header
from protocol.topics import Up, up

BATCH = 50
"""Messages of one batch: 2.4 MB of chunks."""

TAKEN = frozenset({str(Up.BUNDLE), str(Up.CHUNK), str(Up.MAIL)})
"""What a parcel may hold; a heartbeat of last week says nothing about today."""

Persist = Callable[[Sequence[Incoming]], Processed | None]
"""Gives a batch its durable verdicts; None: the program is to stop."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Batch:
    frames: list[Frame]
    position: int
    is_end: bool
    code: str


class ParcelReader:
    """Reads parcels on behalf of intake; called by its loop alone."""

    def __init__(self, context: IntakeContext, spool: Spool, documents: DocumentPost) -> None:
        """Take intake's context, the spool, and what reads documents."""
        self._context = context
        self._spool = spool
        self._documents = documents
        self._tidied_on: date | None = None

    def work(self, persist: Persist) -> bool:
        """Work one batch of one parcel; say whether there was one.

        Raises:
            DiskFailedError: the disk cannot be trusted.
            LedgerCorruptError: the ledger does not add up; nothing was signed.
        """
        self._tidy()
        with self._context.stores.database.reading() as session:
            row = next_queued(session)
            if row is None:
                return False
            session.expunge(row)
        try:
            self._work_on(row, persist)
        except (DiskFailedError, LedgerCorruptError):
            raise
        except StorageError as error:
            log.error("parcel.put_off", parcel=row.parcel_id, error=str(error))
        except Exception as error:  # noqa: BLE001  # rule 4
            log.error("parcel.failed", parcel=row.parcel_id, error=type(error).__name__, trail=trail_of(error))
            self._note(row, state=FAILED, code=PutAsideError.code, done_at=self._context.clock.now())
        return True

    def _tidy(self) -> None:
        """Remove answers that were ready a month ago, once a day."""
        now = self._context.clock.now()
        if self._tidied_on != now.date():
            forget_old(self._context.stores.database, self._spool, now)
            self._tidied_on = now.date()

    def _work_on(self, row: Parcel, persist: Persist) -> None:
        batch = self._read(row)
        node = NodeId(row.node_id)
        good = [Incoming(up(node, Up(frame.kind)), frame.payload) for frame in batch.frames if frame.kind in TAKEN]
        outgoing: list[Outgoing] = []
        if good:
            processed = persist(good)
            if processed is None:
                return
            outgoing = [*processed.outgoing, *self._join(processed.ready)]
        beginning = [self._header(row, node)] if row.answers == 0 else []
        answers = self._spool.add_answers(row.parcel_id, row.answers, [*beginning, *frames_of(outgoing, node)])
        messages = row.messages + len(batch.frames)
        if batch.is_end:
            self._close(row, node, answers, messages, batch.code)
        else:
            self._note(row, position=batch.position, answers=answers, messages=messages)

    def _join(self, ready: Sequence[Ready]) -> list[Outgoing]:
        """Join attachments, each on its own; one that cannot be joined now waits for intake's next sweep."""
        outgoing: list[Outgoing] = []
        for place in ready:
            try:
                outgoing += assemble(self._context, [place])
            except StorageError as error:
                log.error("joining.put_off", bundle=place.bundle_id.hex(), position=place.position, error=str(error))
        return outgoing

    def _read(self, row: Parcel) -> _Batch:
        try:
            file = self._spool.parcel(row.parcel_id).open("rb")
        except OSError as error:
            raise StorageError(f"parcel: {error.strerror}") from error
        frames: list[Frame] = []
        with file:
            try:
                if row.position:
                    file.seek(row.position)
                else:
                    read_header(file)
                for frame in islice(read_frames(file), BATCH):
                    frames.append(frame)  # noqa: PERF402  # what came before an error counts
            except ParcelError as error:
                return _Batch(frames, row.size, is_end=True, code=error.code)  # rule 3
            return _Batch(frames, file.tell(), is_end=len(frames) < BATCH, code="")

    def _header(self, row: Parcel, node: NodeId) -> bytes:
        made_at = max(0, int(row.brought_at.timestamp() * 1000))  # the same bytes when a crash repeats it
        header = ParcelHeader(hub=self._context.hub, node=node, direction=Direction.DOWN, made_at=made_at)
        return header_bytes(header)

    def _close(self, row: Parcel, node: NodeId, answers: int, messages: int, code: str) -> None:
        """Add the mailbox and the documents, count, and say that it is done."""
        self._sign_waiting()
        with self._spool.parcel(row.parcel_id).open("rb") as file:
            read_header(file)
            with self._context.stores.database.reading() as session:
                mails = mails_in(session, node, file)
                render = partial(render_notice, message_key=self._context.secrets.message)
                frames = closing_frames(session, node, mails, self._documents, render)
                answers = self._spool.add_answers(row.parcel_id, answers, frames)
        with self._spool.answers(row.parcel_id).open("rb") as file:
            read_header(file)
            tally = count(file)
        self._note(
            row,
            state=DONE,
            position=row.size,
            answers=answers,
            messages=messages,
            accepted=tally.accepted,
            rejected=tally.rejected,
            codes=tally.codes,
            code=code,
            done_at=self._context.clock.now(),
        )
        self._spool.drop_parcel(row.parcel_id)
        log.info("parcel.done", parcel=row.parcel_id, node=row.node_id, messages=messages, code=code)

    def _sign_waiting(self) -> None:
        """Do now what the worker does in a moment: the receipt for a hand-over on this stick goes back on it."""
        now = self._context.clock.now()
        with self._context.stores.database.session() as session:
            for receipt in issue_waiting(session, now, self._context.secrets.log):
                write_notice(session, now, receipt.node_id, NoticeKind.RECEIPT, receipt.raw)

    def _note(self, row: Parcel, **values: object) -> None:
        with self._context.stores.database.session() as session:
            session.execute(update(Parcel).where(Parcel.parcel_id == row.parcel_id).values(**values))
