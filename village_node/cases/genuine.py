"""Is this document genuine? Answered without a link, from the hub's permit key and the list of revoked documents.

Rules:
1. A QR text proves its facts by the permit key's signature; then the list and the day say whether it still holds.
2. A file is known by its digest alone: it is one that came to this PC, or one whose seal lies beside it.
3. What is not known is said so. The list here may be old: its date is shown with every answer.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from protocol.envelope import load_public_key
from protocol.errors import ProtocolError
from protocol.mailbox import NoticeKind
from protocol.notices import Decision
from protocol.permit import PermitFacts, PermitKind, Revoked, Standing, read_qr, standing_of, verify_facts, verify_seal
from protocol.receipt import Outcome
from village_node.identity.hub import Enrolled
from village_node.inbox.letters import Reader, list_letters, open_decision, openable
from village_node.inbox.news import day_of
from village_node.inbox.revocations import Revocations

_MARK = re.compile(r"simpul-permit:([0-9a-f]{32})\b")
"""In the keywords of an issued PDF. A claim: it is looked up, never believed."""


class Verdict(StrEnum):
    """What can be said."""

    VALID = "valid"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REFUSAL = "refusal"  # a genuine letter of refusal: no permit
    SEALED = "sealed"  # the file of an issued document; how long it holds stands on it
    NOT_OURS = "not_ours"  # not signed by this hub's permit key
    UNKNOWN_FILE = "unknown_file"  # a file that this PC never got
    UNREADABLE = "unreadable"  # not the text of a permit's code


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The answer, with what the document says and how it was revoked."""

    verdict: Verdict
    facts: PermitFacts | None = None
    decision: Decision | None = None
    revoked: Revoked | None = None


def judge_text(text: str, enrolled: Enrolled, revocations: Revocations, today: date) -> Finding:
    """Judge the text of a QR code (rule 1)."""
    try:
        raw = read_qr(text)
    except ProtocolError:
        return Finding(verdict=Verdict.UNREADABLE)
    try:
        facts, mark = verify_facts(raw, load_public_key(enrolled.permit_key))
    except ProtocolError:
        return Finding(verdict=Verdict.NOT_OURS)
    if facts.hub != enrolled.hub:
        return Finding(verdict=Verdict.NOT_OURS)
    verdict = _VERDICTS[standing_of(facts, mark, today, set(revocations.revoked))]
    if verdict is Verdict.VALID and facts.kind == PermitKind.REFUSAL:
        verdict = Verdict.REFUSAL
    return Finding(verdict=verdict, facts=facts, revoked=revocations.revoked.get(mark))


def judge_file(
    session: Session, content: bytes, seal: bytes, reader: Reader, revocations: Revocations, today: date
) -> Finding:
    """Judge a file (rule 2)."""
    digest = hashlib.sha256(content).digest()
    revoked = revocations.revoked.get(_claimed_mark(content))
    decision = _find_decision(session, digest, reader)
    if decision is not None:
        until = day_of(decision.valid_until)
        verdict = Verdict.EXPIRED if until is not None and until < today else Verdict.VALID
        if verdict is Verdict.VALID and decision.outcome == Outcome.REFUSED:
            verdict = Verdict.REFUSAL
        return Finding(verdict=Verdict.REVOKED if revoked else verdict, decision=decision, revoked=revoked)
    if not seal:
        return Finding(verdict=Verdict.UNKNOWN_FILE)
    try:
        sealed = verify_seal(seal, load_public_key(reader.enrolled.permit_key), content)
    except ProtocolError:
        return Finding(verdict=Verdict.NOT_OURS)
    revoked = revocations.revoked.get(sealed.mark)
    return Finding(verdict=Verdict.REVOKED if revoked else Verdict.SEALED, revoked=revoked)


_VERDICTS = {
    Standing.VALID: Verdict.VALID,
    Standing.NOT_YET: Verdict.NOT_YET,
    Standing.EXPIRED: Verdict.EXPIRED,
    Standing.REVOKED: Verdict.REVOKED,
}


def _find_decision(session: Session, digest: bytes, reader: Reader) -> Decision | None:
    letters = reversed(list_letters(session, NoticeKind.DECISION))
    for _, decision in openable(session, letters, reader, open_decision):
        if decision is not None and decision.document is not None and decision.document.sha256 == digest:
            return decision
    return None


def _claimed_mark(content: bytes) -> bytes:
    """Return the mark that a PDF's keywords claim; nothing when there is none."""
    from village_node.drafts.documents import keywords_of  # noqa: PLC0415  # pypdf takes 9 MB, many days see no PDF

    claimed = _MARK.search(keywords_of(content))
    return bytes.fromhex(claimed[1]) if claimed else b""
