"""Files really opened, each in a child with limits: a bomb ends the child and nothing else."""

import io
import resource
import time

import pikepdf
import pytest
from PIL import Image

from hub.attachments.rules import EICAR, CheckState, Finding
from hub.attachments.sandbox import PreviewError, inspect, preview
from protocol.catalogue import MediaType
from tests.hostile_files import (
    a_jpeg,
    a_pdf,
    a_png,
    a_zip,
    embedded,
    launch,
    link,
    locked,
    nested_bomb,
    pdf_bomb,
    png_bomb,
    script,
    with_gps,
    xfa,
)
from tests.requirements import require

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"


@pytest.mark.parametrize(("content", "declared"), [(a_jpeg(), JPEG), (a_png(), PNG), (a_pdf(pages=3), PDF)])
def test_a_good_file_is_clean(content: bytes, declared: str) -> None:
    verdict = inspect(content, declared, "")
    assert (verdict.state, str(verdict.kind)) == (CheckState.CLEAN, declared)


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (script(), Finding.SCRIPT),
        (launch(), Finding.LAUNCH),
        (link(), Finding.LINK),
        (embedded(), Finding.EMBEDDED),
        (xfa(), Finding.XFA),
    ],
)
def test_a_pdf_that_acts_is_flagged(content: bytes, finding: Finding) -> None:
    verdict = inspect(content, PDF, "surat.pdf")
    assert finding in verdict.findings
    assert verdict.state is CheckState.FLAGGED


@pytest.mark.parametrize(
    ("content", "declared", "finding"),
    [
        (embedded(EICAR), PDF, Finding.MALWARE),
        (locked(), PDF, Finding.ENCRYPTED),
        (b"%PDF-1.7\n" + b"\x00" * 400, PDF, Finding.UNREADABLE),
        (a_jpeg()[:200], JPEG, Finding.UNREADABLE),
        (b"\x89PNG\r\n\x1a\n" + b"<script>" * 9, PNG, Finding.UNREADABLE),
        (png_bomb(), PNG, Finding.TOO_LARGE),
        (pdf_bomb(), PDF, Finding.TOO_COSTLY),
        (nested_bomb(), PDF, Finding.TOO_COSTLY),
        (a_pdf(pages=401), PDF, Finding.TOO_LARGE),
        (b"\xff\xd8\xff" + b"\x00" * (20 * 1024 * 1024), JPEG, Finding.TOO_LARGE),
    ],
)
def test_what_cannot_be_vouched_for_is_put_aside(content: bytes, declared: str, finding: Finding) -> None:
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    verdict = inspect(content, declared, "")
    assert finding in verdict.findings
    assert verdict.state is CheckState.QUARANTINED
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB: the bomb is not here
    assert time.monotonic() - began < 25


def test_a_second_file_behind_a_picture_is_flagged() -> None:
    assert inspect(a_jpeg() + a_zip(), JPEG, "foto.jpg").findings == (Finding.SECOND_FILE,)


def test_a_preview_tells_neither_place_nor_camera() -> None:
    original = with_gps()
    assert b"rumah pemohon" in original
    shown = preview(original, 1)
    assert (shown.media_type, b"rumah pemohon" in shown.content) == ("image/jpeg", False)
    assert not Image.open(io.BytesIO(shown.content)).getexif()


def test_a_page_of_a_pdf_is_a_picture() -> None:
    require("pdftoppm")
    shown = preview(script(), 1)
    assert shown.media_type == "image/png"
    assert Image.open(io.BytesIO(shown.content)).format == "PNG"


def test_without_a_renderer_the_pdf_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_more: None)
    shown = preview(script(), 1)
    assert shown.media_type == str(MediaType.PDF)
    assert Finding.SCRIPT not in inspect(shown.content, PDF, "").findings
    with pikepdf.open(io.BytesIO(shown.content)) as document:
        assert len(document.pages) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xffnothing", b"%PDF-nothing"])
def test_no_preview_of_what_does_not_open(content: bytes) -> None:
    with pytest.raises(PreviewError):
        preview(content, 1)


def test_no_preview_of_a_page_that_is_not_there() -> None:
    require("pdftoppm")
    with pytest.raises(PreviewError):
        preview(a_pdf(), 2)
