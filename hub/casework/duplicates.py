"""Cases that may be the same matter: marks written at the opening, found again within the actor's rights.

A case outside of the actor's scope is counted and not shown: that it exists is a warning worth having, what it is about
is none of the actor's business (fault F04).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from hub.accounts.rules import Actor
from hub.casework.duplicates_rules import Likeness, MarkKind, likeness_of, marks_of
from hub.casework.duplicates_tables import CaseMark
from hub.casework.finding import forget_words, index_words
from hub.casework.scope import cases_for
from hub.casework.tables import Case
from hub.storage.bulk import insert_rows
from hub.storage.keyring import NIK_PURPOSE, Keyring
from protocol.bundle import Manifest
from protocol.catalogue import Service

MOST = 200
"""Matches that are looked at: a whole hamlet at one address would drown the page."""

SHOWN = 20

_PURPOSES = {MarkKind.NIK: NIK_PURPOSE, MarkKind.KK_NO: "kk_no", MarkKind.ADDRESS: "address"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """A case whose marks are to be written."""

    case_id: str
    manifest: Manifest
    """With the answers as they now count."""
    service: Service


@dataclass(frozen=True, kw_only=True, slots=True)
class SimilarCase:
    """Another case with something in common."""

    case_id: str
    registration_no: str
    service: str
    service_version: int
    village: str
    state: str
    received_at: datetime
    likeness: Likeness
    marks: frozenset[MarkKind]


@dataclass(frozen=True, kw_only=True, slots=True)
class SimilarCases:
    """What the case page warns of."""

    cases: tuple[SimilarCase, ...]
    """Weightiest first, then newest; at most ``SHOWN``."""
    elsewhere: tuple[tuple[Likeness, int], ...]
    """How many are outside of the actor's scope, for each likeness."""
    more: int
    """How many in scope are not listed."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to warn of."""
        return not self.cases and not self.elsewhere


def index_cases(session: Session, keyring: Keyring, marked: Sequence[Marked]) -> None:
    """Write the marks of new cases, in the transaction that opens them: one statement for a whole batch."""
    rows = [row for each in marked for row in _rows(keyring, each)]
    insert_rows(session, CaseMark, rows)
    index_words(session, keyring, [(each.case_id, each.manifest.applicant) for each in marked])


def index_case(session: Session, keyring: Keyring, marked: Marked) -> None:
    """Write the marks of a case anew: a correction may have changed what they stand for."""
    session.execute(delete(CaseMark).where(CaseMark.case_id == marked.case_id))
    forget_words(session, marked.case_id)
    index_cases(session, keyring, [marked])


def similar_cases(session: Session, actor: Actor, case: Case) -> SimilarCases:
    """Return the other cases that share a mark with this one. The case itself was loaded within the actor's scope."""
    kinds = _shared_kinds(session, case.case_id)
    rows = session.scalars(cases_for(actor).where(Case.case_id.in_(kinds)))
    seen = {row.case_id: _similar(row, case, kinds[row.case_id]) for row in rows}
    listed = sorted(seen.values(), key=lambda each: each.received_at, reverse=True)
    listed.sort(key=lambda each: list(Likeness).index(each.likeness))
    return SimilarCases(
        cases=tuple(listed[:SHOWN]),
        elsewhere=_count(session, case, {key: found for key, found in kinds.items() if key not in seen}),
        more=max(len(listed) - SHOWN, 0),
    )


def _rows(keyring: Keyring, marked: Marked) -> Iterable[dict[str, object]]:
    for kind, value in marks_of(marked.manifest, marked.service):
        mark = keyring.blind(value.encode(), _PURPOSES[kind])
        yield {"case_id": marked.case_id, "kind": str(kind), "value": mark}


def _shared_kinds(session: Session, case_id: str) -> dict[str, frozenset[MarkKind]]:
    """Return the kinds of marks that other cases share with this one, of the newest ``MOST``."""
    mine, other = aliased(CaseMark), aliased(CaseMark)
    query = (
        select(other.case_id, other.kind)
        .join(mine, (mine.value == other.value) & (mine.kind == other.kind))
        .where(mine.case_id == case_id, other.case_id != case_id)
        .order_by(other.case_id.desc())
        .limit(MOST)
    )
    found: dict[str, set[MarkKind]] = {}
    for key, kind in session.execute(query):
        found.setdefault(key, set()).add(MarkKind(kind))
    return {key: frozenset(kinds) for key, kinds in found.items()}


def _count(session: Session, case: Case, kinds: dict[str, frozenset[MarkKind]]) -> tuple[tuple[Likeness, int], ...]:
    services = session.execute(select(Case.case_id, Case.service).where(Case.case_id.in_(kinds)))
    counts = Counter(
        likeness_of(kinds[case_id], is_same_service=service == case.service) for case_id, service in services
    )
    return tuple((likeness, counts[likeness]) for likeness in Likeness if counts[likeness])


def _similar(row: Case, case: Case, kinds: frozenset[MarkKind]) -> SimilarCase:
    return SimilarCase(
        case_id=row.case_id,
        registration_no=row.registration_no,
        service=row.service,
        service_version=row.service_version,
        village=row.village,
        state=row.state,
        received_at=row.received_at,
        likeness=likeness_of(kinds, is_same_service=row.service == case.service),
        marks=kinds,
    )
