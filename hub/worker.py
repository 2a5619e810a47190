"""The worker: does what needs the hub's keys, publishes mailbox notices, sends the beacon.

One process per hub. Everything that it does is decided by rows: it may be killed at any moment and goes on from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from hub.dispatch.service import newest_notice_id, notices_since, pending_notices, render_notice, write_notice
from hub.intake.carrier import Carrier, Outgoing
from hub.intake.context import HubSecrets, Stores
from hub.intake.receipts import issue_waiting
from hub.intake.tables import BundleReceipt
from hub.ledger.service import sign_head
from hub.network.certification import Issuer, issue_approved
from hub.network.pki_files import PkiFiles
from hub.network.revocation import renew_revocation_list
from hub.registry.queries import all_nodes
from hub.storage.errors import StorageError
from hub.storage.ports import Clock
from protocol.envelope import Purpose, sign
from protocol.health import Beacon
from protocol.ids import HubId
from protocol.mailbox import NoticeKind
from protocol.topics import beacon as beacon_topic
from protocol.wire import to_bytes

TICK_S = 0.25
REMIND_S = 60
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


class Worker:
    """Runs until ``is_stopped`` says so."""

    def __init__(self, context: WorkerContext, carrier: Carrier, wait: Callable[[float], object]) -> None:
        """Take the context, the carrier and a function that waits some seconds (or until stopped)."""
        self._context = context
        self._carrier = carrier
        self._wait = wait
        self._last_notice: int | None = None
        self._next_beacon_ms = 0
        self._next_reminder_ms = 0

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Work until stopped; an unreachable database makes it wait.

        Raises:
            LedgerCorruptError: the ledger does not add up; nothing was signed.
        """
        while not is_stopped():
            try:
                self.tick()
                self._wait(TICK_S)
            except StorageError as error:
                log.error("worker.paused", error=str(error))
                self._wait(PAUSE_S)

    def tick(self) -> None:
        """Do what is due now."""
        now = self._context.clock.now()
        issue_approved(self._context.stores.database, now, self._context.issuer)
        renew_revocation_list(self._context.stores.database, self._context.pki, now)
        self._sign_receipts(now)
        self._publish_new_notices()
        now_ms = self._context.clock.now_ms()
        if now_ms >= self._next_reminder_ms:
            self._next_reminder_ms = now_ms + REMIND_S * 1000
            self._remind()
        if now_ms >= self._next_beacon_ms:
            self._next_beacon_ms = now_ms + self._context.beacon_s * 1000
            self._send_beacon(now)

    def _sign_receipts(self, now: datetime) -> None:
        database = self._context.stores.database
        with database.reading() as session:
            if not session.scalar(select(exists().where(BundleReceipt.raw.is_(None)))):
                return
        with database.session() as session:
            for receipt in issue_waiting(session, now, self._context.secrets.log):
                write_notice(session, now, receipt.node_id, NoticeKind.RECEIPT, receipt.raw)

    def _publish_new_notices(self) -> None:
        with self._context.stores.database.reading() as session:
            if self._last_notice is None:
                self._last_notice = newest_notice_id(session)
            rows = notices_since(session, self._last_notice)
            messages = [render_notice(row, self._context.secrets.message) for row in rows]
            newest = rows[-1].id if rows else self._last_notice
        self._carrier.publish(messages)
        self._last_notice = newest

    def _remind(self) -> None:
        """Send again what nodes have not acknowledged: the broker may have lost it."""
        with self._context.stores.database.reading() as session:
            messages = self._unacknowledged(session)
        self._carrier.publish(messages)

    def _unacknowledged(self, session: Session) -> Sequence[Outgoing]:
        return [
            render_notice(row, self._context.secrets.message)
            for node in all_nodes(session)
            if node.is_active
            for row in pending_notices(session, node.node_id, node.mail_cursor, limit=20)
        ]

    def _send_beacon(self, now: datetime) -> None:
        signer = self._context.secrets.log
        with self._context.stores.database.session() as session:
            root = sign_head(session, now, signer.key, signer.origin)
        now_ms = int(now.timestamp() * 1000)
        beacon = Beacon(
            hub=self._context.hub,
            number=now_ms // (self._context.beacon_s * 1000),
            time=now_ms,
            checkpoint=root.checkpoint.text,
        )
        envelope = sign(to_bytes(beacon), key=self._context.secrets.message, purpose=Purpose.BEACON)
        self._carrier.publish([Outgoing(beacon_topic(self._context.hub), envelope)])
