"""Documents on their way to the village: fetched without an officer, sealed on the disk, resumed after any cut."""

from functools import partial
from pathlib import Path

import pytest

from protocol.documents import DocumentPiece, DocumentRef
from protocol.ids import OfficerId
from protocol.mailbox import NoticeKind
from protocol.notices import Decision
from protocol.receipt import Outcome
from protocol.topics import Down
from protocol.wire import to_bytes
from tests.hub_stand_in import HubStandIn
from tests.node_link import DirectCarrier, OpeningHub, runner_of
from tests.node_stand import NodeStand
from village_node.identity.hub import load_enrolled
from village_node.identity.mailbox import Mailbox, find_mailbox, public_mailbox_key
from village_node.inbox.documents import drop_pieces, list_fetching, open_document
from village_node.inbox.errors import DocumentNotHereError
from village_node.inbox.letters import Reader, list_letters, open_decision, read_new_letters
from village_node.outbox.service import SealedItem
from village_node.sync.rules import messages as m
from village_node.sync.runner import Runner

PDF = b"%PDF-1.7 " + bytes(range(256)) * 1_200  # 7 pieces


class Village:
    """A node with one officer, joined to the hub stand-in."""

    def __init__(self, directory: Path) -> None:
        self.stand, self.hub = NodeStand(directory), HubStandIn(3)
        self.officer: OfficerId = self.stand.add_officer()
        self.stand.enrol(self.hub)
        self.opening = OpeningHub(self.hub, self.stand)
        self.carrier = DirectCarrier(self.opening)
        self.runner: Runner = runner_of(self.stand, self.carrier)
        self.carrier.start(self.runner._deliver, self.runner._greet)
        self.item: SealedItem = self.stand.seal(self.stand.unlock(self.officer))

    def work(self, rounds: int = 40) -> None:
        for _ in range(rounds):
            events = [each for make in self.runner._rest_of_queue() if (each := make()) is not None]
            self.runner.step(events or [m.Ticked()])
            self.stand.clock.pass_s(1)

    def mailbox(self) -> Mailbox:
        unlocked = self.stand.unlock(self.officer)
        with self.stand.database.reading() as session:
            found = find_mailbox(session, unlocked)
        assert found is not None
        return found

    def reader(self) -> Reader:
        with self.stand.database.reading() as session:
            enrolled = load_enrolled(session)
        return Reader(enrolled=enrolled, mailbox=self.mailbox())

    def decide(self, ref: DocumentRef, *, with_offer: bool = True) -> None:
        with self.stand.database.reading() as session:
            public = public_mailbox_key(session)
        decision = Decision(
            bundle=self.item.bundle,
            registration_no=self.item.registration_no,
            outcome=Outcome.ISSUED,
            office="one-stop",
            decided_at=1_790_000_000_000,
            number="503/1/2026",
            document=ref,
        )
        for kind, raw in (
            self.hub.letter(NoticeKind.DECISION, decision, public),
            *([self.hub.offer(ref)] if with_offer else []),
        ):
            self.runner._deliver(partial(m.Received, kind, raw))

    def read(self, ref: DocumentRef) -> bytes:
        with self.stand.database.reading() as session:
            return open_document(session, self.stand.documents, ref).content


@pytest.fixture
def village(tmp_path: Path) -> Village:
    made = Village(tmp_path / "node")
    made.work(6)
    return made


def test_the_document_is_here_before_anybody_signs_in_and_tells_nothing(village: Village) -> None:
    ref = village.hub.document(PDF)
    village.decide(ref)
    village.work()
    with village.stand.database.reading() as session:
        assert list_fetching(session) == []
        assert list_letters(session, NoticeKind.DECISION) == []  # nobody has opened it
    village.stand.database.dispose()
    for path in village.stand.directory.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert PDF[1_000:1_200] not in content
            assert ref.content_key not in content
            assert b"503/1/2026" not in content


def test_the_officer_opens_decision_and_document(village: Village) -> None:
    ref = village.hub.document(PDF)
    village.decide(ref)
    village.work()
    reader = village.reader()
    with village.stand.database.session() as session:
        assert read_new_letters(session, village.stand.clock.now(), reader) == 1
        (letter,) = list_letters(session, NoticeKind.DECISION, village.item.bundle)
        assert open_decision(session, letter.number, reader).document == ref
    assert village.read(ref) == PDF


def test_a_hub_that_offers_nothing_is_asked_once_the_decision_was_opened(village: Village) -> None:
    ref = village.hub.document(PDF)
    village.decide(ref, with_offer=False)
    village.work(5)
    with village.stand.database.session() as session:
        read_new_letters(session, village.stand.clock.now(), village.reader())
    village.work()
    assert village.read(ref) == PDF


def test_a_cut_and_a_restart_resume_with_what_is_lacking(village: Village) -> None:
    ref = village.hub.document(PDF)
    village.decide(ref)
    village.work(3)
    with pytest.raises(DocumentNotHereError) as caught:
        village.read(ref)
    here = caught.value.here
    assert 0 < here < ref.pieces
    village.carrier = DirectCarrier(village.opening)
    village.runner = runner_of(village.stand, village.carrier)
    village.carrier.start(village.runner._deliver, village.runner._greet)
    asked = len(village.opening.mails)
    village.work()
    assert village.read(ref) == PDF
    pieces = [each for mail in village.opening.mails[asked:] for part in mail.documents for each in part.ranges]
    assert sum(each.end - each.start for each in pieces) == ref.pieces - here


def test_a_forged_piece_is_found_when_the_document_is_opened_and_fetched_again(village: Village) -> None:
    ref = village.hub.document(PDF)
    genuine = village.hub.pieces[ref.document][3]
    village.hub.pieces[ref.document][3] = to_bytes(DocumentPiece(document=ref.document, index=3, box=bytes(100)))
    village.decide(ref)
    village.work()
    with village.stand.database.session() as session:
        opened = open_document(session, village.stand.documents, ref)
        assert (opened.is_whole, opened.bad) == (False, (3,))
        drop_pieces(session, ref.document, opened.bad)
    village.hub.pieces[ref.document][3] = genuine
    village.work()
    assert village.read(ref) == PDF


def test_pieces_that_nobody_asked_for_are_not_kept(village: Village) -> None:
    ref = village.hub.document(PDF)
    village.runner.step([m.Received(Down.PART, village.hub.pieces[ref.document][0])])
    village.runner.step([m.Received(Down.PART, b"rubbish")])
    assert not list((village.stand.directory / "documents").iterdir())
