"""Post to the villages: who gets what, sealed for whom, in order and without gaps, on both databases."""

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import event, select

from hub.dispatch.post import (
    Standings,
    announce,
    may_fetch,
    notify_all,
    offered_after,
    standing_services,
    village_post,
    welcome,
)
from hub.dispatch.tables import NoticeRow
from hub.registry.service import Decision as By
from hub.registry.service import revoke_node
from loadtests.village import Village
from protocol import notices
from protocol.documents import DocumentOffer
from protocol.errors import SealError
from protocol.ids import NodeId
from protocol.mailbox import NoticeKind
from protocol.sealing import BodyContext, open_body
from protocol.vectors import cases
from protocol.wire import from_bytes
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import CATALOGUE, HUB, TestHub, make_hub

notify = village_post(HUB)


@pytest.fixture
def hub(tmp_path: Path, database_url: str) -> TestHub:
    return make_hub(tmp_path, database_url)


@pytest.fixture
def scene(hub: TestHub) -> Scene:
    return neighbours(hub)


def a_case(scene: Scene, village: Village | None = None) -> bytes:
    """Hand in a bundle and return its id."""
    sender = village or scene.village
    made = sender.seal_application(SERVICE)
    scene.hub.deliver(sender, made)
    return made.bundle


def tell(hub: TestHub, *tidings: notices.CaseNews | notices.CorrectionAsked | notices.Decision) -> None:
    with hub.database.session() as session:
        for each in tidings:
            notify(session, hub.clock.now(), each)


def mailbox(hub: TestHub, node: NodeId) -> list[tuple[int, str, bytes]]:
    with hub.database.reading() as session:
        rows = session.scalars(select(NoticeRow).where(NoticeRow.node_id == str(node)).order_by(NoticeRow.number))
        return [(row.number, row.kind, row.body) for row in rows]


def news(bundle: bytes, event_name: str = "custody") -> notices.CaseNews:
    return msgspec.structs.replace(cases.NEWS, bundle=bundle, event=event_name)


def test_news_go_to_every_active_node_of_the_village_and_to_no_other(scene: Scene) -> None:
    bundle = a_case(scene)
    second = scene.hub.enrol(scene.village.node.village, seed=1)
    tell(scene.hub, news(bundle), news(bundle, "complete"))

    for node in (scene.village.node, second.node):
        found = mailbox(scene.hub, node)
        assert [(number, kind) for number, kind, _ in found] == [(1, "case"), (2, "case")]
        assert from_bytes(found[1][2], notices.CaseNews, max_bytes=1_000).event == "complete"
    assert mailbox(scene.hub, scene.neighbour.node) == []


def test_a_replaced_pc_gets_no_more_and_its_successor_gets_what_comes_later(scene: Scene) -> None:
    bundle = a_case(scene)
    tell(scene.hub, news(bundle))
    with scene.hub.database.session() as session:
        revoke_node(
            session, scene.village.node, By(now=scene.hub.clock.now(), by="test", randomness=scene.hub.randomness)
        )
    successor = scene.hub.enrol(scene.village.node.village, seed=1)
    tell(scene.hub, news(bundle, "decided"))

    assert [number for number, _, _ in mailbox(scene.hub, scene.village.node)] == [1]
    assert [kind for _, kind, _ in mailbox(scene.hub, successor.node)] == ["case"]


def test_what_is_personal_opens_at_its_node_alone(scene: Scene) -> None:
    bundle = a_case(scene)
    second = scene.hub.enrol(scene.village.node.village, seed=1)
    tell(scene.hub, msgspec.structs.replace(cases.ASKED, bundle=bundle))

    ((_, kind, body),) = mailbox(scene.hub, scene.village.node)
    context = BodyContext(hub=HUB, node=scene.village.node, kind=kind)
    assert notices.read_correction(open_body(body, scene.village.sealing_key, context)).note == cases.ASKED.note
    assert cases.ASKED.applicant.name.encode() not in body
    with pytest.raises(SealError):
        open_body(body, second.sealing_key, context)


def test_a_decision_offers_its_document_to_the_village_alone(scene: Scene) -> None:
    bundle = a_case(scene)
    tell(scene.hub, msgspec.structs.replace(cases.DECISION, bundle=bundle))
    tell(scene.hub, msgspec.structs.replace(cases.DECISION, bundle=bundle))  # again: harmless

    found = mailbox(scene.hub, scene.village.node)
    assert [kind for _, kind, _ in found] == ["decision", "document"] * 2
    offer = from_bytes(found[1][2], DocumentOffer, max_bytes=100)
    with scene.hub.database.reading() as session:
        assert may_fetch(session, scene.village.node, [offer.document, bytes(32)]) == {offer.document}
        assert may_fetch(session, scene.neighbour.node, [offer.document]) == set()
        assert offered_after(session, scene.village.node, 1) == [offer.document]
        assert offered_after(session, scene.village.node, 2) == []


def test_a_notice_for_all_is_one_statement_and_continues_each_mailbox(scene: Scene) -> None:
    tell(scene.hub, news(a_case(scene)))
    inserts: list[str] = []
    event.listen(
        scene.hub.database.engine,
        "before_cursor_execute",
        lambda *args: inserts.append(args[2]) if args[2].startswith("INSERT") else None,
    )
    with scene.hub.database.session() as session:
        notify_all(session, scene.hub.clock.now(), NoticeKind.REVOCATIONS, b"list")

    assert len(inserts) == 1
    assert [number for number, _, _ in mailbox(scene.hub, scene.village.node)] == [1, 2]
    assert mailbox(scene.hub, scene.neighbour.node) == [(1, "revocations", b"list")]


def say(hub: TestHub, standings: Standings) -> int:
    with hub.database.session() as session:
        return announce(session, hub.clock.now(), standings)


def test_what_holds_for_all_is_said_once_and_again_when_it_changes(scene: Scene) -> None:
    first = Standings(NoticeKind.REVOCATIONS, {"1": b"one", "2": b"two"})
    assert [say(scene.hub, first), say(scene.hub, first)] == [2, 0]
    assert say(scene.hub, Standings(NoticeKind.REVOCATIONS, {"1": b"one", "2": b"two and more"})) == 1
    assert [body for _, _, body in mailbox(scene.hub, scene.neighbour.node)] == [b"one", b"two", b"two and more"]


def test_a_later_node_is_welcomed_with_what_holds_then(scene: Scene) -> None:
    for body in (b"old", b"new"):
        say(scene.hub, Standings(NoticeKind.CALENDAR, {"": body}))
    say(scene.hub, standing_services(CATALOGUE))
    later = scene.hub.enrol("33.14.03.2001")
    with scene.hub.database.session() as session:
        welcome(session, scene.hub.clock.now(), later.node)
    assert mailbox(scene.hub, later.node) == [(1, "calendar", b"new")]


def test_the_catalogue_is_told_once_per_version(scene: Scene) -> None:
    services = standing_services(CATALOGUE)
    grown = Standings(services.kind, {**services.bodies, "IMB/2": b"a new version"})
    assert [say(scene.hub, each) for each in (services, services, grown, grown)] == [0, 0, 1, 0]
    assert mailbox(scene.hub, scene.village.node) == [(1, "catalogue", b"a new version")]
