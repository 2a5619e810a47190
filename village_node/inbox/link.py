"""The record of the road to the hub: connected or not, since when, why not, when an answer came last."""

from datetime import datetime

from sqlalchemy.orm import Session

from village_node.inbox.tables import LinkRecord


def set_link(session: Session, now: datetime, *, connected: bool, reason: str) -> None:
    """Note a change of the link; ``reason`` is a stable code, empty when all is well."""
    link = _record(session)
    if link.connected != connected or link.since is None:
        link.since = now
    link.connected, link.reason = connected, reason[:40]


def note_answer(session: Session, now: datetime) -> None:
    """Note that something signed by the hub for this node came."""
    _record(session).last_answer_at = now


def note_beacon(session: Session, now: datetime) -> None:
    """Note that the hub's beacon was heard."""
    _record(session).last_beacon_at = now


def last_session(session: Session) -> int:
    """Return the number of the last session that began."""
    return _record(session).session


def keep_session(session: Session, number: int) -> None:
    """Keep the number of the session that began."""
    link = _record(session)
    link.session = max(link.session, number)


def _record(session: Session) -> LinkRecord:
    link = session.get(LinkRecord, 1)
    if link is None:
        link = LinkRecord(id=1, session=0, connected=False, reason="")
        session.add(link)
        session.flush()
    return link
