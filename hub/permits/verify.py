"""Says of a QR text or of a file whether the regency issued it, and what the register says about it today (fault F21).

Rules:
1. A QR text: the permit key signed its facts, and the register has them as issued. What is shown are the facts, never
   anything that only the paper says.
2. A file: its digest is that of an issued document. A file that only bears the mark of one of ours was changed after
   it was signed: the register's facts are shown beside that word, so that whoever holds the paper can compare.
3. Nothing of the file is parsed: a digest and a search for one pattern of letters are all that strangers' bytes get.
4. Whatever is not ours gets one answer, whether it is nonsense, signed by others, or a number that was struck out.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.delegation_rules import local_day
from hub.casework.events import data_key
from hub.casework.tables import Case
from hub.permits.rules import PermitState
from hub.permits.service import MARK_WORD, facts_place
from hub.permits.tables import Document, Permit, PermitRevocation, RegisterLine
from hub.storage.errors import KeyringError
from hub.storage.keyring import Keyring
from protocol.errors import ProtocolError
from protocol.ids import HubId
from protocol.permit import (
    MARK_BYTES,
    DocumentSeal,
    PermitFacts,
    Standing,
    read_qr,
    sign_seal,
    standing_of,
    verify_facts,
)
from protocol.receipt import Outcome

_MARK = re.compile(re.escape(MARK_WORD.encode()) + b"([0-9a-f]{32})")
MOST_MARKS = 16
"""Different marks of one file that are looked up: a file of ours has one, a hostile one could have thousands."""
_KNOWN = (str(PermitState.ISSUED), str(PermitState.REVOKED))


class Answer(StrEnum):
    """What is said about a paper or a file."""

    GENUINE = "genuine"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"  # a refusal whose case was reopened
    CHANGED = "changed"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The answer, and what the register has; without facts when nothing of it is ours, or the case was erased."""

    answer: Answer
    facts: PermitFacts | None = None
    mark: bytes = b""
    revoked_on: date | None = None
    revoked_code: str = ""
    renewed_by: str = ""
    is_refusal: bool = False


@dataclass(frozen=True, kw_only=True)
class VerifyTools:
    """What answers need."""

    key: Ed25519PrivateKey
    keyring: Keyring
    hub: HubId


NOT_OURS = Verdict(answer=Answer.NOT_OURS)


def check_text(session: Session, now: datetime, text: str, tools: VerifyTools) -> Verdict:
    """Say what the text of a QR code is worth (rule 1)."""
    try:
        facts, mark = verify_facts(read_qr(text), tools.key.public_key())
    except ProtocolError:
        return NOT_OURS
    permit = _by_mark(session, mark)
    return NOT_OURS if permit is None else _verdict(session, now, permit, facts)


def check_file(session: Session, now: datetime, content: bytes, tools: VerifyTools) -> Verdict:
    """Say what a file is worth (rules 2 and 3)."""
    wanted = select(Permit).join(Document, Document.document_id == Permit.document_id)
    permit = session.scalar(wanted.where(Document.sha256 == hashlib.sha256(content).digest()))
    if permit is not None and permit.state in _KNOWN:
        return _verdict(session, now, permit, _stored_facts(session, permit, tools))
    for found in list(dict.fromkeys(_MARK.findall(content)))[:MOST_MARKS]:
        copied = _by_mark(session, bytes.fromhex(found.decode()))
        if copied is not None:
            facts = _stored_facts(session, copied, tools)
            return Verdict(answer=Answer.CHANGED, facts=facts, mark=copied.mark, is_refusal=copied.kind == "refusal")
    return NOT_OURS


def seal_of(session: Session, mark: bytes, tools: VerifyTools) -> bytes | None:
    """Return the signed seal of a document's file, for those who check without the hub; None: no such document."""
    wanted = select(Document).join(Permit, Permit.document_id == Document.document_id).where(Permit.mark == mark)
    document = session.scalar(wanted) if len(mark) == MARK_BYTES else None
    if document is None:
        return None
    seal = DocumentSeal(hub=tools.hub, mark=mark, sha256=document.sha256, size=document.size)
    return sign_seal(seal, tools.key)


def _by_mark(session: Session, mark: bytes) -> Permit | None:
    return session.scalar(select(Permit).where(Permit.mark == mark, Permit.state.in_(_KNOWN)))


def _stored_facts(session: Session, permit: Permit, tools: VerifyTools) -> PermitFacts | None:
    """Return what the register has; None when the case was erased and with it the key."""
    bundle_id = session.scalars(select(Case.bundle_id).where(Case.case_id == permit.case_id)).one()
    try:
        envelope = data_key(session, tools.keyring, bundle_id).open(permit.facts, facts_place(permit.permit_id))
    except KeyringError:
        return None
    return verify_facts(envelope, tools.key.public_key())[0]


def _verdict(session: Session, now: datetime, permit: Permit, facts: PermitFacts | None) -> Verdict:
    revocation, is_refusal = session.get(PermitRevocation, permit.permit_id), permit.kind == "refusal"
    answer = Answer.REVOKED if revocation is not None else _standing(facts, permit, now)
    if is_refusal and answer is Answer.GENUINE and session.get_one(Case, permit.case_id).outcome != Outcome.REFUSED:
        answer = Answer.SUPERSEDED
    return Verdict(
        answer=answer,
        facts=facts,
        mark=permit.mark,
        revoked_on=None if revocation is None else local_day(revocation.revoked_at),
        revoked_code="" if revocation is None else revocation.code,
        renewed_by=_renewal(session, permit),
        is_refusal=is_refusal,
    )


def _standing(facts: PermitFacts | None, permit: Permit, now: datetime) -> Answer:
    if facts is None:
        is_over = permit.valid_until is not None and date.fromisoformat(permit.valid_until) < local_day(now)
        return Answer.EXPIRED if is_over else Answer.GENUINE
    found = standing_of(facts, permit.mark, local_day(now), ())
    return {Standing.EXPIRED: Answer.EXPIRED, Standing.NOT_YET: Answer.NOT_YET}.get(found, Answer.GENUINE)


def _renewal(session: Session, permit: Permit) -> str:
    wanted = (
        select(RegisterLine.number)
        .join(Permit, Permit.line_id == RegisterLine.line_id)
        .where(Permit.renews == permit.permit_id, Permit.state == str(PermitState.ISSUED))
    )
    return session.scalar(wanted.limit(1)) or ""
