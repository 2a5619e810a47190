"""The post to the villages: news of cases, corrections, decisions to one village; what all must know to every node.

Rules:
1. A village's post goes to each of its active nodes: a PC that was replaced misses what came before, its successor
   gets what comes later.
2. What is personal is sealed to each node once; the sealed bytes are the notice, so that it is the same bytes for ever.
3. What holds for all (``announce``) is written once per change, and to a node that is enrolled later as it then stands.
4. Who writes to many mailboxes takes the ledger's turn first: nobody waits for a mailbox while holding another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVarTuple

from sqlalchemy import Select, func, insert, literal, select
from sqlalchemy.orm import Session

from hub.catalogue.catalogue import Catalogue
from hub.dispatch.tables import NoticeRow, Offer, Standing
from hub.intake.tables import Bundle
from hub.ledger.service import take_turn
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node
from hub.storage.base import UtcDateTime, table_of
from protocol.catalogue import service_bytes
from protocol.documents import DocumentOffer
from protocol.ids import HubId, NodeId
from protocol.mailbox import NoticeKind
from protocol.notices import CaseNews, CorrectionAsked, Decision
from protocol.sealing import BodyContext, load_sealing_key, seal_body
from protocol.wire import to_bytes

Tidings: TypeAlias = CaseNews | CorrectionAsked | Decision
Notify: TypeAlias = Callable[[Session, datetime, Tidings], None]
Columns = TypeVarTuple("Columns")

AT_ENROLMENT = frozenset({str(NoticeKind.CATALOGUE)})
"""What the enrolment answer carries itself."""


@dataclass(frozen=True, slots=True)
class Standings:
    """What holds for all of one kind: bodies by name."""

    kind: NoticeKind
    bodies: Mapping[str, bytes]


def village_post(hub: HubId) -> Notify:
    """Return the function that tells a village something about a case."""

    def notify(session: Session, now: datetime, tidings: Tidings) -> None:
        nodes = _nodes_of(session, tidings.bundle)
        if isinstance(tidings, CaseNews):
            _write(session, now, dict.fromkeys(nodes, to_bytes(tidings)), NoticeKind.CASE)
            return
        kind = NoticeKind.DECISION if isinstance(tidings, Decision) else NoticeKind.CORRECTION
        plain = to_bytes(tidings)
        sealed = {
            node: seal_body(plain, load_sealing_key(key), BodyContext(hub=hub, node=NodeId(node), kind=str(kind)))
            for node, key in nodes.items()
        }
        _write(session, now, sealed, kind)
        if isinstance(tidings, Decision) and tidings.document is not None:
            offer = DocumentOffer(document=tidings.document.document, pieces=tidings.document.pieces)
            _offer(session, now, list(nodes), offer)

    return notify


def notify_all(session: Session, now: datetime, kind: NoticeKind, body: bytes) -> None:
    """Write the same notice to every active node, in one statement."""
    take_turn(session)  # rule 4
    mailbox = NoticeRow.__table__.alias("mailbox")
    newest = select(func.coalesce(func.max(mailbox.c.number), 0)).where(mailbox.c.node_id == Node.node_id)
    session.execute(_locked(select(Node.node_id).where(Node.status != str(NodeStatus.REVOKED))))
    fresh = select(
        Node.node_id,
        newest.scalar_subquery() + 1,
        literal(str(kind)),
        literal(body),
        literal(now, UtcDateTime),
    ).where(Node.status != str(NodeStatus.REVOKED))
    columns = ["node_id", "number", "kind", "body", "written_at"]
    session.execute(insert(table_of(NoticeRow)).from_select(columns, fresh.order_by(Node.node_id)))


def announce(session: Session, now: datetime, standings: Standings) -> int:
    """Tell every node what holds now and is new, and return how much that was. Saying it again writes nothing.

    The first catalogue of a hub is noted only: every node has it from its enrolment answer.
    """
    take_turn(session)  # two programs that start at once: the second finds what the first announced
    known = {row.name: row for row in session.scalars(select(Standing).where(Standing.kind == str(standings.kind)))}
    is_known = bool(known) or str(standings.kind) not in AT_ENROLMENT
    told = 0
    for name, body in standings.bodies.items():
        row = known.get(name)
        if row is not None and row.body == body:
            continue
        if row is None:
            session.add(Standing(kind=str(standings.kind), name=name, body=body, announced_at=now))
        else:
            row.body, row.announced_at = body, now
        if is_known:
            notify_all(session, now, standings.kind, body)
            told += 1
    session.flush()
    return told


def standing_services(catalogue: Catalogue) -> Standings:
    """Return the newest version of each service, closed ones too: a node stops taking applications for them."""
    services = catalogue.newest_services()
    return Standings(NoticeKind.CATALOGUE, {f"{each.code}/{each.version}": service_bytes(each) for each in services})


def welcome(session: Session, now: datetime, node_id: NodeId) -> None:
    """Write to a fresh node what holds for all and is not in its enrolment answer."""
    rows = session.scalars(
        select(Standing).where(Standing.kind.not_in(AT_ENROLMENT)).order_by(Standing.kind, Standing.name)
    )
    for row in rows.all():
        _write(session, now, {str(node_id): row.body}, NoticeKind(row.kind))


def may_fetch(session: Session, node_id: NodeId, documents: Sequence[bytes]) -> set[bytes]:
    """Return those of the documents that were offered to this node."""
    wanted = select(Offer.document).where(Offer.node_id == str(node_id), Offer.document.in_(documents))
    return set(session.scalars(wanted))


def offered_after(session: Session, node_id: NodeId, cursor: int) -> list[bytes]:
    """Return the documents that notices beyond a node's cursor offer, oldest first."""
    wanted = select(Offer.document).where(Offer.node_id == str(node_id), Offer.number > cursor)
    return list(session.scalars(wanted.order_by(Offer.number)))


def _nodes_of(session: Session, bundle: bytes) -> dict[str, bytes]:
    """Return the nodes of a bundle's village with their sealing keys, locked; a suspended one reads when it is back."""
    village = select(Bundle.village).where(Bundle.bundle_id == bundle).scalar_subquery()
    wanted = select(Node.node_id, Node.sealing_key).where(
        Node.village == village, Node.status != str(NodeStatus.REVOKED)
    )
    return dict(session.execute(_locked(wanted)).all())


def _locked(nodes: Select[*Columns]) -> Select[*Columns]:
    """Lock mailboxes in the order of their names; rows that only point at a node are not held up."""
    return nodes.order_by(Node.node_id).with_for_update(key_share=True)


def _write(session: Session, now: datetime, bodies: Mapping[str, bytes], kind: NoticeKind) -> dict[str, int]:
    """Append a notice to each of these mailboxes, which are locked, and return the numbers."""
    if not bodies:
        return {}
    wanted = (
        select(NoticeRow.node_id, func.max(NoticeRow.number))
        .where(NoticeRow.node_id.in_(list(bodies)))
        .group_by(NoticeRow.node_id)
    )
    newest = dict(session.execute(wanted).all())
    numbers = {node: newest.get(node, 0) + 1 for node in bodies}
    rows = [
        {"node_id": node, "number": numbers[node], "kind": str(kind), "body": body, "written_at": now}
        for node, body in bodies.items()
    ]
    session.execute(insert(table_of(NoticeRow)), rows)
    return numbers


def _offer(session: Session, now: datetime, nodes: Sequence[str], offer: DocumentOffer) -> None:
    numbers = _write(session, now, dict.fromkeys(nodes, to_bytes(offer)), NoticeKind.DOCUMENT)
    known = set(session.scalars(select(Offer.node_id).where(Offer.document == offer.document)))
    rows = [
        {"node_id": node, "document": offer.document, "number": number}
        for node, number in numbers.items()
        if node not in known
    ]
    if rows:
        session.execute(insert(table_of(Offer)), rows)
