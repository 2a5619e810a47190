"""A town whose heads sign letters and whose desks set fees: the tools of both rooms around ``tests.cases.Town``."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import select

from hub.accounts.rules import Actor, Role
from hub.accounts.tables import Person
from hub.casework.commands import CaseCommand, ProposalKind
from hub.casework.tables import CaseStage
from hub.fees.changes import change_fee
from hub.fees.queries import charged_rp
from hub.fees.service import FeeTools
from hub.permits.documents import read_document
from hub.permits.revocation import revoke
from hub.permits.service import NOTHING_TYPED, PermitTools, sign_case
from hub.permits.stationery import Stationery
from hub.permits.tables import Permit, RegisterLine
from hub.storage.hubkeys import load_permit_key
from loadtests.village import Change
from protocol.catalogue import StageAction
from protocol.notices import Decision
from tests.cases import Town, make_town
from tests.hubs import HUB
from tests.integration.permits.papers import a_provider

STATIONERY = Stationery.load()
PROVIDER = a_provider()


@dataclass
class Desk:
    """Everything that a test of letters and fees needs."""

    town: Town
    tools: PermitTools
    fees: FeeTools

    def command(self, case_id: str) -> CaseCommand:
        """Return a command of somebody who has the case as it now is before the eyes."""
        return CaseCommand(case_id=case_id, version=self.town.load(case_id).version_id)

    def head(self, office: str = "one-stop") -> Actor:
        """Return the head of an office."""
        return self.named(self.town.at(str(Role.HEAD), office))

    def named(self, actor: Actor) -> Actor:
        """Give a person a name as it stands on a letter."""
        with self.town.hub.database.session() as session:
            session.get_one(Person, actor.person_id).name = "Dr. Budi Ma'arif, S.H."
        return actor

    def ready(self, service: str = "PM", change: Change = lambda made: made, **outcomes: str) -> str:
        """Return a case that waits for its signature."""
        case_id = self.town.case(service, change=change)
        self.town.work_off(case_id, until="signature", **outcomes)
        assert self.row(case_id, StageAction.SIGNATURE).state == "open"
        return case_id

    def signed(self, service: str = "PM", **outcomes: str) -> str:
        """Return a case whose letter was signed."""
        case_id = self.ready(service, lambda made: made, **outcomes)
        self.sign(case_id)
        return case_id

    def sign(self, case_id: str) -> bytes:
        """Let the head of the office sign; return the document's id."""
        signer = self.head(self.row(case_id, StageAction.SIGNATURE).office)
        hub = self.town.hub
        return sign_case(hub.database, hub.clock, signer, self.command(case_id), NOTHING_TYPED, self.tools)

    def row(self, case_id: str, action: StageAction) -> CaseStage:
        """Return the row of an action."""
        with self.town.hub.database.reading() as session:
            wanted = select(CaseStage).where(CaseStage.case_id == case_id, CaseStage.action == str(action))
            return session.scalars(wanted.order_by(CaseStage.position)).first() or CaseStage()

    def permits(self, case_id: str) -> list[Permit]:
        """Return the letters of a case, oldest first."""
        with self.town.hub.database.reading() as session:
            return list(session.scalars(select(Permit).where(Permit.case_id == case_id).order_by(Permit.permit_id)))

    def numbers(self) -> list[str]:
        """Return every number that was given, in the order of the registers."""
        with self.town.hub.database.reading() as session:
            return list(session.scalars(select(RegisterLine.number).order_by(RegisterLine.line_id)))

    def pdf(self, document_id: bytes) -> bytes:
        """Return the bytes of a document."""
        stores = self.town.hub.context.stores
        with self.town.hub.database.reading() as session:
            return read_document(session, stores.keyring, stores.blobs, document_id)

    def decisions(self) -> list[Decision]:
        """Return the decisions that villages were told."""
        return [each for each in self.town.told if isinstance(each, Decision)]


def make_desk(directory: Path, database_url: str) -> Desk:
    """Build hub and tools in an empty directory on an empty database."""
    town = make_town(directory, database_url)
    tools = PermitTools(
        case=town.tools,
        hub=HUB,
        stationery=STATIONERY,
        key=load_permit_key(directory / "keys"),
        provider=PROVIDER,
        blobs=town.hub.context.stores.blobs,
        charged_rp=charged_rp,
    )
    fees = FeeTools(case=town.tools, hub=HUB, stationery=STATIONERY)
    effects = {
        ProposalKind.REVOCATION: partial(revoke, tools=tools),
        ProposalKind.FEE_CHANGE: partial(change_fee, tools=fees),
    }
    town.tools = replace(town.tools, effects=effects)
    return Desk(town=town, tools=tools, fees=fees)
