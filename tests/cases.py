"""Casework without pages: a hub whose intake opens cases, people who move them, and what the village was told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypedDict, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor, Role
from hub.accounts.tables import Person
from hub.casework import service as casework
from hub.casework.events import CaseTools
from hub.casework.flow import PROPOSAL
from hub.casework.news import Tidings
from hub.casework.rules import Correction, StageOutcome, StageState
from hub.casework.stages import Work, work_on
from hub.casework.tables import Case, CaseProposal, CaseStage
from hub.catalogue.catalogue import Catalogue
from hub.intake.receipts import issue_waiting
from hub.intake.tables import BundleReceipt
from hub.storage.ports import Ids, SystemIds
from loadtests.village import Change, Made, Village
from protocol.catalogue import OfficeCode, StageAction
from tests.hubs import CATALOGUE, TestHub, bundle_of, make_hub

Command = TypeVar("Command")

KEDEN = "33.14.01.2001"


@dataclass
class Town:
    """A hub with its cases and its people."""

    hub: TestHub
    ids: Ids
    tools: CaseTools
    told: list[Tidings]
    villages: dict[str, Village] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    people: dict[tuple[str, str], Actor] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return the time, a minute after it was asked for the last time."""
        self.hub.clock.move(60)
        return self.hub.clock.now()

    def person(self, role: Role, office: str, nik_index: bytes | None = None) -> Actor:
        """Return a new person."""
        person_id = self.ids.new()
        with self.hub.database.session() as session:
            session.add(
                Person(
                    person_id=person_id,
                    username=person_id.lower(),
                    name=f"Orang {person_id[-4:]}",
                    password="no password",
                    role=str(role),
                    office=office,
                    active=True,
                    created_at=self.hub.clock.now(),
                    nik_index=nik_index,
                )
            )
        return Actor(person_id=person_id, role=role, office=OfficeCode(office), name="")

    def at(self, role: str, office: str) -> Actor:
        """Return the usual person of a desk."""
        if (role, office) not in self.people:
            self.people[role, office] = self.person(Role(role), office)
        return self.people[role, office]

    def case(
        self, service: str, village: str = KEDEN, *, whole: bool = True, change: Change = lambda made: made
    ) -> str:
        """Let intake accept an application and return the id of its case."""
        sender = self.village(village)
        made = sender.seal_application(
            self.tools.catalogue.service(service, 1), files=(b"\xff\xd8scan",), change=change
        )
        return self.take_in(sender, made, whole=whole)

    def village(self, village: str = KEDEN) -> Village:
        """Return the node of a village."""
        if village not in self.villages:
            self.villages[village] = self.hub.enrol(village)
        return self.villages[village]

    def take_in(self, sender: Village, made: Made, *, whole: bool = True) -> str:
        """Let intake accept a sealed application."""
        self.made.append(made)
        if whole:
            self.hub.deliver(sender, made)
        else:
            self.hub.receive(bundle_of(sender, made))
        with self.hub.database.reading() as session:
            return session.scalars(select(Case.case_id).where(Case.bundle_id == made.bundle)).one()

    def load(self, case_id: str) -> Case:
        """Return a case as it now is."""
        with self.hub.database.reading() as session:
            return session.get_one(Case, case_id)

    def work(self, session: Session, case_id: str) -> Work:
        """Return a case with its stages."""
        return work_on(session, session.get_one(Case, case_id), self.tools)

    def stages(self, case_id: str) -> dict[str, str]:
        """Return the state of each stage; of a joint visit, of its first seat."""
        with self.hub.database.reading() as session:
            rows = session.execute(
                select(CaseStage.stage, CaseStage.state)
                .where(CaseStage.case_id == case_id)
                .order_by(CaseStage.seat.desc())
            )
            return dict(rows.all())

    def desk(self, case_id: str, stage: str, seat: int = 0) -> CaseStage:
        """Return one desk of a case."""
        with self.hub.database.reading() as session:
            return session.get_one(CaseStage, (case_id, stage, seat))

    def receipts(self) -> list[str]:
        """Return the kinds of all receipts, oldest first."""
        with self.hub.database.reading() as session:
            return list(session.scalars(select(BundleReceipt.kind).order_by(BundleReceipt.id)))

    def sign_receipts(self) -> int:
        """Do what the worker does, and return how many receipts it signed."""
        with self.hub.database.session() as session:
            return len(issue_waiting(session, self.hub.clock.now(), self.hub.context.secrets.log))

    def worker(self, case_id: str, role: str, office: str) -> "Worker":
        """Return the usual person of a desk, who has the case as it now is before the eyes."""
        return Worker(self, self.at(role, office), case_id, self.load(case_id).version_id)

    def as_(self, actor: Actor, case_id: str) -> "Worker":
        """Return somebody who has the case as it now is before the eyes."""
        return Worker(self, actor, case_id, self.load(case_id).version_id)

    def open_rows(self, case_id: str) -> list[CaseStage]:
        """Return what lies on desks, in the order of the service."""
        with self.hub.database.reading() as session:
            wanted = select(CaseStage).where(
                CaseStage.case_id == case_id, CaseStage.state.in_((str(StageState.OPEN), str(StageState.TAKEN)))
            )
            return list(session.scalars(wanted.order_by(CaseStage.position, CaseStage.seat)))

    def work_off(self, case_id: str, until: str = "", **outcomes: str) -> list[str]:
        """Let the usual people do what is open, one desk after the other, and return the stages that they did.

        Stops when the stage ``until`` is next; ``outcomes`` are those that are not the usual ones, by stage.
        """
        done: list[str] = []
        while rows := self.open_rows(case_id):
            row = next((each for each in rows if each.stage == PROPOSAL), rows[0])
            if row.stage == until:
                break
            self.do(case_id, row, outcomes.get(row.stage, ""))
            done.append(row.stage)
        return done

    def do(self, case_id: str, row: CaseStage, outcome: str = "") -> None:
        """Let the usual person of a desk do its work."""
        worker = Worker(self, self.at(row.role, row.office), case_id, self.load(case_id).version_id)
        action = StageAction(row.action)
        if row.stage == PROPOSAL:
            worker.answer(agrees=outcome != "declined")
        elif action is StageAction.COMPLETENESS:
            worker.complete()
        elif action in {StageAction.RECOMMENDATION, StageAction.INSPECTION}:
            worker.advise(row, StageOutcome(outcome or "yes"))
        elif action is StageAction.DECISION:
            worker.decide(StageOutcome(outcome or "granted"))
        elif action is StageAction.CONFIRMATION:
            worker.confirm(agrees=outcome != "declined")
        elif action is StageAction.HANDOVER:
            worker.hand_over()
        else:
            worker.finish(row, StageOutcome(outcome or _USUAL.get(action, "done")))


_USUAL = {
    StageAction.ASSESSMENT: "assessed",
    StageAction.PAYMENT: "paid",
    StageAction.SIGNATURE: "signed",
    StageAction.TRACKING: "tracked",
}
NOTE = "Cukup jelas alasannya."


@dataclass
class Worker:
    """A person with a case and a version of it before the eyes; each move is a transaction."""

    town: Town
    actor: Actor
    case_id: str
    version: int

    def take(self, stage: str, seat: int = 0) -> None:
        self._run(casework.take_stage, casework.StageCommand(**self._seen, stage=stage, seat=seat))

    def complete(self) -> None:
        self._run(casework.call_complete, casework.CaseCommand(**self._seen))

    def ask(self, stage: str, correction: Correction, seat: int = 0) -> None:
        command = casework.CorrectionCommand(**self._seen, stage=stage, seat=seat, correction=correction)
        self._run(casework.ask_correction, command)

    def advise(self, row: CaseStage, verdict: StageOutcome = StageOutcome.YES, note: str = NOTE) -> None:
        if row.state == StageState.OPEN:
            self.take(row.stage, row.seat)
            self.version += 1
        self.opine(row.stage, casework.Opinion(verdict=verdict, note=note), row.seat)

    def opine(self, stage: str, opinion: casework.Opinion, seat: int = 0) -> None:
        command = casework.OpinionCommand(**self._seen, stage=stage, seat=seat, opinion=opinion)
        self._run(casework.give_opinion, command)

    def finish(self, row: CaseStage, outcome: StageOutcome, reference: str = "NO-1") -> None:
        command = casework.FinishCommand(
            **self._seen, stage=row.stage, seat=row.seat, outcome=outcome, reference=reference, note=NOTE
        )
        self._run(casework.finish_stage, command)

    def decide(self, verdict: StageOutcome = StageOutcome.GRANTED, note: str = NOTE) -> None:
        self._run(casework.decide, casework.DecisionCommand(**self._seen, verdict=verdict, note=note))

    def confirm(self, *, agrees: bool = True, note: str = NOTE) -> None:
        self._run(casework.confirm, casework.ConfirmCommand(**self._seen, agrees=agrees, note=note))

    def hand_over(self) -> None:
        self._run(casework.hand_over, casework.HandOverCommand(**self._seen))

    def reroute(self, stage: str, office: str, reason: str = NOTE, seat: int = 0) -> None:
        command = casework.RerouteCommand(**self._seen, stage=stage, seat=seat, office=office, reason=reason)
        self._run(casework.reroute, command)

    def withdraw(self, reason: str = NOTE) -> None:
        self._run(casework.withdraw, casework.WithdrawCommand(**self._seen, reason=reason))

    def propose(self, kind: casework.ProposalKind, reason: str = NOTE, payload: bytes = b"") -> None:
        command = casework.ProposalCommand(**self._seen, kind=kind, reason=reason, payload=payload)
        self._run(casework.propose, command)

    def answer(self, *, agrees: bool = True, note: str = NOTE) -> None:
        with self.town.hub.database.reading() as session:
            proposal = session.scalars(
                select(CaseProposal.proposal_id).where(
                    CaseProposal.case_id == self.case_id, CaseProposal.state == "open"
                )
            ).first()
        command = casework.AnswerCommand(**self._seen, proposal_id=proposal or "", agrees=agrees, note=note)
        self._run(casework.answer_proposal, command)

    @property
    def _seen(self) -> "_Seen":
        return {"case_id": self.case_id, "version": self.version}

    def _run(self, move: Callable[[Session, datetime, Actor, Command, CaseTools], object], command: Command) -> None:
        now = self.town.now()
        with self.town.hub.database.session() as session:
            move(session, now, self.actor, command, self.town.tools)


class _Seen(TypedDict):
    case_id: str
    version: int


def make_town(directory: Path, database_url: str, catalogue: Catalogue = CATALOGUE) -> Town:
    """Build a hub in an empty directory on an empty database, whose intake opens cases."""
    hub = make_hub(directory, database_url)
    ids, told = SystemIds(hub.clock, hub.randomness), list[Tidings]()

    def notify(session: Session, now: datetime, tidings: Tidings) -> None:
        assert session.in_transaction()
        assert now.tzinfo is not None
        told.append(tidings)

    tools = CaseTools(
        catalogue=catalogue,
        keyring=hub.context.stores.keyring,
        randomness=hub.randomness,
        ids=ids,
        notify=notify,
    )
    hub.context = replace(
        hub.context,
        catalogue=catalogue,
        open_cases=lambda session, now, accepted: casework.take_in(session, now, accepted, tools),
        asked_for=casework.asked_for,
    )
    return Town(hub=hub, ids=ids, tools=tools, told=told)
