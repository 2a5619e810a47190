"""The hub's web program around a whole hub without processes: people, cases that intake accepted, browsers."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.accounts.context import WebContext
from hub.accounts.rules import Actor, Role
from hub.accounts.service import begin_session
from hub.casework.events import CaseTools
from hub.casework.tables import Case
from hub.settings import Settings
from hub.storage.ports import Ids
from hub.web.app import create_app
from loadtests.village import Change
from protocol.bundle import Manifest
from tests.cases import KEDEN, Town
from tests.hostile_files import a_jpeg
from tests.hubs import CATALOGUE, TestHub
from tests.integration.permits.desk import Desk, make_desk

OFFICES = {
    Role.FRONT_OFFICE: "one-stop",
    Role.AGENCY_CLERK: "agency.dinkes",
    Role.SUBDISTRICT_OFFICER: "subdistrict.33.14.01",
    Role.VILLAGE_OFFICER: "village.33.14.01.2001",
    Role.DIVISION_HEAD: "one-stop",
    Role.NETWORK_ADMIN: "one-stop",
    Role.INSPECTORATE: "inspectorate",
    Role.HEAD: "one-stop",
}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class HubWeb:
    """Everything that a test of pages needs."""

    town: Town
    app: Flask
    desk: Desk
    sealed: list[Manifest] = field(default_factory=list)

    @property
    def hub(self) -> TestHub:
        return self.town.hub

    @property
    def ids(self) -> Ids:
        return self.town.ids

    @property
    def tools(self) -> CaseTools:
        return self.town.tools

    def actor(self, role: Role, office: str = "") -> Actor:
        """Return a new person of this role; without an office, at the usual one."""
        return self.town.person(role, office or OFFICES[role])

    def browser(self, role: Role | None = None, office: str = "") -> FlaskClient:
        """Return a browser, signed in as a new person of this role; without a role, a stranger's."""
        return self.browser_of(None if role is None else self.actor(role, office))

    def browser_of(self, person: Actor | None) -> FlaskClient:
        """Return a browser, signed in as this person."""
        client = self.app.test_client()
        if person is not None:
            with self.hub.database.session() as session:
                token = begin_session(session, self.hub.clock.now(), self.hub.randomness, person.person_id)
            client.set_cookie("simpul", token)
        return client

    def case(
        self,
        service: str = "APOTEK",
        village: str = KEDEN,
        *,
        whole: bool = True,
        change: Change = lambda made: made,
        file: bytes = b"",
    ) -> str:
        """Let intake accept an application with one file and return the id of its case."""
        sender = self.town.village(village)
        made = sender.seal_application(CATALOGUE.service(service, 1), files=(file or a_jpeg(),), change=change)
        self.sealed.append(made.manifest)
        return self.town.take_in(sender, made, whole=whole)

    def newest(self) -> Manifest:
        """Return the manifest that was sealed last."""
        return self.sealed[-1]

    def load(self, case_id: str) -> Case:
        """Return a case as it now is."""
        return self.town.load(case_id)

    def sign_receipts(self) -> int:
        """Do what the worker does, and return how many receipts it signed."""
        return self.town.sign_receipts()


def make_web(directory: Path, database_url: str, *, production: bool = False) -> HubWeb:
    """Build hub and web program in an empty directory on an empty database."""
    desk = make_desk(directory, database_url)
    town = desk.town
    stores = town.hub.context.stores
    context = WebContext(
        database=town.hub.database,
        catalogue=CATALOGUE,
        keyring=stores.keyring,
        blobs=stores.blobs,
        clock=town.hub.clock,
        randomness=town.hub.randomness,
        ids=town.ids,
        settings=Settings(data_dir=directory, production=production),
    )
    return HubWeb(town=town, app=create_app(context, town.tools, desk.tools, desk.fees), desk=desk)


def token_of(browser: FlaskClient) -> str:
    """Return the form token of a browser, from any page."""
    found = _TOKEN.search(browser.get("/no-such-page").text)
    assert found is not None
    return found[1]


def post(browser: FlaskClient, path: str, **values: object) -> TestResponse:
    """Send a form as a browser does, with its token."""
    return browser.post(path, data={"csrf_token": token_of(browser), **values})
