"""What stands on the paper, as a reader of PDF sees it."""

import io
import subprocess

import pikepdf
import pytest

from hub.permits.paper import MISSING, Paper, draw
from tests.integration.permits.papers import a_paper
from tests.requirements import require

HOSTILE = ["Ma'ruf {{7*7}}", "{nb} halaman", "**tebal** __miring__", "A&B <b>", "Nguyễn Thị Ánh", "Müller-O'Brien"]


def text_of(paper: Paper, *, raw: bool = True) -> str:
    command = [require("pdftotext"), "-raw" if raw else "-layout", "-", "-"]
    return subprocess.run(command, input=draw(paper), capture_output=True, check=True).stdout.decode()


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_same_paper_gives_the_same_bytes() -> None:
    assert draw(a_paper()) == draw(a_paper())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_printed_letter_by_letter(name: str) -> None:
    assert f"bahwa {name} mengajukan" in one_line(text_of(a_paper(holder=name)))


def test_a_letter_without_a_shape_is_seen_to_be_missing() -> None:
    assert f"bahwa A{MISSING}B mengajukan" in one_line(text_of(a_paper(holder="A\U00010330B")))


def test_a_very_long_name_is_wrapped_and_whole() -> None:
    name = " ".join(f"Nama{number}" for number in range(60))
    assert f"Nama : {name}" in one_line(text_of(a_paper(holder=name)))


def test_a_word_longer_than_a_line_does_no_harm() -> None:
    shown = text_of(a_paper(holder="X" * 300)).replace("\n", "")
    assert "X" * 300 in shown


@pytest.mark.parametrize("answers", [0, 6, 24, 60])
def test_every_answer_is_printed_and_pages_are_numbered(answers: int) -> None:
    paper = a_paper(answers=answers)
    pages = len(pikepdf.open(io.BytesIO(draw(paper))).pages)
    shown = one_line(text_of(paper))
    assert all(f"Isian nomor {place} : nilai {place}" in shown for place in range(answers))
    assert [f"Halaman {page} dari {pages}" in shown for page in range(1, pages + 1)] == [True] * pages


def test_each_page_bears_the_number_of_the_letter() -> None:
    paper = a_paper(answers=40)
    pages = text_of(paper).split("\f")[:-1]
    assert len(pages) > 2
    assert all(paper.mark in page and "kode QR" in page for page in pages)


def test_the_block_of_the_signature_is_never_torn() -> None:
    for answers in range(1, 16):
        last = text_of(a_paper(answers=answers)).split("\f")[-2]
        assert all(line in last for line in ("Ditetapkan di Sragen", "Dr. Budi Ma'arif, S.H."))


def test_the_fonts_are_in_the_file() -> None:
    pdf = pikepdf.open(io.BytesIO(draw(a_paper())))
    fonts = [font for page in pdf.pages for font in page.Resources.Font.values()]
    assert fonts
    assert all("/FontFile2" in font.DescendantFonts[0].FontDescriptor for font in fonts)


def test_nothing_of_a_person_is_in_the_file_s_properties() -> None:
    pdf = pikepdf.open(io.BytesIO(draw(a_paper(holder="Siti Ma'rufah"))))
    assert "Siti" not in " ".join(str(value) for value in pdf.docinfo.values())
