"""Role × route × foreign object, from the map of routes: what is none of one's business looks like what is not there.

A copied link (F40), a guessed id (F04), another verb (F07): the same status, the same words, and nothing has changed.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from hub.accounts.access import Access
from hub.accounts.delegation_rules import AbsenceReason, NewAbsence, NewDelegation, Period, local_day
from hub.accounts.delegations import AccountTools, enter_absence, enter_delegation
from hub.accounts.rules import Role, SignCapacity
from hub.accounts.tables import Absence, Delegation
from hub.casework.tables import CaseEvent
from protocol.catalogue import OfficeCode
from tests.hubs import CATALOGUE
from tests.route_map import OBJECTS, address, body, routes, send
from tests.webs import HubWeb, make_web, token_of

TYPED = {
    "version": 1,
    "stage": "completeness",
    "seat": 0,
    "reason": "other",
    "note": "ditulis panjang lebar",
    "why": "mencocokkan dengan KTP",
    "verdict": "granted",
    "agrees": "yes",
    "office": "agency.dinkes",
}
"""Fills every form, so that nothing is refused for being empty before it is refused for being foreign."""

READS_ALL = {Role.INSPECTORATE}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWeb]:
    directory: Path = tmp_path_factory.mktemp("idor")
    made = make_web(directory, f"sqlite:///{directory / 'hub.db'}")
    yield made
    made.hub.database.dispose()


@pytest.fixture(scope="module")
def browsers(web: HubWeb) -> dict[Role, FlaskClient]:
    return {role: web.browser(role) for role in Role}


@pytest.fixture(scope="module")
def foreign(web: HubWeb) -> str:
    """A case at the civil registry of another subdistrict's village: none of the usual desks sees it."""
    return web.case("KK", "33.14.10.2005")


def about_cases(web: HubWeb) -> Iterator[tuple[str, str, str, Access]]:
    """Yield endpoint, method and the argument that names the foreign case, for each way to name one."""
    for rule, method, access in routes(web.app):
        if OBJECTS[rule.endpoint] == "case":
            yield from ((rule.endpoint, method, name, access) for name in rule.arguments & {"case_id", "other_id"})


@pytest.mark.parametrize("role", sorted(set(Role) - READS_ALL))
def test_a_foreign_case_looks_like_none(
    web: HubWeb, browsers: dict[Role, FlaskClient], foreign: str, role: Role
) -> None:
    rules = {rule.endpoint: rule for rule, _, _ in routes(web.app)}
    for endpoint, method, name, access in about_cases(web):
        theirs = send(browsers[role], method, address(web.app, rules[endpoint], **{name: foreign}), **TYPED)
        nobodys = send(browsers[role], method, address(web.app, rules[endpoint]), **TYPED)
        expected = 404 if role in access.roles else 403
        assert (theirs.status_code, nobodys.status_code) == (expected, expected), (endpoint, role)
        assert body(theirs) == body(nobodys), (endpoint, role)


def test_nothing_of_it_has_changed_or_was_noted(web: HubWeb, browsers: dict[Role, FlaskClient], foreign: str) -> None:
    rules = {rule.endpoint: rule for rule, _, _ in routes(web.app)}
    for role in set(Role) - READS_ALL:
        for endpoint, method, name, _access in about_cases(web):
            send(browsers[role], method, address(web.app, rules[endpoint], **{name: foreign}), **TYPED)
    case = web.load(foreign)
    assert (case.state, case.version_id) == ("received", 1)
    with web.hub.database.reading() as session:
        assert set(session.scalars(select(CaseEvent.kind).where(CaseEvent.case_id == foreign))) == {"routed"}


def test_who_reads_all_moves_nothing(web: HubWeb, browsers: dict[Role, FlaskClient], foreign: str) -> None:
    for rule, method, access in routes(web.app):
        if OBJECTS[rule.endpoint] == "case" and method == "POST" and rule.endpoint != "casework.reveal":
            assert Role.INSPECTORATE not in access.roles, rule.endpoint
            answer = send(browsers[Role.INSPECTORATE], method, address(web.app, rule, case_id=foreign), **TYPED)
            assert answer.status_code == 403
    assert browsers[Role.INSPECTORATE].get(f"/cases/{foreign}").status_code == 200
    assert web.load(foreign).version_id == 1


def test_a_case_whose_turn_has_not_come_is_foreign(web: HubWeb) -> None:
    case_id, clerk = web.case("APOTEK"), web.browser(Role.AGENCY_CLERK)
    assert clerk.get(f"/cases/{case_id}").status_code == 404
    web.town.work_off(case_id, until="inspection")
    assert clerk.get(f"/cases/{case_id}").status_code == 200


def test_a_copied_link_is_of_no_use_to_a_colleague_elsewhere(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    web.town.work_off(case_id, until="inspection")
    link = f"/cases/{case_id}/files/0/0?page=1"
    assert web.browser(Role.AGENCY_CLERK).get(link).status_code == 200
    assert web.browser(Role.AGENCY_CLERK, "agency.dlh").get(link).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_another_verb_opens_nothing(web: HubWeb, browsers: dict[Role, FlaskClient], foreign: str, method: str) -> None:
    browser = browsers[Role.FRONT_OFFICE]
    token = token_of(browser)
    for rule, _, _ in routes(web.app):
        if method in (rule.methods or ()) or not OBJECTS[rule.endpoint]:
            continue
        path = address(web.app, rule, case_id=foreign)
        for headers in ({}, {"X-HTTP-Method-Override": "POST"}, {"X-Method-Override": "GET"}):
            answer = browser.open(path, method=method, data={"csrf_token": token, **TYPED}, headers=headers)
            assert answer.status_code in {403, 404, 405}, (rule.rule, method, answer.status_code)


def enter(web: HubWeb, office: str) -> tuple[str, str]:
    """Enter a delegation and an absence at an office, and return their ids."""
    head, clerk = web.actor(Role.HEAD, office), web.actor(Role.FRONT_OFFICE, office)
    now = web.hub.clock.now()
    day = local_day(now)
    period = Period(first=day, last=day + timedelta(days=3))
    tools = AccountTools(ids=web.ids, randomness=web.hub.randomness, offices=CATALOGUE.offices)
    with web.hub.database.session() as session:
        new = NewDelegation(
            office=OfficeCode(office),
            role=Role.HEAD,
            capacity=SignCapacity.DAILY,
            holder_id=clerk.person_id,
            principal_id=head.person_id,
            period=period,
            basis="SPT 1/2026",
        )
        away = NewAbsence(person_id=head.person_id, period=period, reason=AbsenceReason.DUTY)
        return (
            enter_delegation(session, now, head, new, tools),
            enter_absence(session, now, head, away, tools),
        )


def test_delegations_and_absences_of_others_look_like_none(web: HubWeb, browsers: dict[Role, FlaskClient]) -> None:
    delegation, absence = enter(web, "civil-registry")
    for rule, method, access in routes(web.app):
        kind = OBJECTS[rule.endpoint]
        if kind in {"delegation", "absence"}:
            for role in access.roles - {Role.NETWORK_ADMIN}:
                mine = address(web.app, rule, delegation_id=delegation, absence_id=absence)
                theirs, nobodys = (
                    send(browsers[role], method, mine),
                    send(browsers[role], method, address(web.app, rule)),
                )
                assert (theirs.status_code, body(theirs)) == (nobodys.status_code, body(nobodys)), (rule.endpoint, role)
    with web.hub.database.reading() as session:
        rows = [*session.scalars(select(Delegation)), *session.scalars(select(Absence))]
        assert [row.withdrawn_at for row in rows] == [None, None]
