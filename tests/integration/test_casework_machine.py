"""Random people make random moves on real rows; whatever happens, the case can go on and is decided once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor, Role
from hub.casework.commands import ProposalKind
from hub.casework.errors import CaseNotFoundError, ConflictError, MoveRefusedError
from hub.casework.flow import PROPOSAL
from hub.casework.rules import ENDED, PREPARING, CaseState, StageState
from hub.casework.service import possible_moves
from hub.casework.stages import Work, open_proposal
from hub.casework.tables import CaseDecision, CaseStage
from protocol.catalogue import OfficeCode
from tests.cases import Town, Worker, make_town

SERVICES = ("REKLAME", "JALAN", "TDG", "D-SKU", "KK", "PBG", "TONTONAN")
REFUSED = (MoveRefusedError, ConflictError, CaseNotFoundError)
OUTCOMES = st.sampled_from(["", "", "no", "conditions", "refused", "refused", "declined", "exempt", "not_issued"])


class Office(RuleBasedStateMachine):
    """One case of a random service; every person may be tried at every desk, in every role that a delegation gives."""

    town: Town

    @initialize(service=st.sampled_from(SERVICES))
    def open_case(self, service: str) -> None:
        self.case_id = self.town.case(service)
        self.round = 1

    @rule(outcome=OUTCOMES)
    def the_next_desk_works(self, outcome: str) -> None:
        rows = self.town.open_rows(self.case_id)
        if rows:
            self._try(lambda: self.town.do(self.case_id, rows[-1], _fitting(rows[-1], outcome)))

    @rule(number=st.integers(0, 7), other=st.integers(0, 40), outcome=OUTCOMES)
    def somebody_works_in_another_role(self, number: int, other: int, outcome: str) -> None:
        """A person who was at another desk of this case sits down at this one, as under a delegation."""
        rows, people = (
            self.town.open_rows(self.case_id),
            sorted(self.town.people.values(), key=lambda one: one.person_id),
        )
        if not rows or not people:
            return
        row, person = rows[number % len(rows)], people[other % len(people)]
        actor = Actor(person_id=person.person_id, role=Role(row.role), office=OfficeCode(row.office), name="")
        before = dict(self.town.people)
        self.town.people[row.role, row.office] = actor
        self._try(lambda: self.town.do(self.case_id, row, _fitting(row, outcome)))
        self.town.people = before

    @rule(number=st.integers(0, 7))
    def a_case_goes_to_another_agency(self, number: int) -> None:
        agency = ("agency.dlh", "agency.dishub", "agency.dinkes")[number % 3]
        for row in self.town.open_rows(self.case_id)[:1]:
            self._try(lambda row=row: self._front().reroute(row.stage, agency, seat=row.seat))  # type: ignore[misc]

    @rule(at=st.integers(0, 5))
    def the_applicant_withdraws(self, at: int) -> None:
        if at == 0:
            self._try(lambda: self._front().withdraw())

    @rule(
        kind=st.sampled_from([ProposalKind.REOPEN, ProposalKind.REVOCATION]),
        answer=st.sampled_from(["", "", "declined", "none yet"]),
    )
    def a_head_proposes_and_another_answers(self, kind: ProposalKind, answer: str) -> None:
        front = self._front()
        self._try(lambda: self.town.as_(self.town.at("head", str(front.actor.office)), self.case_id).propose(kind))
        for row in self.town.open_rows(self.case_id):
            if row.stage == PROPOSAL and answer != "none yet":
                self._try(lambda row=row: self.town.do(self.case_id, row, answer))  # type: ignore[misc]

    @precondition(lambda self: hasattr(self, "case_id"))
    @invariant()
    def it_can_go_on_unless_it_ended(self) -> None:
        """Some desk has a move, unless the case has ended; then nobody has one but for an open proposal."""
        with self.town.hub.database.reading() as session:
            work = self.town.work(session, self.case_id)
            able = any(self._can(session, work, row) for row in work.rows)
            ended = CaseState(work.case.state) in ENDED
            waits = open_proposal(session, self.case_id) is not None
            assert able is (not ended or waits), (work.case.state, [(row.stage, row.state) for row in work.rows])

    @precondition(lambda self: hasattr(self, "case_id"))
    @invariant()
    def it_is_decided_once_and_by_others_than_who_prepared_it(self) -> None:
        with self.town.hub.database.reading() as session:
            work = self.town.work(session, self.case_id)
            found = session.scalars(select(CaseDecision).where(CaseDecision.case_id == self.case_id)).all()
            assert sum(each.state in {"proposed", "standing"} for each in found) <= 1
            makers = {row.done_by for row in work.rows if row.action in PREPARING and row.done_by}
            for each in found:
                if each.state in {"proposed", "standing"}:
                    assert each.person_id not in makers
                assert each.confirmed_by is None or self._is_another(each)

    @staticmethod
    def _is_another(decision: CaseDecision) -> bool:
        took_it_back = decision.state == "declined" and decision.confirmed_by == decision.person_id
        return took_it_back or (
            decision.confirmed_by != decision.person_id and decision.confirmed_office != decision.office
        )

    def _can(self, session: Session, work: Work, row: CaseStage) -> bool:
        if row.stage == PROPOSAL:
            return row.state == StageState.OPEN
        fresh = Actor(person_id="nobody yet", role=Role(row.role), office=OfficeCode(row.office), name="")
        if row.state not in {StageState.OPEN, StageState.TAKEN}:
            return row.state == StageState.ASKED
        return bool(possible_moves(session, fresh, work.case, self.town.tools))

    def _front(self) -> Worker:
        row = self.town.desk(self.case_id, self._first())
        return self.town.worker(self.case_id, row.role, row.office)

    def _first(self) -> str:
        with self.town.hub.database.reading() as session:
            return self.town.work(session, self.case_id).rows[0].stage

    @staticmethod
    def _try(move: Callable[[], None]) -> None:
        try:
            move()
        except REFUSED:
            return


def _fitting(row: CaseStage, outcome: str) -> str:
    """Return the wish when this stage can end so, else nothing: the usual end."""
    wishes = {
        "recommendation": {"no", "conditions"},
        "inspection": {"no", "conditions"},
        "decision": {"refused"},
        "confirmation": {"declined"},
        "assessment": {"exempt"},
        "tracking": {"not_issued"},
    }
    return outcome if outcome in wishes.get(row.action, set()) else ""


@contextmanager
def a_town() -> Iterator[Town]:
    with TemporaryDirectory() as folder:
        town = make_town(Path(folder), f"sqlite:///{Path(folder) / 'hub.db'}")
        yield town
        town.hub.database.dispose()


@pytest.mark.timeout(300)
def test_whatever_people_do_the_case_can_go_on_and_is_decided_once() -> None:
    with a_town() as town:
        machine = type("OneOffice", (Office,), {"town": town})
        limits = settings(
            max_examples=12,
            stateful_step_count=20,
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(machine, settings=limits)


def test_the_machine_sees_every_end() -> None:
    """The ways that the machine walks end issued, refused, withdrawn, recorded and tracked when nobody hinders them."""
    with a_town() as town:
        ends = []
        for service, outcomes in (("JALAN", {}), ("JALAN", {"decision": "refused"}), ("KK", {}), ("PBG", {})):
            case_id = town.case(service)
            town.work_off(case_id, **outcomes)
            ends.append(town.load(case_id).outcome)
        assert ends == ["issued", "refused", "recorded", "tracked"]
