"""Use cases of enrolment: invite, take the request, approve, issue, hand out the answer.

1. ``invite``: a person makes a code for one village. Stored is what is derived from it, never the code.
2. ``receive_request``: the node that holds the code sends its keys. One request per code.
3. ``approve``: a second person, who compared the fingerprints, says yes. The node gets its name, its officers and its
   first numbers. No key of the hub is needed, so the web process holds none.
4. ``certification``: the process with the keys (worker, or the console) makes certificates and the answer.
5. ``answer``: the node fetches it; the same bytes until an hour after the first time, then everything secret is erased.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.authority.errors import AuthorityError
from hub.authority.pki_check import RequestRefusedError, check_request
from hub.authority.rules import (
    ANSWER_KEPT_AFTER_FETCH,
    CODE_LIFE,
    ApprovalRule,
    CodeState,
    Verdict,
    blocked_for,
    may_approve,
    may_request,
)
from hub.authority.tables import EnrolmentCode
from hub.catalogue.regions import Regions
from hub.dispatch.post import welcome
from hub.registry.queries import (
    is_known_node_key,
    is_known_officer,
)
from hub.registry.rules import lease_year
from hub.registry.service import (
    Decision,
    NewNode,
    approve_officer,
    enrol_node,
    lease_numbers,
    request_officers,
)
from hub.storage.ports import Randomness
from protocol.enrolment import (
    CODE_BYTES,
    Authenticated,
    CodeKeys,
    EnrolmentRequest,
    claimed_code_id,
    derive_code_keys,
    make_code,
    open_request,
    parse_authenticated,
)
from protocol.envelope import load_public_key
from protocol.errors import EnrolmentError, SealError, SignatureError
from protocol.ids import NodeId, VillageCode
from protocol.limits import MAX_ENROLMENT_BYTES
from protocol.sealing import load_sealing_key
from protocol.wire import from_bytes

FIRST_LEASE = 200
"""Numbers of the first block: two months of a busy village."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a poll gets: the answer's bytes, or the verdict why there are none."""

    verdict: Verdict
    answer: bytes | None = None


def invite(
    session: Session, now: datetime, randomness: Randomness, village: VillageCode, invited_by: str, *, regions: Regions
) -> str:
    """Return a fresh code for a village. It is shown once; the hub cannot show it again.

    Raises:
        AuthorityError: the regency has no such village.
    """
    if regions.village(village) is None:
        raise AuthorityError(ApprovalRule.VILLAGE_UNKNOWN)
    code = make_code(randomness.token(CODE_BYTES))
    keys = derive_code_keys(code)
    session.add(
        EnrolmentCode(
            code_id=keys.code_id,
            village=str(village),
            state=CodeState.OPEN.value,
            request_key=keys.request_key,
            response_key=keys.response_key,
            invited_by=invited_by,
            invited_at=now,
            expires_at=now + CODE_LIFE,
            failures=0,
        )
    )
    session.flush()
    return code


def receive_request(session: Session, now: datetime, raw: bytes) -> Verdict:
    """Take a node's request; commit whatever the verdict is, since wrong MACs are counted.

    Raises:
        ProtocolError: too large, or not a request at all.
    """
    frame = parse_authenticated(raw)
    row = _code(session, claimed_code_id(frame))
    if row is None:
        return Verdict.UNKNOWN
    if row.request_key is None or row.response_key is None:
        return Verdict.REFUSED if row.state == CodeState.REFUSED.value else Verdict.USED
    if row.blocked_until is not None and now < row.blocked_until:
        return Verdict.BLOCKED
    keys = CodeKeys(code_id=row.code_id, request_key=row.request_key, response_key=row.response_key)
    try:
        request = open_request(frame, keys)
    except EnrolmentError:
        row.failures += 1
        row.blocked_until = now + blocked_for(row.failures)
        return Verdict.UNKNOWN
    return _take_request(session, row, frame, request, now)


def approve(session: Session, now: datetime, *, code_id: bytes, approved_by: str, randomness: Randomness) -> NodeId:
    """Let a requesting node in, with the officers that it named, and return the name that the hub gives it.

    Raises:
        AuthorityError: no such request, or the approver made the code.
        RegistryError: the node's key is known already, or the village used up its serials.
    """
    row = _code(session, code_id)
    state = None if row is None else CodeState(row.state)
    rule = may_approve(state, invited_by=row.invited_by if row else "", approved_by=approved_by)
    if row is None or row.request is None or rule is not None:
        raise AuthorityError(rule or ApprovalRule.CODE_UNKNOWN)
    request = from_bytes(row.request, EnrolmentRequest, max_bytes=MAX_ENROLMENT_BYTES)
    new = NewNode(
        village=VillageCode(row.village),
        signing_key=request.signing_key,
        sealing_key=request.sealing_key,
        program=request.program,
    )
    node = enrol_node(session, new, Decision(now=now, by=approved_by, randomness=randomness))
    for officer in request_officers(session, node.node_id, request.officers, now).added:
        approve_officer(session, officer, approved_by)
    lease_numbers(session, node.node_id, lease_year(now), FIRST_LEASE)
    welcome(session, now, node.node_id)
    row.state = CodeState.APPROVED.value
    row.approved_by = approved_by
    row.approved_at = now
    row.node_id = str(node.node_id)
    session.flush()
    return node.node_id


def refuse(session: Session, code_id: bytes) -> None:
    """Turn a request down, or take back a code that nobody used.

    Raises:
        AuthorityError: no such code, or it was approved already.
    """
    row = _code(session, code_id)
    if row is None:
        raise AuthorityError(ApprovalRule.CODE_UNKNOWN)
    if CodeState(row.state) not in {CodeState.OPEN, CodeState.REQUESTED}:
        raise AuthorityError(ApprovalRule.NOT_REQUESTED)
    row.state = CodeState.REFUSED.value
    row.request = row.request_key = row.response_key = None


def peek(session: Session, now: datetime, code_id: bytes) -> Reply:
    """Say what a node that polls gets, without a lock and without noting that it was fetched."""
    row = session.get(EnrolmentCode, code_id, populate_existing=True)
    return Reply(verdict=Verdict.UNKNOWN) if row is None else _reply(row, now)


def answer(session: Session, now: datetime, code_id: bytes) -> Reply:
    """Return the answer to a node that polls; the same bytes until an hour after it was first fetched."""
    row = _code(session, code_id)
    if row is None:
        return Reply(verdict=Verdict.UNKNOWN)
    reply = _reply(row, now)
    if reply.answer is not None:
        row.fetched_at = row.fetched_at or now
    return reply


def _reply(row: EnrolmentCode, now: datetime) -> Reply:
    state = CodeState(row.state)
    if state is CodeState.ISSUED and not _is_over(row, now):
        return Reply(verdict=Verdict.PENDING, answer=row.answer)
    if state is CodeState.OPEN and now >= row.expires_at:
        return Reply(verdict=Verdict.EXPIRED)
    if state is CodeState.REFUSED:
        return Reply(verdict=Verdict.REFUSED)
    is_over = state in {CodeState.ISSUED, CodeState.CLOSED}
    return Reply(verdict=Verdict.USED if is_over else Verdict.PENDING)


def _code(session: Session, code_id: bytes) -> EnrolmentCode | None:
    return session.get(EnrolmentCode, code_id, with_for_update=True, populate_existing=True)


def _is_over(row: EnrolmentCode, now: datetime) -> bool:
    return row.fetched_at is not None and now - row.fetched_at >= ANSWER_KEPT_AFTER_FETCH


def _take_request(
    session: Session, row: EnrolmentCode, frame: Authenticated, request: EnrolmentRequest, now: datetime
) -> Verdict:
    verdict = may_request(CodeState(row.state), expires_at=row.expires_at, now=now, is_same=row.request == frame.body)
    if verdict is not Verdict.PENDING or row.state != CodeState.OPEN.value:
        return verdict
    problem = _problem(session, request)
    if problem is not None:
        return problem
    row.state = CodeState.REQUESTED.value
    row.request = frame.body
    row.signing_key = request.signing_key
    row.requested_at = now
    return Verdict.PENDING


def _problem(session: Session, request: EnrolmentRequest) -> Verdict | None:
    """Say why the keys of an authentic request cannot be certified. The code stays open for a corrected request."""
    try:
        check_request(request.csr)
        for key in (request.signing_key, *(officer.public_key for officer in request.officers)):
            load_public_key(key)
        load_sealing_key(request.sealing_key)
    except RequestRefusedError as error:
        return Verdict(f"csr_{error.reason.value}")
    except (SignatureError, SealError):
        return Verdict.CSR_KEY_TYPE
    is_known = is_known_node_key(session, request.signing_key) or any(
        is_known_officer(session, officer) for officer in request.officers
    )
    return Verdict.KEY_TAKEN if is_known else None
