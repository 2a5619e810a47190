"""The hub's web program around a whole hub without processes: people, cases that intake accepted, browsers."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from hub.accounts.context import WebContext
from hub.accounts.rules import Actor, Role
from hub.accounts.service import begin_session
from hub.accounts.tables import Person
from hub.casework.events import CaseTools
from hub.casework.opening import open_cases
from hub.casework.tables import Case
from hub.intake.receipts import issue_waiting
from hub.settings import Settings
from hub.storage.ports import Ids, SystemIds
from hub.web.app import create_app
from loadtests.village import Change, Village
from protocol.bundle import Manifest
from protocol.catalogue import OfficeCode
from tests.hubs import CATALOGUE, TestHub, bundle_of, make_hub

KEDEN = "33.14.01.2001"
OFFICES = {
    Role.FRONT_OFFICE: "one-stop",
    Role.AGENCY_CLERK: "agency.dinkes",
    Role.SUBDISTRICT_OFFICER: "subdistrict.33.14.01",
    Role.NETWORK_ADMIN: "one-stop",
    Role.INSPECTORATE: "inspectorate",
    Role.HEAD: "one-stop",
}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class HubWeb:
    """Everything that a test of pages needs."""

    hub: TestHub
    app: Flask
    ids: Ids
    villages: dict[str, Village] = field(default_factory=dict)
    sealed: list[Manifest] = field(default_factory=list)

    @property
    def tools(self) -> CaseTools:
        stores = self.hub.context.stores
        return CaseTools(catalogue=CATALOGUE, keyring=stores.keyring, randomness=self.hub.randomness)

    def actor(self, role: Role, office: str = "") -> Actor:
        """Return a new person of this role; without an office, at the usual one."""
        office, person_id = office or OFFICES[role], self.ids.new()
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
                )
            )
        return Actor(person_id=person_id, role=role, office=OfficeCode(office), name="")

    def browser(self, role: Role | None = None, office: str = "") -> FlaskClient:
        """Return a browser, signed in as a new person of this role; without a role, a stranger's."""
        client = self.app.test_client()
        if role is not None:
            person = self.actor(role, office).person_id
            with self.hub.database.session() as session:
                token = begin_session(session, self.hub.clock.now(), self.hub.randomness, person)
            client.set_cookie("simpul", token)
        return client

    def case(
        self, service: str = "APOTEK", village: str = KEDEN, *, whole: bool = True, change: Change = lambda made: made
    ) -> str:
        """Let intake accept an application and return the id of its case."""
        if village not in self.villages:
            self.villages[village] = self.hub.enrol(village)
        sender = self.villages[village]
        made = sender.seal_application(CATALOGUE.service(service, 1), files=(b"\xff\xd8scan",), change=change)
        self.sealed.append(made.manifest)
        if whole:
            self.hub.deliver(sender, made)
        else:
            self.hub.receive(bundle_of(sender, made))
        with self.hub.database.reading() as session:
            return session.scalars(select(Case.case_id).where(Case.bundle_id == made.bundle)).one()

    def newest(self) -> Manifest:
        """Return the manifest that was sealed last."""
        return self.sealed[-1]

    def load(self, case_id: str) -> Case:
        """Return a case as it now is."""
        with self.hub.database.reading() as session:
            return session.get_one(Case, case_id)

    def sign_receipts(self) -> int:
        """Do what the worker does, and return how many receipts it signed."""
        with self.hub.database.session() as session:
            return len(issue_waiting(session, self.hub.clock.now(), self.hub.context.secrets.log))


def make_web(directory: Path, database_url: str, *, production: bool = False) -> HubWeb:
    """Build hub and web program in an empty directory on an empty database."""
    hub = make_hub(directory, database_url)
    ids = SystemIds(hub.clock, hub.randomness)
    hub.context = replace(
        hub.context,
        open_cases=lambda session, now, accepted: open_cases(
            session, now, accepted, catalogue=CATALOGUE, ids=ids, randomness=hub.randomness
        ),
    )
    context = WebContext(
        database=hub.database,
        catalogue=CATALOGUE,
        keyring=hub.context.stores.keyring,
        blobs=hub.context.stores.blobs,
        clock=hub.clock,
        randomness=hub.randomness,
        ids=ids,
        settings=Settings(data_dir=directory, production=production),
    )
    return HubWeb(hub=hub, app=create_app(context), ids=ids)


def token_of(browser: FlaskClient) -> str:
    """Return the form token of a browser, from any page."""
    found = _TOKEN.search(browser.get("/no-such-page").text)
    assert found is not None
    return found[1]


def post(browser: FlaskClient, path: str, **values: object) -> TestResponse:
    """Send a form as a browser does, with its token."""
    return browser.post(path, data={"csrf_token": token_of(browser), **values})
