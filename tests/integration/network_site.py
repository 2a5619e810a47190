"""The hub's whole web program in one process: browsers that sign in, and nodes that post CBOR."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.accounts.context import WebContext
from hub.accounts.rules import Role
from hub.accounts.service import NewPerson, add_person
from hub.authority.certification import Issuer, issue_approved
from hub.authority.pki_files import open_pki
from hub.catalogue.catalogue import Catalogue
from hub.ledger.service import sign_head
from hub.settings import Settings
from hub.storage.blobs import FileBlobStore
from hub.storage.engine import Database
from hub.storage.hubkeys import create_keys, load_log_key
from hub.storage.keyring import Keyring
from hub.storage.ports import SystemIds, SystemRandomness
from hub.web.app import create_app
from tests.integration.fleet import HUB, NOW, ORIGIN, fresh_database

CATALOGUE = Catalogue.load()
PASSWORD = "rahasia-untuk-uji"
PEOPLE = {"budi": Role.NETWORK_ADMIN, "dewi": Role.NETWORK_ADMIN, "agus": Role.INSPECTORATE, "rina": Role.FRONT_OFFICE}


@dataclass
class HandClock:
    """A clock that a test sets."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def now_ms(self) -> int:
        return int(self.moment.timestamp() * 1000)


@dataclass(kw_only=True)
class Site:
    app: Flask
    database: Database
    settings: Settings
    clock: HandClock
    known: set[str] = field(default_factory=set)

    def browser(self, person: str) -> "Browser":
        """Sign somebody in, who becomes known at the first time: hashing passwords takes long."""
        if person not in self.known:
            self._add(person)
        browser = Browser(self.app.test_client())
        sign_in = {"username": person, "password": PASSWORD}
        assert browser.post("/sign-in", sign_in, page="/sign-in").status_code == 303
        return browser

    def work(self) -> None:
        """Do what the worker does in each of its rounds."""
        issuer = Issuer.load(self.settings, CATALOGUE, SystemRandomness())
        issue_approved(self.database, self.clock.now(), issuer)

    def _add(self, name: str) -> None:
        self.known.add(name)
        office = "inspectorate" if PEOPLE[name] is Role.INSPECTORATE else "one-stop"
        person = NewPerson(username=name, name=name.title(), password=PASSWORD, role=PEOPLE[name], office=office)
        with self.database.session() as session:
            add_person(session, NOW, SystemIds(self.clock, SystemRandomness()), CATALOGUE.offices, person)

    def node(self, path: str, body: bytes, media_type: str = "application/cbor") -> TestResponse:
        return self.app.test_client().post(path, data=body, content_type=media_type)


@dataclass
class Browser:
    client: FlaskClient

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.status
        return answer.get_data(as_text=True)

    def post(self, path: str, fields: dict[str, str], page: str = "/network/enrolment") -> TestResponse:
        html = self.client.get(page).get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="([^"]+)"', html)
        assert token is not None
        return self.client.post(path, data={"csrf_token": token[1], **fields})


@contextmanager
def open_site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """Build the web program of a fresh hub."""
    settings = Settings(data_dir=tmp_path, broker_public_host="broker.sragen.example")
    settings = replace(settings, database_url=database_url, trusted_hosts=("localhost",))
    clock, randomness = HandClock(), SystemRandomness()
    create_keys(settings.keys_dir, randomness)
    open_pki(settings.pki_dir, HUB, now=NOW, entropy=randomness.token)
    with fresh_database(database_url) as database:
        with database.session() as session:
            sign_head(session, NOW, load_log_key(settings.keys_dir), ORIGIN)
        context = WebContext(
            database=database,
            catalogue=CATALOGUE,
            keyring=Keyring.open(settings.keys_dir, create=True),
            blobs=FileBlobStore(settings.blobs_dir),
            clock=clock,
            randomness=randomness,
            ids=SystemIds(clock, randomness),
            settings=settings,
        )
        yield Site(app=create_app(context), database=database, settings=settings, clock=clock)


def code_on(page: str) -> str:
    found = re.search(r'id="code">([^<]+)<', page)
    assert found is not None
    return found[1]
