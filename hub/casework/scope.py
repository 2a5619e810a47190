"""The one place that turns an actor into a filter on cases: no other module selects cases for a person."""

from sqlalchemy import Select, exists, false, select
from sqlalchemy.orm import Session, aliased

from hub.accounts.rules import Actor, scope_of
from hub.casework.errors import CaseNotFoundError
from hub.casework.tables import Case, CaseStage


def cases_for(actor: Actor) -> Select[Case]:
    """Return the selection of all cases that the actor may know of.

    A stage that has not opened yet gives no sight: its office has no business with the case so far (UU 27/2022).
    """
    scope = scope_of(actor)
    if scope.everything:
        return select(Case)
    if scope.is_empty:
        return select(Case).where(false())
    seat = aliased(CaseStage)  # under a name of its own, so that a query may join stages beside it
    at_office = exists().where(
        seat.case_id == Case.case_id, seat.office == str(scope.office), seat.opened_at.is_not(None)
    )
    return select(Case).where(at_office)


def load_case(session: Session, actor: Actor, case_id: str, *, lock: bool = False) -> Case:
    """Return one case within the actor's scope.

    Raises:
        CaseNotFoundError: there is none, or it is none of the actor's business.
    """
    wanted = cases_for(actor).where(Case.case_id == case_id)
    # NO KEY UPDATE: a look at the case holds the ledger's head and writes an event with a foreign key to the case. With
    # FOR UPDATE it and a move would wait for each other (found by tests/e2e/test_production_road.py).
    case = session.scalar(wanted.with_for_update(of=Case, key_share=True) if lock else wanted)
    if case is None:
        raise CaseNotFoundError
    return case
