"""The map of the hub's routes, for tests that go through all of them: addresses, methods, what each declares.

A new kind of place in a path needs a sample in ``VALUES``, a new route a line in ``OBJECTS``: both fail otherwise.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from hub.accounts.access import Access, access_of
from hub.web.security import STATIC_ENDPOINTS
from tests.webs import post

NOWHERE = "01ZZZZZZZZZZZZZZZZZZZZZZZZ"
VALUES: Mapping[str, Any] = {
    "case_id": NOWHERE,
    "other_id": NOWHERE,
    "delegation_id": NOWHERE,
    "absence_id": NOWHERE,
    "permit_id": NOWHERE,
    "parcel_id": NOWHERE,
    "bundle": 0,
    "position": 0,
    "ledger_index": 0,
    "form": "csv",
    "part": 1,
    "mark": "0" * 32,
    "node": "3314012001-01",
    "request_id": NOWHERE,
    "window_id": NOWHERE,
    "alarm_id": 0,
    "officer": "o-0123456789ABCDEF",
    "code_id": "0" * 32,
    "level": 0,
    "place": "000",
}

OBJECTS: Mapping[str, str] = {
    "accounts.sign_in_now": "",
    "accounts.sign_in_page": "",
    "accounts.sign_out": "",
    "casework.answer": "case",
    "casework.ask": "case",
    "casework.beside": "case",
    "casework.case": "case",
    "casework.complete": "case",
    "casework.confirm_now": "case",
    "casework.decide_now": "case",
    "casework.export": "",
    "casework.file": "case",
    "casework.finish": "case",
    "casework.hand_over_now": "case",
    "casework.minutes": "case",
    "casework.opinion": "case",
    "casework.propose_now": "case",
    "casework.queue": "",
    "casework.receipt": "case",
    "casework.reroute_now": "case",
    "casework.reveal": "case",
    "casework.search": "",
    "casework.take": "case",
    "casework.take_many": "",
    "casework.withdraw_now": "case",
    "delegations.enter": "",
    "delegations.enter_away": "",
    "delegations.page": "",
    "delegations.wear": "",
    "delegations.withdraw": "delegation",
    "delegations.withdraw_away": "absence",
    "enrolment.give_answer": "",
    "enrolment.renew_at_the_door": "",
    "enrolment.take_request": "",
    "fees.assess_now": "case",
    "fees.change_now": "case",
    "fees.fee": "case",
    "fees.notice": "case",
    "fees.pay_now": "case",
    "fees.receipt": "case",
    "fees.revenue_csv": "",
    "fees.revenue_page": "",
    "log.checkpoint": "",
    "log.entries": "public log",
    "log.tile": "public log",
    "authority.decide_enrolment": "network",
    "authority.decide_officer": "network",
    "authority.enrolment": "",
    "authority.make_code": "",
    "metrics.metrics": "",
    "metrics.ready": "",
    "network.alarm": "network",
    "network.alarms": "",
    "network.answer": "network",
    "network.ask": "network",
    "network.decide_alarm": "network",
    "network.end_plan": "network",
    "network.export": "",
    "network.hub_status": "",
    "network.live": "",
    "network.node_page": "network",
    "network.plan": "",
    "network.plans": "",
    "network.send_broadcast": "",
    "network.set_hours": "",
    "authority.quarantine": "",
    "authority.resume": "network",
    "authority.revoke": "network",
    "authority.suspend": "network",
    "network.wall": "",
    "parcels.answers": "parcel",
    "parcels.hand_in": "",
    "parcels.page": "",
    "permits.document": "case",
    "permits.document_seal": "issued document",
    "permits.letter": "case",
    "permits.permit_key": "",
    "permits.registers": "",
    "permits.registers_csv": "",
    "permits.revocation_list": "public list",
    "permits.revoke": "case",
    "permits.sign": "case",
    "permits.verify": "",
    "permits.verify_now": "",
    "residents.receipts": "",
    "residents.track": "",
    "residents.track_now": "",
    "web.health": "",
    "web.home": "",
    "web.set_language": "",
}
"""Every route with the kind of object that its path names (empty: none; a choice of format is none).

``case``: one within the scope of the person's office. ``delegation``, ``absence``: of the own office. ``network``:
nodes, officers and codes, which every role that may use the route may see all of; ``parcel``: likewise, and sealed.
``public log``, ``public list``: for everybody. ``issued document``: for whoever holds the paper, whose code names it by
a digest that cannot be guessed.
"""

_VARYING = re.compile(r'value="[^"]*"')


def routes(app: Flask) -> Iterator[tuple[Rule, str, Access]]:
    """Yield every route with each of its methods and what its view declares."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in STATIC_ENDPOINTS:
            access = access_of(app.view_functions[rule.endpoint])
            assert access is not None, rule.endpoint
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, access


def address(app: Flask, rule: Rule, **values: object) -> str:
    """Return an address of this route."""
    places: dict[str, Any] = {name: values.get(name, VALUES[name]) for name in rule.arguments}
    with app.test_request_context():
        return app.url_for(rule.endpoint, **places)


def send(browser: FlaskClient, method: str, path: str, **values: object) -> TestResponse:
    """Send a request as a page of ours would."""
    return post(browser, path, **values) if method == "POST" else browser.get(path)


def body(answer: TestResponse) -> str:
    """Return what an answer says, without tokens."""
    return _VARYING.sub("", answer.text)
