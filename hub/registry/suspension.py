"""Use cases of suspension: a node is put aside by a rule or a person at once, and let in again by two persons.

1. What a suspended node sends is quarantined and told; it sends again, so that nothing is lost when it comes back.
2. One person may suspend, since waiting for a second one costs what suspension is for; a rule may, too.
3. One person asks to resume, another one resumes. A revocation ends both.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from hub.ledger.service import take_turn
from hub.registry import tables
from hub.registry.errors import RegistryError, RegistryRule
from hub.registry.recording import Decision, lock_node, record
from hub.registry.rules import EventKind, NodeStatus
from protocol.ids import NodeId


def suspend_node(session: Session, node_id: NodeId, decision: Decision) -> bool:
    """Put a node aside until two persons let it in again; say whether it was in service before.

    Raises:
        RegistryError: there is no such node, or it was revoked.
    """
    take_turn(session)
    row = lock_node(session, node_id)
    _refuse_revoked(row)
    if row.status == NodeStatus.SUSPENDED.value:
        return False
    row.status = NodeStatus.SUSPENDED.value
    row.suspended_at = decision.now
    _forget_wish(row)
    record(session, EventKind.NODE_SUSPENDED, row, decision)
    return True


def ask_to_resume(session: Session, now: datetime, node_id: NodeId, by: str) -> None:
    """Note that a person wants a suspended node back; the newest wish counts.

    Raises:
        RegistryError: there is no such node, or it is not suspended.
    """
    row = lock_node(session, node_id)
    _refuse_other_than_suspended(row)
    row.resume_asked_by, row.resume_asked_at = by, now
    session.flush()


def resume_node(session: Session, node_id: NodeId, decision: Decision) -> None:
    """Let a suspended node in again, as the second person.

    Raises:
        RegistryError: there is no such node, it is not suspended, nobody asked, or the same person asked.
    """
    take_turn(session)
    row = lock_node(session, node_id)
    _refuse_other_than_suspended(row)
    if row.resume_asked_by is None:
        raise RegistryError(RegistryRule.RESUME_NOT_ASKED)
    if row.resume_asked_by == decision.by or not decision.by:
        raise RegistryError(RegistryRule.SAME_PERSON)
    agreed = replace(decision, asked_by=row.resume_asked_by)
    row.status = NodeStatus.ACTIVE.value
    row.suspended_at = None
    _forget_wish(row)
    record(session, EventKind.NODE_RESUMED, row, agreed)


def _forget_wish(row: tables.Node) -> None:
    row.resume_asked_by = row.resume_asked_at = None


def _refuse_revoked(row: tables.Node) -> None:
    if row.status == NodeStatus.REVOKED.value:
        raise RegistryError(RegistryRule.NODE_REVOKED)


def _refuse_other_than_suspended(row: tables.Node) -> None:
    _refuse_revoked(row)
    if row.status != NodeStatus.SUSPENDED.value:
        raise RegistryError(RegistryRule.NODE_NOT_SUSPENDED)
