"""Enrols villages at a running hub the way a node does: code, keys, request, approval by a second person, answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from loadtests.processes import LocalHub, ProcessError, post, wait_for
from loadtests.village import Village
from protocol.catalogue import Service
from protocol.catalogue_check import parse_service
from protocol.checkpoint import CheckpointRef, LogKey, verify_checkpoint
from protocol.enrolment import (
    CodeKeys,
    EnrolmentAnswer,
    EnrolmentPoll,
    EnrolmentRequest,
    authenticate,
    derive_code_keys,
    open_answer,
)
from protocol.ids import OfficerId, crockford
from protocol.mailbox import OfficerRequest
from protocol.wire import to_bytes

ACCEPTED = 202


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """A village with what it needs to connect, and the catalogue that it was given."""

    village: Village
    ca_file: Path
    cert_file: Path
    key_file: Path
    services: Sequence[Service]


class Administrators(Protocol):
    """Two persons of the network administration."""

    def invite(self, village_code: str) -> str:
        """Return a code for a village."""

    def approve(self, code_id: str) -> None:
        """Let the node in that asked with this code."""


def enrol(
    hub: LocalHub, village_code: str, directory: Path, *, administrators: Administrators, random: Random
) -> Enrolled:
    """Enrol one village.

    Raises:
        ProcessError: the hub refused at some step.
    """
    keys = derive_code_keys(administrators.invite(village_code))
    tls, node, officer = (Ed25519PrivateKey.generate() for _ in range(3))
    sealing = X25519PrivateKey.generate()
    officer_id = OfficerId(f"o-{crockford(random.randbytes(10))}")
    request = EnrolmentRequest(
        code_id=keys.code_id,
        csr=x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .sign(tls, None)
        .public_bytes(Encoding.DER),
        signing_key=node.public_key().public_bytes_raw(),
        sealing_key=sealing.public_key().public_bytes_raw(),
        officers=[
            OfficerRequest(officer=officer_id, name="Petugas", public_key=officer.public_key().public_bytes_raw())
        ],
        program="loadtests",
    )
    status, _ = post(f"{hub.url}/enrol/request", authenticate(request, keys.request_key))
    if status != ACCEPTED:
        raise ProcessError(f"enrolment request: HTTP {status}")
    administrators.approve(keys.code_id.hex())
    answer = _fetch(hub, keys)
    return _keep(
        answer,
        directory,
        tls,
        Village(
            node=answer.node,
            hub=answer.keys,
            officer=officer_id,
            numbers=list(answer.leases),
            random=random,
            node_key=node,
            sealing_key=sealing,
            officer_key=officer,
            checkpoint=_named(answer),
        ),
    )


def _fetch(hub: LocalHub, keys: CodeKeys) -> EnrolmentAnswer:
    poll = to_bytes(EnrolmentPoll(code_id=keys.code_id))
    got: list[bytes] = []

    def try_once() -> bool:
        status, body = post(f"{hub.url}/enrol/answer", poll)
        if status == 200:  # noqa: PLR2004  # HTTP OK
            got.append(body)
        elif status != ACCEPTED:
            raise ProcessError(f"enrolment answer: HTTP {status}")
        return bool(got)

    wait_for(try_once, "no enrolment answer")
    return open_answer(got[0], keys)


def _named(answer: EnrolmentAnswer) -> CheckpointRef:
    checkpoint = verify_checkpoint(answer.checkpoint, LogKey.parse(answer.keys.log))
    return CheckpointRef(size=checkpoint.size, root=checkpoint.root)


def _keep(answer: EnrolmentAnswer, directory: Path, tls: Ed25519PrivateKey, village: Village) -> Enrolled:
    directory.mkdir(parents=True, exist_ok=True)
    ca_file, cert_file, key_file = (directory / f"{village.node}.{end}" for end in ("ca", "crt", "key"))
    ca_file.write_text(answer.authority, encoding="utf-8")
    cert_file.write_text(answer.certificate, encoding="utf-8")
    key_file.write_bytes(tls.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    services = [parse_service(raw) for raw in answer.services]
    return Enrolled(village=village, ca_file=ca_file, cert_file=cert_file, key_file=key_file, services=services)
