"""The addresses that a node can reach without a certificate: ``/enrol/request``, ``/enrol/answer``, ``/enrol/renewal``.

Bodies are ``application/cbor`` both ways. What is not an answer is a map with one stable ``code``. A request proves
itself with the code that a person typed (``protocol/enrolment.py``); nothing is written for a code that does not exist.
"""

from collections.abc import Mapping
from datetime import timedelta

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from hub.accounts.access import machine, web_context
from hub.authority import enrolment
from hub.authority.pki_check import RequestRefusedError
from hub.authority.renewal import Knocked, knock
from hub.authority.rules import Verdict
from hub.storage.errors import StorageError
from protocol import codec
from protocol.enrolment import EnrolmentPoll, claimed_code_id, parse_authenticated
from protocol.errors import IdentityError, ProtocolError, SignatureError, TooLargeError
from protocol.limits import MAX_DOOR_BYTES
from protocol.wire import from_bytes

blueprint = Blueprint("enrolment", __name__, url_prefix="/enrol")

log = structlog.get_logger()

MEDIA_TYPE = "application/cbor"
MAX_REQUEST_BYTES = 20_000
"""A request with 20 officers takes about 5 KB."""

MAX_POLL_BYTES = 100

STATUS: Mapping[Verdict, int] = {
    Verdict.PENDING: 202,
    Verdict.UNKNOWN: 403,
    Verdict.EXPIRED: 410,
    Verdict.USED: 409,
    Verdict.REFUSED: 403,
    Verdict.BLOCKED: 429,
    Verdict.KEY_TAKEN: 409,
    Verdict.NOT_DUE: 409,
    Verdict.TOO_LATE: 410,
    Verdict.NODE_SUSPENDED: 403,
    Verdict.NODE_REVOKED: 403,
    Verdict.CSR_TOO_LARGE: 422,
    Verdict.CSR_MALFORMED: 422,
    Verdict.CSR_KEY_TYPE: 422,
    Verdict.CSR_NO_PROOF: 422,
}


@blueprint.post("/request")
@machine
def take_request() -> Response:
    """Take the keys of a fresh node; 202 when a person has to look at them now."""
    context = web_context()
    raw = _body(MAX_REQUEST_BYTES)
    code_id = claimed_code_id(parse_authenticated(raw))
    with context.database.reading() as session:
        verdict = enrolment.peek(session, context.clock.now(), code_id).verdict
    if verdict is not Verdict.UNKNOWN:
        with context.database.session() as session:
            verdict = enrolment.receive_request(session, context.clock.now(), raw)
    log.info("enrolment.request", verdict=verdict.value)
    return _coded(verdict.value, STATUS[verdict])


@blueprint.post("/answer")
@machine
def give_answer() -> Response:
    """Hand out the answer; 202 while nobody has approved the request."""
    context = web_context()
    code_id = from_bytes(_body(MAX_POLL_BYTES), EnrolmentPoll, max_bytes=MAX_POLL_BYTES).code_id
    with context.database.reading() as session:
        reply = enrolment.peek(session, context.clock.now(), code_id)
    if reply.answer is not None:
        with context.database.session() as session:
            reply = enrolment.answer(session, context.clock.now(), code_id)
    if reply.answer is None:
        return _coded(reply.verdict.value, STATUS[reply.verdict])
    return Response(reply.answer, mimetype=MEDIA_TYPE)


@blueprint.post("/renewal")
@machine
def renew_at_the_door() -> Response:
    """Take the wish of a node whose certificate is over, and hand out what the worker made for it."""
    context = web_context()
    grace = timedelta(days=context.settings.renewal_grace_days)
    try:
        with context.database.session() as session:
            knocked = knock(session, context.clock.now(), _body(MAX_DOOR_BYTES), grace)
    except RequestRefusedError as error:
        knocked = Knocked(verdict=Verdict(f"csr_{error.reason.value}"))
    except (SignatureError, IdentityError):
        knocked = Knocked(verdict=Verdict.UNKNOWN)
    log.info("enrolment.renewal", verdict=knocked.verdict.value, answered=knocked.answer is not None)
    if knocked.answer is not None:
        return Response(knocked.answer, mimetype=MEDIA_TYPE)
    return _coded(knocked.verdict.value, STATUS[knocked.verdict])


@blueprint.errorhandler(ProtocolError)
def refuse_bytes(error: ProtocolError) -> Response:
    """Answer bytes that are no message of this protocol."""
    return _coded(error.code, 413 if isinstance(error, TooLargeError) else 400)


@blueprint.errorhandler(RequestEntityTooLarge)
def refuse_size(_: RequestEntityTooLarge) -> Response:
    """Answer a body that is longer than any message, without reading it."""
    return _coded(TooLargeError.code, 413)


@blueprint.errorhandler(StorageError)
def say_later(_: StorageError) -> Response:
    """Answer while the database cannot be reached: the node tries again."""
    return _coded("storage", 503)


def _body(max_bytes: int) -> bytes:
    request.max_content_length = max_bytes
    return request.get_data(cache=False)


def _coded(code: str, status: int) -> Response:
    return Response(codec.encode({"code": code}), status=status, mimetype=MEDIA_TYPE)
