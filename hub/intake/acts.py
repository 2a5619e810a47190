"""Acts: what officers state about a case after its bundle was sealed. Opened and verified like a bundle, done once.

Order: the box opens with a key of this hub (bound to the node); an officer's key signed it; it is of this node and of
the officer whose key it is; the node and the officer are active; the village has the case; casework takes it. Whatever
does not hold is refused with a signed refusal and a row. The same act again, whatever it is sealed into, gets the same
answer and has no effect. An act of a suspended node is refused without a row: the node is let in again perhaps.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.intake.bundles import outgoing_receipt
from hub.intake.carrier import Outgoing
from hub.intake.context import IntakeContext
from hub.intake.receipts import stored_receipts
from hub.intake.tables import Bundle, OfficerAct
from hub.intake.verify import CheckedAct, CheckedMail, Refused
from hub.registry.queries import load_nodes, officer_states
from hub.registry.rules import NodeStatus, OfficerStatus
from protocol.errors import (
    BY_CODE,
    ActUnknownError,
    NodeRevokedError,
    OfficerRevokedError,
    OfficerUnknownError,
    ProtocolError,
)
from protocol.notices import Act
from protocol.receipt import ReceiptKind
from protocol.topics import Up


class ActStage:
    """Runs once per batch, inside its transaction."""

    def __init__(self, session: Session, context: IntakeContext, now: datetime) -> None:
        """Take the open transaction and its time."""
        self._session = session
        self._context = context
        self._now = now
        self.refused: list[Refused] = []

    def run(self, mails: Sequence[CheckedMail]) -> list[Outgoing]:
        """Take the acts of these mails and return what is to be said at once."""
        sent = [(mail, act) for mail in mails for act in mail.acts]
        if not sent:
            return []
        known = self._known([act for _, act in sent])
        outgoing: list[Outgoing] = []
        for mail, checked in sent:
            if checked.act is None:
                self._refuse(mail, checked, checked.error)
                continue
            key = (str(mail.mail.node), checked.act.act)
            if key not in known and self._is_suspended(checked.act):
                self._refuse(mail, checked, NodeRevokedError())  # for now: no row, so that it may take effect later
                continue
            if key not in known:
                known[key] = self._decide(checked, checked.act)
            if known[key]:
                self._refuse(mail, checked, BY_CODE[known[key]]())
            else:
                outgoing += self._receipt(checked.act)
        return outgoing

    def _known(self, acts: Sequence[CheckedAct]) -> dict[tuple[str, bytes], str]:
        """Return the codes of acts that were decided before; empty for those that took effect."""
        keys = sorted({(str(each.act.node), each.act.act) for each in acts if each.act is not None})
        wanted = select(OfficerAct.node_id, OfficerAct.act, OfficerAct.code).where(
            tuple_(OfficerAct.node_id, OfficerAct.act).in_(keys)
        )
        return {(node, act): code for node, act, code in self._session.execute(wanted)} if keys else {}

    def _decide(self, checked: CheckedAct, act: Act) -> str:
        code = ""
        try:
            self._check(checked, act)
            with self._session.begin_nested():  # what casework began before it refused is undone
                self._context.on_act(self._session, self._now, act)
        except ProtocolError as error:
            code = error.code
        self._session.add(
            OfficerAct(
                node_id=str(act.node),
                act=act.act,
                bundle_id=act.bundle,
                officer_id=str(act.officer),
                kind=act.kind,
                claimed_ms=act.claimed_at,
                received_at=self._now,
                sealed=checked.raw,
                code=code,
            )
        )
        self._session.flush()
        return code

    def _is_suspended(self, act: Act) -> bool:
        node = load_nodes(self._session, [act.node]).get(act.node)
        return node is not None and node.status is NodeStatus.SUSPENDED

    def _check(self, checked: CheckedAct, act: Act) -> None:
        node = load_nodes(self._session, [act.node]).get(act.node)
        if node is None or not node.is_active:
            raise NodeRevokedError
        status = officer_states(self._session, [checked.kid]).get(checked.kid)
        if status is not OfficerStatus.ACTIVE:
            raise OfficerRevokedError if status is OfficerStatus.REVOKED else OfficerUnknownError
        village = select(Bundle.village).where(Bundle.bundle_id == act.bundle, Bundle.corrects.is_(None))
        if self._session.scalar(village) != str(act.node.village):
            raise ActUnknownError

    def _refuse(self, mail: CheckedMail, checked: CheckedAct, error: ProtocolError | None) -> None:
        self.refused.append(
            Refused(
                incoming=mail.incoming,
                node=mail.mail.node,
                kind=Up.MAIL,
                error=error or ActUnknownError(),
                claimed_bundle=None if checked.act is None else checked.act.bundle,
                message=hashlib.sha256(checked.raw).digest(),
            )
        )

    def _receipt(self, act: Act) -> list[Outgoing]:
        """Return the receipt that answers a hand-over, if the worker has signed it already."""
        found = stored_receipts(self._session, [act.bundle])
        return [outgoing_receipt(each) for each in found if each.kind is ReceiptKind.HANDED_OVER]
