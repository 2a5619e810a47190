"""What follows a first bundle, over both brokers: a correction, an act that is refused, pieces of a document."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.orm import Session

from hub.dispatch.documents import DocumentPost
from hub.dispatch.post import village_post
from hub.intake.asking import Question
from hub.intake.carrier import Outgoing
from protocol.catalogue import FieldType
from protocol.documents import DocumentRef, DocumentSealer, PieceRange, parse_piece
from protocol.mailbox import DocumentRequest
from protocol.topics import Up, down_filter, up
from protocol.vectors import cases
from tests.answering import a_mail, an_act, correct, sealed_act
from tests.brokers import Client, RealBroker, eventually
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import HUB, make_hub
from tests.integration.conftest import Connect
from tests.integration.intake.test_over_brokers import running


def read_document(_: Session, document: bytes) -> tuple[DocumentRef, bytes] | None:
    return (cases.REF, cases.DOCUMENT) if document == cases.REF.document else None


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    hub = make_hub(tmp_path / "hub", f"sqlite:///{tmp_path / 'hub.db'}")
    post = DocumentPost(read_document, hub.context.secrets.message)
    hub.context = replace(hub.context, fetch_pieces=post.fetch)
    return neighbours(hub)


@pytest.fixture
def village(scene: Scene, connect: Connect) -> Client:
    client = connect(str(scene.village.node))
    client.subscribe(down_filter(scene.village.node))
    return client


def test_correction_act_and_document_have_their_answers(scene: Scene, village: Client, broker: RealBroker) -> None:
    hub, first = scene.hub, scene.village.seal_application(SERVICE)
    hub.deliver(scene.village, first)
    answers = first.manifest.answers
    field = next(each.key for each in SERVICE.fields if each.type is FieldType.TEXT and each.key in answers)
    hub.questions[first.bundle] = Question(fields=frozenset({str(field)}), requirements=frozenset())
    with hub.database.session() as session:
        village_post(HUB)(session, hub.clock.now(), msgspec.structs.replace(cases.DECISION, bundle=first.bundle))
    asked = DocumentRequest(document=cases.REF.document, ranges=[PieceRange(start=0, end=2)])
    hub.allowed_acts.clear()
    act = sealed_act(scene.village, an_act(scene.village, first.bundle))

    with running(hub, broker):
        correction = correct(scene.village, first, {str(field): "Jawaban baru"})
        village.publish(up(scene.village.node, Up.BUNDLE), correction.message)
        mail = a_mail(scene.village, acts=[act], documents=[asked])
        village.publish(mail.topic, mail.payload)
        assert eventually(lambda: len(village.payloads()) == 5)

    receipts = hub.receipts([Outgoing("x/down/receipt", raw) for raw in village.payloads()])
    assert [str(each.subject.kind) for each in receipts] == ["arrived", "whole"]
    pieces = [parse_piece(raw) for raw in village.payloads() if len(raw) > 5_000]
    sealer = DocumentSealer(cases.REF)
    assert sealer.is_whole(b"".join(sealer.open(each.index, each.box) for each in pieces))
