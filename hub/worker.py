"""The worker: does what needs the hub's keys, publishes mailbox notices, sends the beacon.

One process per hub. Everything that it does is decided by rows: it may be killed at any moment and goes on from there.

Rules:
1. Each step stands alone: what cannot be done now (a file that cannot be written, a row that is damaged) holds up no
   other step, and is tried again. Only a ledger that does not add up ends the process.
2. A node that is away is not reminded: the broker would keep every reminder, and a village would come back to hours of
   copies on its thin line. It writes its cursor when it is back, and is answered.
3. A clock that is set back delays nothing: what is due is due again after one period at most.
4. What is late climbs by itself, and a calendar that changed is told to every node: looked at twice a minute.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from hub.authority.certification import Issuer, issue_approved
from hub.authority.pki_files import PkiFiles
from hub.authority.renewal import issue_renewals
from hub.authority.revocation import renew_revocation_list
from hub.calendar.news import calendar_data
from hub.calendar.service import current_calendar, current_version
from hub.casework.events import CaseTools
from hub.clocks.recompute import recompute_stale
from hub.dispatch.post import Standings, announce, standing_services
from hub.dispatch.service import (
    newest_notice_id,
    nodes_behind,
    notices_since,
    pending_notices,
    render_notice,
    write_notice,
)
from hub.health.presence import reachable_nodes
from hub.intake.carrier import Carrier, Outgoing
from hub.intake.context import HubSecrets, Stores
from hub.intake.receipts import issue_waiting
from hub.intake.tables import BundleReceipt
from hub.ledger.errors import LedgerCorruptError
from hub.ledger.service import sign_head
from hub.ledger.witnesses import Witnesses
from hub.logs import trail_of
from hub.oversight.escalation import escalate
from hub.storage.errors import StorageError
from hub.storage.ports import Clock, to_ms
from protocol.envelope import Purpose, sign
from protocol.health import Beacon
from protocol.ids import HubId
from protocol.mailbox import NoticeKind
from protocol.topics import beacon as beacon_topic
from protocol.wire import to_bytes

TICK_S = 0.5
"""A round costs 6 ms; at 0.25 s an idle worker took 3 % of a core."""

REMIND_S = 60
CLOCKS_S = 30
WITNESSES_S = 10
PAUSE_S = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class WorkerContext:
    """Everything that the worker needs; made once at start-up."""

    hub: HubId
    stores: Stores
    secrets: HubSecrets
    issuer: Issuer
    pki: PkiFiles
    clock: Clock
    beacon_s: int
    tools: CaseTools
    witnesses: Witnesses
    urgent: tuple[Callable[[datetime], object], ...] = ()
    """What must be looked at in each round, such as a stolen PC whose session is still open."""
    errands: tuple[Callable[[datetime], object], ...] = ()
    """What rooms want done now and then; each stands alone, as rule 1 says."""


class Worker:
    """Runs until ``is_stopped`` says so."""

    def __init__(self, context: WorkerContext, carrier: Carrier, wait: Callable[[float], object]) -> None:
        """Take the context, the carrier and a function that waits some seconds (or until stopped)."""
        self._context = context
        self._carrier = carrier
        self._wait = wait
        self._last_notice: int | None = None
        self._is_catalogue_told = False
        self._told_calendar: int | None = None
        self._clocks_every = _Every(CLOCKS_S * 1000)
        self._remind_every = _Every(REMIND_S * 1000)
        self._beacon_every = _Every(context.beacon_s * 1000)
        self._witnesses_every = _Every(WITNESSES_S * 1000)

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Work until stopped; when something could not be done the next try waits a little.

        Raises:
            LedgerCorruptError: the ledger does not add up; nothing was signed.
        """
        while not is_stopped():
            self._wait(TICK_S if self.tick() else PAUSE_S)

    def tick(self) -> bool:
        """Do what is due now; say whether all of it could be done.

        Raises:
            LedgerCorruptError: the ledger does not add up; nothing was signed.
        """
        context, now = self._context, self._context.clock.now()
        now_ms = context.clock.now_ms()
        steps: list[Callable[[], object]] = [
            lambda: issue_approved(context.stores.database, now, context.issuer),
            lambda: issue_renewals(context.stores.database, now, context.issuer),
            lambda: renew_revocation_list(context.stores.database, context.pki, now),
            *(partial(each, now) for each in context.urgent),
            lambda: self._sign_receipts(now),
            self._publish_new_notices,
        ]
        if not self._is_catalogue_told:
            steps.insert(0, lambda: self._tell_catalogue(now))
        if self._clocks_every.is_due(now_ms):
            steps += [lambda: self._tell_calendar(now), lambda: self._watch_clocks(now)]
            steps += [partial(errand, now) for errand in context.errands]
        if self._remind_every.is_due(now_ms):
            steps.append(lambda: self._remind(now))
        if self._beacon_every.is_due(now_ms):
            steps.append(lambda: self._send_beacon(now))
        if self._witnesses_every.is_due(now_ms):
            steps.append(lambda: context.witnesses.ask_all(now))
        done = [_attempt(step) for step in steps]
        return all(done)

    def _sign_receipts(self, now: datetime) -> None:
        database = self._context.stores.database
        with database.reading() as session:
            if not session.scalar(select(exists().where(BundleReceipt.raw.is_(None)))):
                return
        with database.session() as session:
            for receipt in issue_waiting(session, now, self._context.secrets.log):
                write_notice(session, now, receipt.node_id, NoticeKind.RECEIPT, receipt.raw)

    def _tell_catalogue(self, now: datetime) -> None:
        """Tell every node what is new in the catalogue of this program, once after the start."""
        with self._context.stores.database.session() as session:
            told = announce(session, now, standing_services(self._context.issuer.catalogue))
        self._is_catalogue_told = True
        log.info("catalogue.told", services=told)

    def _tell_calendar(self, now: datetime) -> None:
        """Tell every node the calendar when it is another one than was told last."""
        with self._context.stores.database.reading() as session:
            version = current_version(session)
        if version == self._told_calendar:
            return
        with self._context.stores.database.session() as session:
            body = to_bytes(calendar_data(current_calendar(session)))
            announce(session, now, Standings(NoticeKind.CALENDAR, {"calendar": body}))
        self._told_calendar = version

    def _watch_clocks(self, now: datetime) -> None:
        """Work out clocks that an older calendar is left in, then let what is late climb (rule 4)."""
        database = self._context.stores.database
        with database.session() as session:
            recompute_stale(session, now)
        escalate(database, now, self._context.tools)

    def _publish_new_notices(self) -> None:
        with self._context.stores.database.reading() as session:
            if self._last_notice is None:
                self._last_notice = newest_notice_id(session)
            rows = notices_since(session, self._last_notice)
            messages = [render_notice(row, self._context.secrets.message) for row in rows]
            newest = rows[-1].id if rows else self._last_notice
        self._carrier.publish(messages)
        self._last_notice = newest

    def _remind(self, now: datetime) -> None:
        """Send again what nodes have not acknowledged: the broker may have lost it (rule 2)."""
        with self._context.stores.database.reading() as session:
            messages = self._unacknowledged(session, now)
        self._carrier.publish(messages)

    def _unacknowledged(self, session: Session, now: datetime) -> Sequence[Outgoing]:
        behind = nodes_behind(session)
        return [
            render_notice(row, self._context.secrets.message)
            for node in reachable_nodes(session, now)
            if node.node_id in behind
            for row in pending_notices(session, node.node_id, node.mail_cursor, limit=20)
        ]

    def _send_beacon(self, now: datetime) -> None:
        signer = self._context.secrets.log
        with self._context.stores.database.session() as session:
            root = sign_head(session, now, signer.key, signer.origin)
        now_ms = to_ms(now)
        beacon = Beacon(
            hub=self._context.hub,
            number=now_ms // (self._context.beacon_s * 1000),
            time=now_ms,
            checkpoint=root.checkpoint.text,
        )
        envelope = sign(to_bytes(beacon), key=self._context.secrets.message, purpose=Purpose.BEACON)
        self._carrier.publish([Outgoing(beacon_topic(self._context.hub), envelope)])


class _Every:
    """Says once per period that something is due (rule 3)."""

    def __init__(self, period_ms: int) -> None:
        self._period_ms = period_ms
        self._last_ms: int | None = None

    def is_due(self, now_ms: int) -> bool:
        if self._last_ms is not None and 0 <= now_ms - self._last_ms < self._period_ms:
            return False
        self._last_ms = now_ms
        return True


def _attempt(step: Callable[[], object]) -> bool:
    """Do one step; say whether it could be done (rule 1)."""
    try:
        step()
    except LedgerCorruptError:
        raise
    except StorageError as error:
        log.error("worker.paused", error=str(error))
        return False
    except Exception as error:  # noqa: BLE001  # rule 1; the text may hold values, so the log gets type and place
        log.error("worker.failed", error=type(error).__name__, trail=trail_of(error))
        return False
    return True
