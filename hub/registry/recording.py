"""What every change of the registry does: lock the node's row, append the ledger entry, keep its opening."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.ledger.service import EntryDraft, append
from hub.registry import tables
from hub.registry.errors import RegistryError, RegistryRule
from hub.registry.rules import EventKind, RegistrySubject, subject_bytes
from hub.storage.ports import Randomness, to_ms
from protocol.ids import NodeId, OfficerId, VillageCode

SALT_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Who decided when, and the randomness for the salt of the ledger entry."""

    now: datetime
    by: str
    """Id of the person; empty where a rule decided."""
    randomness: Randomness
    reason: str = ""
    """A reason code, never free text."""
    asked_by: str = ""
    """Id of the first of two persons, where two had to agree."""


def lock_node(session: Session, node_id: NodeId) -> tables.Node:
    """Return a node's row, locked.

    Rows that name the node may be written meanwhile, hence NO KEY UPDATE; its name never changes.

    Raises:
        RegistryError: there is no such node.
    """
    row = session.get(tables.Node, str(node_id), with_for_update={"key_share": True}, populate_existing=True)
    if row is None:
        raise RegistryError(RegistryRule.NODE_UNKNOWN)
    return row


def record(
    session: Session, kind: EventKind, node: tables.Node, decision: Decision, officer: tables.Officer | None = None
) -> None:
    """Append the ledger entry of a change and keep its opening, in the same transaction."""
    salt = decision.randomness.token(SALT_BYTES)
    subject = subject_bytes(
        RegistrySubject(
            kind=kind,
            node=NodeId(node.node_id),
            officer=None if officer is None else OfficerId(officer.officer_id),
            public_key=node.signing_key if officer is None else officer.public_key,
            by=decision.by,
            reason=decision.reason,
            asked_by=decision.asked_by,
        )
    )
    draft = EntryDraft(kind=kind.value, salt=salt, subject=subject, village=VillageCode(node.village))
    (sequenced,) = append(session, to_ms(decision.now), [draft])
    session.add(
        tables.RegistryEvent(
            ledger_index=sequenced.index,
            kind=kind.value,
            node_id=node.node_id,
            officer_id=None if officer is None else officer.officer_id,
            at=decision.now,
            decided_by=decision.by,
            salt=salt,
            subject=subject,
        )
    )
    session.flush()
