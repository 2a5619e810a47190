"""Delegations and absences on real databases and through the page: who acts for whom, from which day to which."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hub.accounts.acting import absent_people, acting_for
from hub.accounts.delegation_rules import local_day
from hub.accounts.delegations import AccountTools
from hub.accounts.errors import AccountError
from hub.accounts.rules import Actor, Role, SignCapacity
from hub.accounts.service import resume_session, set_nik
from hub.accounts.tables import Person
from hub.storage.keyring import NIK_PURPOSE
from tests.hubs import CATALOGUE
from tests.webs import HubWeb, make_web, post


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def tools(web: HubWeb) -> AccountTools:
    return AccountTools(ids=web.ids, randomness=web.hub.randomness, offices=CATALOGUE.offices)


def give(web: HubWeb, head: Actor, holder: Actor, **changes: object) -> int:
    """Enter a delegation at the page, as the head does; return the status."""
    day = local_day(web.hub.clock.now())
    values = {
        "office": head.office,
        "role": "head",
        "capacity": "plh",
        "holder": holder.person_id,
        "principal": head.person_id,
        "first": day.isoformat(),
        "last": (day + timedelta(days=2)).isoformat(),
        "basis": "SPT 800/1/2026",
        **changes,
    }
    return post(web.browser_of(head), "/delegations", **values).status_code


def hats(web: HubWeb, person: Actor) -> list[str]:
    with web.hub.database.reading() as session:
        return [each.delegation_id for each in acting_for(session, person.person_id, web.hub.clock.now())]


def actor_of(web: HubWeb, browser: FlaskClient) -> Actor:
    cookie = browser.get_cookie("simpul")
    assert cookie is not None
    found = resume_session(web.hub.database, web.hub.clock.now(), cookie.value)
    assert found is not None
    return found


def test_a_hat_gives_role_and_office_and_the_person_stays(web: HubWeb) -> None:
    head, holder = web.actor(Role.HEAD, "agency.dinkes"), web.actor(Role.FRONT_OFFICE)
    assert give(web, head, holder) == 303
    browser = web.browser_of(holder)
    before = browser.get_cookie("simpul")
    post(browser, "/delegations/hat", delegation=hats(web, holder)[0])
    after = browser.get_cookie("simpul")
    worn = actor_of(web, browser)
    assert (worn.role, worn.office, worn.capacity) == (Role.HEAD, "agency.dinkes", SignCapacity.DAILY)
    assert worn.person_id == holder.person_id
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert "Plh." in browser.get("/cases").text


def test_a_hat_falls_off_when_its_days_are_over_or_it_is_withdrawn(web: HubWeb) -> None:
    head, holder = web.actor(Role.HEAD), web.actor(Role.FRONT_OFFICE)
    give(web, head, holder)
    delegation = hats(web, holder)[0]
    browser = web.browser_of(holder)
    post(browser, "/delegations/hat", delegation=delegation)
    assert actor_of(web, browser).role is Role.HEAD
    assert post(web.browser_of(head), f"/delegations/{delegation}/withdraw").status_code == 303
    assert actor_of(web, browser).role is Role.FRONT_OFFICE
    give(web, head, holder)
    web.hub.clock.move(3 * 86_400)
    assert hats(web, holder) == []


def test_a_strangers_hat_is_not_put_on(web: HubWeb) -> None:
    head, holder, thief = web.actor(Role.HEAD), web.actor(Role.FRONT_OFFICE), web.actor(Role.FRONT_OFFICE)
    give(web, head, holder)
    browser = web.browser_of(thief)
    post(browser, "/delegations/hat", delegation=hats(web, holder)[0])
    assert actor_of(web, browser).role is Role.FRONT_OFFICE


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"last": "2020-01-01"}, 422),
        ({"basis": "x"}, 422),
        ({"capacity": "raja"}, 422),
        ({"office": "agency.nowhere"}, 422),
        ({"first": "kemarin"}, 422),
        ({"principal": ""}, 422),
        ({"capacity": "plt", "principal": ""}, 422),
    ],
)
def test_nothing_typed_is_lost_when_a_delegation_is_refused(web: HubWeb, changes: dict[str, str], status: int) -> None:
    head, holder = web.actor(Role.HEAD), web.actor(Role.FRONT_OFFICE)
    assert give(web, head, holder, **changes) == status
    assert hats(web, holder) == []


def test_a_sub_mandate_stands_on_a_mandate(web: HubWeb) -> None:
    head, second, third = web.actor(Role.HEAD), web.actor(Role.DIVISION_HEAD), web.actor(Role.FRONT_OFFICE)
    assert give(web, head, third, capacity="ub", principal=second.person_id) == 422
    assert give(web, head, second, capacity="an") == 303
    assert give(web, head, third, capacity="ub", principal=second.person_id) == 303


def test_an_absence_is_told_and_shuts_nobody_out(web: HubWeb) -> None:
    person = web.actor(Role.AGENCY_CLERK)
    browser, day = web.browser_of(person), local_day(web.hub.clock.now())
    values = {"person": person.person_id, "reason": "sick", "away_from": day, "away_to": day}
    assert post(browser, "/delegations/absences", **values).status_code == 303
    with web.hub.database.reading() as session:
        now = web.hub.clock.now()
        assert absent_people(session, now, [person.person_id]) == {person.person_id}
        assert absent_people(session, now + timedelta(days=1), [person.person_id]) == frozenset()
    assert browser.get("/cases").status_code == 200


def test_nobody_enters_an_absence_of_a_colleague(web: HubWeb) -> None:
    colleague, day = web.actor(Role.AGENCY_CLERK), local_day(web.hub.clock.now())
    values = {"person": colleague.person_id, "reason": "leave", "away_from": day, "away_to": day}
    assert post(web.browser(Role.AGENCY_CLERK), "/delegations/absences", **values).status_code == 422


def test_the_own_case_is_known_without_the_number(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    nik, person = str(web.newest().applicant.nik), web.actor(Role.FRONT_OFFICE)
    with web.hub.database.session() as session:
        row = session.get_one(Person, person.person_id)
        set_nik(session, web.hub.context.stores.keyring, row.username, nik)
        assert row.nik_index == web.hub.context.stores.keyring.blind(nik.encode(), NIK_PURPOSE)
    answer = post(web.browser_of(person), f"/cases/{case_id}/complete", version=1)
    assert (answer.status_code, "berkas Anda sendiri" in answer.text) == (403, True)


def test_a_wrong_nik_is_not_kept(web: HubWeb) -> None:
    with web.hub.database.session() as session, pytest.raises(AccountError):
        set_nik(session, web.hub.context.stores.keyring, "nobody", "3314990101900001")
