"""Keep outages, announcements and requests; decide, work off and answer. Storing twice changes nothing.

Rules:
1. A request that came is answered once: done, refused or failed. The answer goes in every mail until the hub says that
   it has it; then its body is forgotten here.
2. The office sees every request before and after, whatever the setting; what was brought is sealed to the hub.
3. A request that is being done when the power fails is done again: each of them may be repeated.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.limits import MAX_ANSWER_BYTES, MAX_ANSWERS_IN_MAIL
from protocol.requests import (
    ANSWER_KIND,
    RequestAction,
    RequestAnswer,
    RequestOutcome,
    read_broadcast,
    read_maintenance,
    read_request,
)
from protocol.sealing import BodyContext, load_sealing_key, seal_body
from village_node.identity.hub import Enrolled
from village_node.notices.rules import Policy, Step, next_step
from village_node.notices.tables import Announcement, HubRequest, Outage
from village_node.store.engine import Database
from village_node.store.errors import DomainError
from village_node.store.schema import bounded_ms

BY_OFFICER, BY_SETTING = "by_officer", "by_setting"
SOON = timedelta(days=1)
"""Outages that begin within this time are told on every page."""

log = structlog.get_logger()

Doers = Mapping[RequestAction, Callable[[], bytes]]
"""What each action runs; the bytes go to the hub, sealed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutageRow:
    """An outage as pages show it."""

    starts_at: datetime
    ends_at: datetime
    text: str
    is_off: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnouncementRow:
    """An announcement as pages show it."""

    text: str
    until: datetime
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRow:
    """A request as pages show it."""

    request: str
    action: str
    asked_at: datetime
    expires_at: datetime
    state: str
    outcome: str
    code: str
    ended_at: datetime | None

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for a person."""
        return self.state == "waiting"


def store_outage(session: Session, now: datetime, body: bytes) -> None:
    """Keep what a ``maintenance`` notice says; the newest word about a window counts.

    Raises:
        ProtocolError: the body cannot be read.
    """
    told = read_maintenance(body)
    session.merge(
        Outage(
            window=told.window,
            starts_at=bounded_ms(told.starts_at),
            ends_at=bounded_ms(told.ends_at),
            text=told.text,
            is_off=told.is_off,
            received_at=now,
        )
    )


def store_announcement(session: Session, now: datetime, body: bytes) -> None:
    """Keep what a ``broadcast`` notice says.

    Raises:
        ProtocolError: the body cannot be read.
    """
    told = read_broadcast(body)
    session.merge(Announcement(broadcast=told.broadcast, text=told.text, until=bounded_ms(told.until), received_at=now))


def store_request(session: Session, now: datetime, body: bytes) -> None:
    """Keep a request, or the word that the hub has its answer.

    Raises:
        ProtocolError: the body cannot be read.
    """
    told = read_request(body)
    row = session.get(HubRequest, told.request)
    if row is None and not told.is_closed:
        session.add(
            HubRequest(
                request=told.request,
                action=told.action,
                asked_at=bounded_ms(told.asked_at),
                expires_at=bounded_ms(told.expires_at),
                state="waiting",
                received_at=now,
            )
        )
    elif row is not None and told.is_closed and row.state == "answered":
        row.state, row.body = "closed", None
    session.flush()


def decide_request(session: Session, now: datetime, request: str, officer: str, *, agree: bool) -> bool:
    """Agree to a request, or refuse it; return False when it does not wait for a person any more."""
    row = session.get(HubRequest, request)
    if row is None or row.state != "waiting":
        return False
    row.decided_by = officer
    if agree:
        row.state = "agreed"
    else:
        _answer(row, now, RequestOutcome.REFUSED, BY_OFFICER)
    session.flush()
    return True


def work_off(database: Database, now: datetime, policy: Policy, doers: Doers, enrolled: Enrolled) -> int:
    """Do, refuse or close what may be now, outside of any transaction; return how many answers that made.

    Raises:
        StorageError: the store did not take an answer; the request comes again.
    """
    with database.reading() as session:
        rows = [(row.request, _step(row, now, policy), row.action) for row in _open_requests(session)]
    answered = 0
    for request, step, action in rows:
        if step is Step.WAIT:
            continue
        outcome, code, body = _run(action, doers, enrolled) if step is Step.DO else (*_VERDICTS[step], None)
        with database.session() as session:
            row = session.get(HubRequest, request)
            if row is not None and row.state in {"waiting", "agreed"}:
                row.body = body
                _answer(row, now, outcome, code)
                answered += 1
    return answered


def due_answers(session: Session, *, may_carry_body: bool) -> list[RequestAnswer]:
    """Return the answers for the next mail: at most one with a body, and none when the mail carries much else."""
    wanted = select(HubRequest).where(HubRequest.state == "answered").order_by(HubRequest.received_at)
    found: list[RequestAnswer] = []
    bodies = 1 if may_carry_body else 0
    for row in session.scalars(wanted):
        if row.body is not None and bodies == 0:
            continue
        bodies -= row.body is not None
        found.append(
            RequestAnswer(request=row.request, outcome=RequestOutcome(row.outcome), code=row.code, body=row.body or b"")
        )
    return found[:MAX_ANSWERS_IN_MAIL]


def list_outages(session: Session, now: datetime, within: timedelta = SOON) -> list[OutageRow]:
    """Return the outages that are on or begin soon, and that nobody called off."""
    wanted = select(Outage).where(Outage.ends_at > now, Outage.starts_at <= now + within, Outage.is_off.is_(False))
    return [_outage(row) for row in session.scalars(wanted.order_by(Outage.starts_at))]


def list_announcements(session: Session, now: datetime) -> list[AnnouncementRow]:
    """Return the announcements whose time is not over, newest first."""
    wanted = select(Announcement).where(Announcement.until > now).order_by(Announcement.received_at.desc())
    return [
        AnnouncementRow(text=row.text, until=row.until, received_at=row.received_at) for row in session.scalars(wanted)
    ]


def list_requests(session: Session, limit: int = 30) -> list[RequestRow]:
    """Return the requests of the hub, newest first."""
    wanted = select(HubRequest).order_by(HubRequest.received_at.desc()).limit(limit)
    return [_request(row) for row in session.scalars(wanted)]


def count_waiting(session: Session, now: datetime) -> int:
    """Return how many requests wait for a person of the office."""
    waiting = select(HubRequest.request).where(HubRequest.state == "waiting", HubRequest.expires_at > now)
    return len(session.scalars(waiting).all())


_VERDICTS: Mapping[Step, tuple[RequestOutcome, str]] = {
    Step.REFUSE: (RequestOutcome.REFUSED, BY_SETTING),
    Step.EXPIRE: (RequestOutcome.FAILED, "expired"),
    Step.UNKNOWN: (RequestOutcome.FAILED, "action_unknown"),
}


def _open_requests(session: Session) -> Iterable[HubRequest]:
    wanted = select(HubRequest).where(HubRequest.state.in_(["waiting", "agreed"])).order_by(HubRequest.received_at)
    return session.scalars(wanted).all()


def _step(row: HubRequest, now: datetime, policy: Policy) -> Step:
    return next_step(row.action, expires_at=row.expires_at, now=now, policy=policy, is_agreed=row.state == "agreed")


def _run(action: str, doers: Doers, enrolled: Enrolled) -> tuple[RequestOutcome, str, bytes | None]:
    doer = doers.get(RequestAction(action))
    if doer is None:
        return RequestOutcome.FAILED, "action_unknown", None
    try:
        found = doer()
    except DomainError as error:
        log.warning("request.failed", action=action, code=error.code)
        return RequestOutcome.FAILED, error.code[:40], None
    if len(found) > MAX_ANSWER_BYTES:
        return RequestOutcome.FAILED, "too_large", None
    if not found:
        return RequestOutcome.DONE, "", None
    context = BodyContext(hub=enrolled.hub, node=enrolled.node, kind=ANSWER_KIND)
    return RequestOutcome.DONE, "", seal_body(found, load_sealing_key(enrolled.sealing_key), context)


def _answer(row: HubRequest, now: datetime, outcome: RequestOutcome, code: str) -> None:
    row.state, row.outcome, row.code, row.ended_at = "answered", outcome.value, code, now


def _outage(row: Outage) -> OutageRow:
    return OutageRow(starts_at=row.starts_at, ends_at=row.ends_at, text=row.text, is_off=row.is_off)


def _request(row: HubRequest) -> RequestRow:
    return RequestRow(
        request=row.request,
        action=row.action,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        state=row.state,
        outcome=row.outcome,
        code=row.code,
        ended_at=row.ended_at,
    )
