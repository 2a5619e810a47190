"""Enrolment, seen from the node: send the request, poll, check the answer, keep it in one transaction.

What the receiver verifies:
1. the answer's MAC under the response key, which only the holder of the code can derive: these are the true hub keys;
2. the name belongs to the village, the certificate is for this node's TLS key, the hub's keys can be loaded;
3. the checkpoint is signed by the hub's log key; officer certificates by its message key.
Until the transaction commits nothing is kept; keys and officers made before survive, so that it can be tried again.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from protocol import codec
from protocol.checkpoint import Checkpoint, LogKey, verify_checkpoint
from protocol.enrolment import (
    CodeKeys,
    EnrolmentAnswer,
    EnrolmentPoll,
    EnrolmentRequest,
    authenticate,
    derive_code_keys,
    fingerprint,
    open_answer,
)
from protocol.envelope import load_public_key, one_key, public_bytes
from protocol.errors import ProtocolError
from protocol.ids import NodeId
from protocol.wire import to_bytes
from village_node.catalogue.service import store_services
from village_node.identity.certificates import (
    CertifiedOfficer,
    read_certificate,
    store_certificates,
    uncertified_officers,
)
from village_node.identity.errors import (
    AlreadyEnrolledError,
    EnrolmentPendingError,
    EnrolmentRefusedError,
    HubUnreachableError,
)
from village_node.identity.hub import find_enrolled, remember_checkpoint, store_lease, store_offices
from village_node.identity.keys import NodeKeys
from village_node.identity.mailbox import public_mailbox_key
from village_node.identity.tables import NodeIdentity

REQUEST_PATH, ANSWER_PATH = "/enrol/request", "/enrol/answer"
_PENDING = (HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)
_LATER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)
MAX_CODE_BYTES = 200
_CODE = re.compile(r"[a-z_]{1,40}")


class HubWeb(Protocol):
    """Posts CBOR to the hub's web address."""

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Return HTTP status and body.

        Raises:
            HubUnreachableError: no answer.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """An enrolment that was asked for."""

    keys: CodeKeys
    fingerprint: str
    """To be compared with the hub's screen before the second person approves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedAnswer:
    """An answer that passed the checks."""

    answer: EnrolmentAnswer
    checkpoint: Checkpoint
    officers: tuple[CertifiedOfficer, ...]


def ask(session: Session, web: HubWeb, keys: NodeKeys, code: str, program: str) -> Asked:
    """Send the request for this code.

    Raises:
        AlreadyEnrolledError: this node has a name.
        NotEnrolledError: no officer has been added to this PC yet.
        EnrolmentRefusedError: not a code, or the hub refuses it.
        HubUnreachableError: no answer.
    """
    if find_enrolled(session) is not None:
        raise AlreadyEnrolledError
    try:
        code_keys = derive_code_keys(code)
    except ProtocolError as error:
        raise EnrolmentRefusedError(error.reason) from None
    request = EnrolmentRequest(
        code_id=code_keys.code_id,
        csr=keys.signing_request(),
        signing_key=keys.public_signing_key,
        sealing_key=public_mailbox_key(session),
        officers=uncertified_officers(session),
        program=program,
    )
    status, body = web.post(REQUEST_PATH, authenticate(request, code_keys.request_key))
    if status in _LATER:
        raise HubUnreachableError(f"HTTP {status}")
    if status != HTTPStatus.OK and status not in _PENDING:
        raise EnrolmentRefusedError(refusal_code(status, body))
    return Asked(keys=code_keys, fingerprint=fingerprint(keys.public_signing_key))


def fetch(web: HubWeb, keys: NodeKeys, asked: Asked) -> CheckedAnswer:
    """Ask once whether the answer is there, and check it.

    Raises:
        EnrolmentPendingError: not yet.
        EnrolmentRefusedError: the hub refused, or the answer does not hold.
        HubUnreachableError: no answer.
    """
    status, body = web.post(ANSWER_PATH, to_bytes(EnrolmentPoll(code_id=asked.keys.code_id)))
    if status in _PENDING:
        raise EnrolmentPendingError
    if status in _LATER:
        raise HubUnreachableError(f"HTTP {status}")
    if status != HTTPStatus.OK:
        raise EnrolmentRefusedError(refusal_code(status, body))
    return check_answer(body, keys, asked.keys)


def check_answer(raw: bytes, keys: NodeKeys, code: CodeKeys) -> CheckedAnswer:
    """Return the answer after all checks of the module's list.

    Raises:
        EnrolmentRefusedError: the first check that does not hold.
    """
    try:
        answer = open_answer(raw, code)  # 1
        _check_certificate(answer.certificate, answer.node, keys)  # 2
        log = LogKey.parse(answer.keys.log)
        message_key = load_public_key(answer.keys.message_key)
        if answer.keys.hub != answer.village.regency.dotless:
            raise EnrolmentRefusedError("hub of another regency")
        checkpoint = verify_checkpoint(answer.checkpoint, log)  # 3
        find = one_key(message_key)
        officers = tuple(read_certificate(item, answer.node, find) for item in answer.officers)
    except ProtocolError as error:
        raise EnrolmentRefusedError(error.code) from None
    return CheckedAnswer(answer=answer, checkpoint=checkpoint, officers=officers)


def store_answer(session: Session, now: datetime, checked: CheckedAnswer, *, hub_url: str = "") -> None:
    """Keep everything that the answer brings, in this one transaction, and where the hub's web pages are.

    Raises:
        AlreadyEnrolledError: this node has a name.
    """
    if find_enrolled(session) is not None:
        raise AlreadyEnrolledError
    answer = checked.answer
    session.add(
        NodeIdentity(
            id=1,
            node_id=str(answer.node),
            hub_id=str(answer.keys.hub),
            village_name=answer.village_name,
            subdistrict_name=answer.subdistrict_name,
            certificate=answer.certificate,
            authority=answer.authority,
            broker_host=answer.broker_host,
            broker_port=answer.broker_port,
            log_key=answer.keys.log,
            message_key=answer.keys.message_key,
            sealing_key=answer.keys.sealing_key,
            permit_key=answer.keys.permit_key,
            hub_url=hub_url,
            enrolled_at=now,
        )
    )
    remember_checkpoint(session, now, checked.checkpoint)
    store_certificates(session, now, checked.officers)
    for lease in answer.leases:
        store_lease(session, now, lease)
    store_services(session, now, answer.services)
    store_offices(session, answer.offices)


def refusal_code(status: int, body: bytes) -> str:
    """Return the hub's stable code for a refusal, if its answer has one."""
    try:
        code = codec.decode_map(body, max_bytes=MAX_CODE_BYTES).get("code")
    except ProtocolError:
        code = None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else f"HTTP {status}"


def _check_certificate(pem: str, node: NodeId, keys: NodeKeys) -> None:
    try:
        certificate = x509.load_pem_x509_certificates(pem.encode())[0]
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        public_key = certificate.public_key()
    except (ValueError, IndexError, UnsupportedAlgorithm):
        raise EnrolmentRefusedError("certificate") from None
    if [name.value for name in names] != [str(node)]:
        raise EnrolmentRefusedError("certificate of another name")
    if not isinstance(public_key, Ed25519PublicKey) or public_bytes(public_key) != keys.public_tls_key:
        raise EnrolmentRefusedError("certificate of another key")
