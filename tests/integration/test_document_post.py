"""Documents down: pieces for whom they were offered to, a few at a time, not twice a minute."""

import hashlib
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.orm import Session

from hub.dispatch.documents import DocumentPost
from hub.dispatch.post import village_post
from hub.intake.carrier import Outgoing
from loadtests.village import Village
from protocol.documents import DocumentRef, DocumentSealer, PieceRange, parse_piece
from protocol.envelope import Purpose, one_key
from protocol.limits import CHUNK_BYTES, MAX_PARTS_ASKED
from protocol.mailbox import DocumentRequest, Mail, Refusal, verify_from_hub
from protocol.vectors import cases
from protocol.wire import from_bytes
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import HUB, make_hub

CONTENT = bytes(place % 251 for place in range(CHUNK_BYTES * 80 + 7))
REF = DocumentRef(
    document=hashlib.sha256(b"document").digest(),
    title="Surat Izin",
    media_type="application/pdf",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).digest(),
    pieces=81,
    content_key=hashlib.sha256(b"key").digest(),
)


def read(_: Session, document: bytes) -> tuple[DocumentRef, bytes] | None:
    return (REF, CONTENT) if document == REF.document else None


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Scene:
    made = neighbours(make_hub(tmp_path, database_url))
    bundle = made.village.seal_application(SERVICE)
    made.hub.deliver(made.village, bundle)
    decision = msgspec.structs.replace(cases.DECISION, bundle=bundle.bundle, document=REF)
    with made.hub.database.session() as session:
        village_post(HUB)(session, made.hub.clock.now(), decision)
    return made


@pytest.fixture
def post(scene: Scene) -> DocumentPost:
    return DocumentPost(read, scene.hub.context.secrets.message)


def ask(scene: Scene, post: DocumentPost, *ranges: tuple[int, int], village: Village | None = None) -> list[Outgoing]:
    asked = DocumentRequest(document=REF.document, ranges=[PieceRange(start=start, end=end) for start, end in ranges])
    mail = Mail(node=(village or scene.village).node, cursor=0, documents=[asked])
    with scene.hub.database.reading() as session:
        return post.fetch(session, scene.hub.clock.now(), mail)


def indexes(outgoing: list[Outgoing]) -> list[int]:
    return [parse_piece(message.payload).index for message in outgoing]


def codes(scene: Scene, outgoing: list[Outgoing]) -> list[str]:
    key = one_key(scene.hub.context.secrets.message.public_key())
    payloads = [verify_from_hub(each.payload, purpose=Purpose.REFUSAL, find_key=key) for each in outgoing]
    return [from_bytes(payload, Refusal, max_bytes=1_000).code for payload in payloads]


def test_the_pieces_are_the_document(scene: Scene, post: DocumentPost) -> None:
    sealer, parts = DocumentSealer(REF), {}
    for start in range(0, 81, 20):
        for message in ask(scene, post, (start, min(start + 20, 81))):
            assert message.topic.endswith(f"/{scene.village.node}/down/part")
            piece = parse_piece(message.payload)
            parts[piece.index] = sealer.open(piece.index, piece.box)
    assert sealer.is_whole(b"".join(parts[index] for index in range(81)))


def test_one_mail_gets_so_many_pieces_and_no_more(scene: Scene, post: DocumentPost) -> None:
    assert indexes(ask(scene, post, (0, 81))) == list(range(MAX_PARTS_ASKED))
    assert indexes(ask(scene, post, (0, 81))) == list(range(MAX_PARTS_ASKED, 81))


def test_repeated_mails_do_not_multiply_pieces(scene: Scene, post: DocumentPost) -> None:
    found = [indexes(ask(scene, post, (0, 2), (1, 3))) for _ in range(3)]
    assert found == [[0, 1, 2], [], []]
    scene.hub.clock.move(60)
    assert indexes(ask(scene, post, (2, 4))) == [2, 3]
    scene.hub.clock.move(-3_600)  # a clock that is set back delays nothing
    assert indexes(ask(scene, post, (2, 4))) == [2, 3]


def test_nobody_else_gets_it(scene: Scene, post: DocumentPost) -> None:
    assert codes(scene, ask(scene, post, (0, 2), village=scene.neighbour)) == ["document_unknown"]


def test_a_piece_that_is_not_there_is_refused(scene: Scene, post: DocumentPost) -> None:
    assert codes(scene, ask(scene, post, (80, 82))) == ["document_unknown"]


def test_a_document_that_was_erased_is_refused(scene: Scene) -> None:
    gone = DocumentPost(lambda _, __: None, scene.hub.context.secrets.message)
    assert codes(scene, ask(scene, gone, (0, 1))) == ["document_unknown"]


def test_a_parcel_carries_everything_that_is_offered(scene: Scene, post: DocumentPost) -> None:
    with scene.hub.database.reading() as session:
        beyond = [list(post.everything_after(session, scene.village.node, cursor)) for cursor in (0, 2)]
    assert (indexes(beyond[0]), beyond[1]) == (list(range(81)), [])
