"""Requests of the hub at the node: asked, agreed or refused, done once, answered until the hub has the answer."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from protocol.requests import (
    ANSWER_KIND,
    BroadcastNotice,
    MaintenanceNotice,
    RemoteRequest,
    RequestAction,
    RequestAnswer,
    RequestOutcome,
)
from protocol.sealing import BodyContext, open_body
from protocol.wire import to_bytes
from tests.hub_stand_in import HubStandIn
from tests.node_stand import NodeStand
from village_node.identity.hub import load_enrolled
from village_node.notices import service
from village_node.notices.rules import Policy
from village_node.store.errors import StorageError
from village_node.store.ports import Clock

NAME = "01KB000000000000000000000A"


@pytest.fixture
def hub() -> HubStandIn:
    return HubStandIn(1)


@pytest.fixture
def stand(tmp_path: Path, hub: HubStandIn) -> NodeStand:
    made = NodeStand(tmp_path)
    made.add_officer()
    made.enrol(hub)
    return made


def ms(clock: Clock, **later: float) -> int:
    return int((clock.now() + timedelta(**later)).timestamp() * 1_000)


def ask(stand: NodeStand, action: str = "self_test", *, is_closed: bool = False) -> None:
    asked = RemoteRequest(
        request=NAME,
        action=action,
        asked_at=ms(stand.clock),
        expires_at=ms(stand.clock, days=1),
        is_closed=is_closed,
    )
    with stand.database.session() as session:
        service.store_request(session, stand.clock.now(), to_bytes(asked))


def work(stand: NodeStand, policy: Policy = Policy.ASK, doers: service.Doers | None = None) -> int:
    given: service.Doers = {RequestAction.SELF_TEST: lambda: b"all is well"} if doers is None else doers
    with stand.database.reading() as session:
        enrolled = load_enrolled(session)
    return service.work_off(stand.database, stand.clock.now(), policy, given, enrolled)


def due(stand: NodeStand, *, may_carry_body: bool = True) -> list[RequestAnswer]:
    with stand.database.reading() as session:
        return service.due_answers(session, may_carry_body=may_carry_body)


def decide(stand: NodeStand, *, agree: bool) -> bool:
    with stand.database.session() as session:
        return service.decide_request(session, stand.clock.now(), NAME, "o-0123456789ABCDEF", agree=agree)


def test_nothing_is_done_before_a_person_agrees(stand: NodeStand, hub: HubStandIn) -> None:
    ask(stand)
    assert (work(stand), due(stand)) == (0, [])
    assert decide(stand, agree=True)
    assert work(stand) == 1
    (answer,) = due(stand)
    context = BodyContext(hub=hub.hub, node=hub.node, kind=ANSWER_KIND)
    assert open_body(answer.body, hub.sealing_key, context) == b"all is well"


def test_a_refusal_is_answered_and_final(stand: NodeStand) -> None:
    ask(stand)
    assert decide(stand, agree=False)
    assert not decide(stand, agree=True)
    assert work(stand) == 0
    assert due(stand) == [RequestAnswer(request=NAME, outcome=RequestOutcome.REFUSED, code="by_officer")]


def test_the_answer_goes_until_the_hub_has_it(stand: NodeStand) -> None:
    ask(stand)
    work(stand, Policy.ALLOW)
    assert due(stand) == due(stand) != []
    ask(stand)  # the notice comes twice
    ask(stand, is_closed=True)
    assert (due(stand), work(stand, Policy.ALLOW)) == ([], 0)


def test_a_body_waits_for_a_light_mail(stand: NodeStand) -> None:
    ask(stand)
    work(stand, Policy.ALLOW)
    assert due(stand, may_carry_body=False) == []


@pytest.mark.parametrize(
    ("action", "doers", "code"),
    [
        ("dance", {}, "action_unknown"),
        ("resync", {}, "action_unknown"),
        ("self_test", {RequestAction.SELF_TEST: lambda: bytes(30_001)}, "too_large"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_code(
    stand: NodeStand, action: str, doers: Mapping[RequestAction, object], code: str
) -> None:
    ask(stand, action)
    work(stand, Policy.ALLOW, doers)  # type: ignore[arg-type]  # a lambda of the table
    assert [(each.outcome, each.code) for each in due(stand)] == [(RequestOutcome.FAILED, code)]


def test_a_function_that_fails_is_answered_with_its_code(stand: NodeStand) -> None:
    def fail() -> bytes:
        raise StorageError

    ask(stand)
    work(stand, Policy.ALLOW, {RequestAction.SELF_TEST: fail})
    assert [each.code for each in due(stand)] == ["storage"]


def test_an_outage_is_told_until_it_is_over_or_called_off(stand: NodeStand) -> None:
    notice = MaintenanceNotice(window=NAME, starts_at=ms(stand.clock), ends_at=ms(stand.clock, hours=1), text="Listrik")
    for told, count in ((notice, 1), (msgspec.structs.replace(notice, is_off=True), 0), (notice, 1)):
        with stand.database.session() as session:
            service.store_outage(session, stand.clock.now(), to_bytes(told))
            assert len(service.list_outages(session, stand.clock.now())) == count
    stand.clock.pass_s(3_601)
    with stand.database.reading() as session:
        assert service.list_outages(session, stand.clock.now()) == []


def test_a_broadcast_is_shown_until_its_time_is_over(stand: NodeStand) -> None:
    notice = BroadcastNotice(broadcast=NAME, text="Formulir baru", until=ms(stand.clock, hours=1))
    with stand.database.session() as session:
        service.store_announcement(session, stand.clock.now(), to_bytes(notice))
        assert [each.text for each in service.list_announcements(session, stand.clock.now())] == ["Formulir baru"]
        assert service.list_announcements(session, stand.clock.now() + timedelta(hours=1)) == []
