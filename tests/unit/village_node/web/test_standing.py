"""The state of the link and of each item, in words that an officer can act on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from protocol.errors import BY_CODE
from protocol.ids import OfficerId, RegistrationNo
from protocol.receipt import ReturnReason
from tests.unit.village_node.web.conftest import Speak
from village_node.outbox.label import SealedLabel
from village_node.outbox.queries import Home, ItemRow, ItemStep, LinkState, TimelineEntry
from village_node.web.desk import local
from village_node.web.diagnosis import Finding
from village_node.web.returns import RETURNS, UNKNOWN_RETURN
from village_node.web.standing import entry_words, link_words, standing_of, tag_of

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HOME = Home(
    link=LinkState.OFFLINE, link_since=NOW, reason="name", waiting=4, waiting_bytes=1, oldest_waiting_at=None,
    rejected=0, last_success_at=None, last_answer_at=None, free_numbers=9, flags=0,
)  # fmt: skip
ROW = ItemRow(
    bundle=b"\1" * 32, registration_no=RegistrationNo("3314-26-0000001-04"), counter=1,
    officer=OfficerId("o-0000000000000000"), service="JALAN", service_version=1, sealed_at=NOW, step=ItemStep.SAVED,
    code="", office="", attempts=0, last_sent_at=None, attachments=(),
    label=SealedLabel(bundle=b"", officer="", sealed=b""),
)  # fmt: skip

FINDING = Finding(why="why", next="next", turn="turn", code="", is_trouble=True)


@pytest.mark.parametrize(
    ("link", "waiting", "since", "language", "said"),
    [
        (LinkState.ONLINE, 0, None, "id", "Tersambung"),
        (
            LinkState.OFFLINE,
            4,
            datetime(2026, 11, 24, 2, 12, tzinfo=UTC),
            "id",
            "Luring sejak 09.12, 4 berkas menunggu",
        ),
        (LinkState.OFFLINE, 4, datetime(2026, 11, 24, 2, 12, tzinfo=UTC), "en", "Offline since 09:12, 4 waiting"),
        (LinkState.OFFLINE, 0, NOW - timedelta(days=2), "id", "Luring sejak 22 November 2026 11.00 WIB"),
        (LinkState.OFFLINE, 0, None, "id", "Luring"),
        (LinkState.SILENT, 0, NOW, "id", "Tersambung, tetapi pusat belum menjawab"),
        (LinkState.NOT_ENROLLED, 0, None, "id", "Belum terdaftar di pusat"),
    ],
)
def test_the_link_is_said_in_words(
    speak: Speak, link: LinkState, waiting: int, since: datetime | None, language: str, said: str
) -> None:
    home = replace(HOME, link=link, waiting=waiting)
    with speak(language):
        words = link_words(home, since=local(since) if since else None, now=local(NOW)).words
    assert words == said


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("step", ItemStep)
def test_every_step_says_why_what_next_and_whose_turn(speak: Speak, step: ItemStep, language: str) -> None:
    with speak(language):
        standing = standing_of(replace(ROW, step=step, office="agency.dishub"), FINDING)
        entry = entry_words(TimelineEntry(step=step, at=NOW, office="one-stop"))
        assert all((standing.why, standing.next, standing.turn, entry, *tag_of(replace(ROW, step=step))))


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_every_rejection_says_whose_turn_it_is(speak: Speak, code: str) -> None:
    with speak("id"):
        standing = standing_of(replace(ROW, step=ItemStep.REJECTED, code=code), FINDING)
    turns = {"program di komputer ini", "petugas desa", "administrator jaringan kabupaten"}
    assert standing.turn in turns


@pytest.mark.parametrize("code", [*ReturnReason, "from_the_future", ""])
def test_a_return_says_who_why_and_what_the_officer_does_now(speak: Speak, code: str) -> None:
    advice = RETURNS.get(code, UNKNOWN_RETURN)
    with speak("id"):
        standing = standing_of(replace(ROW, step=ItemStep.RETURNED, code=code, office="one-stop"), FINDING)
        assert standing.why == f"Dikembalikan oleh loket terpadu (DPMPTSP). {advice.reason}"
        assert standing.next.startswith("Buka permintaan perbaikannya di Beranda")
        assert standing.next.endswith(str(advice.to_do))
    assert standing.turn == "petugas desa"


def test_an_item_on_its_way_says_what_the_doctor_found(speak: Speak) -> None:
    with speak("id"):
        standing = standing_of(ROW, FINDING)
    assert (standing.why, standing.next, standing.turn) == ("why", "next", "turn")
