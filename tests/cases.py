"""Casework without pages: a hub whose intake opens cases, people who move them, and what the village was told."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor, Role
from hub.accounts.tables import Person
from hub.casework import service as casework
from hub.casework.events import CaseTools
from hub.casework.news import Tidings
from hub.casework.rules import StageOutcome, StageState
from hub.casework.stages import Work, work_on
from hub.casework.tables import Case, CaseStage
from hub.catalogue.catalogue import Catalogue
from hub.intake.receipts import issue_waiting
from hub.intake.tables import BundleReceipt
from hub.storage.ports import Ids, SystemIds
from loadtests.village import Change, Made, Village
from protocol.catalogue import OfficeCode, StageAction
from tests.hubs import CATALOGUE, TestHub, bundle_of, make_hub

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
            return dict(rows.tuples().all())

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
            row = rows[0]
            if row.stage == until:
                break
            self.do(case_id, row, outcomes.get(row.stage, ""))
            done.append(row.stage)
        return done

    def do(self, case_id: str, row: CaseStage, outcome: str = "") -> None:
        """Let the usual person of a desk do its work."""
        actor, action, version = self.at(row.role, row.office), StageAction(row.action), self.load(case_id).version_id
        with self.hub.database.session() as session:
            common = {"case_id": case_id, "version": version}
            place = common | {"stage": row.stage, "seat": row.seat}
            note = "Cukup jelas alasannya."
            if action is StageAction.COMPLETENESS:
                casework.call_complete(session, self.now(), actor, casework.CaseCommand(**common), self.tools)
            elif action in {StageAction.RECOMMENDATION, StageAction.INSPECTION}:
                if row.state == StageState.OPEN:
                    casework.take_stage(session, self.now(), actor, casework.StageCommand(**place), self.tools)
                    place["version"] = version + 1
                opinion = casework.Opinion(verdict=StageOutcome(outcome or "yes"), note=note)
                command = casework.OpinionCommand(**place, opinion=opinion)
                casework.give_opinion(session, self.now(), actor, command, self.tools)
            elif action is StageAction.DECISION:
                decision = casework.DecisionCommand(**common, verdict=StageOutcome(outcome or "granted"), note=note)
                casework.decide(session, self.now(), actor, decision, self.tools)
            elif action is StageAction.CONFIRMATION and row.stage != "proposal":
                answer = casework.ConfirmCommand(**common, agrees=outcome != "declined", note=note)
                casework.confirm(session, self.now(), actor, answer, self.tools)
            elif action is StageAction.HANDOVER:
                casework.hand_over(session, self.now(), actor, casework.HandOverCommand(**common), self.tools)
            else:
                usual = {"assessment": "assessed", "payment": "paid", "signature": "signed", "tracking": "tracked"}
                ended = StageOutcome(outcome or usual.get(action, "done"))
                finished = casework.FinishCommand(**place, outcome=ended, reference=f"NO-{row.stage}", note=note)
                casework.finish_stage(session, self.now(), actor, finished, self.tools)


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
    )
    return Town(hub=hub, ids=ids, tools=tools, told=told)
