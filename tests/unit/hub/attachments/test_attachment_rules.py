"""What the first bytes and the name of a file say, without opening it."""

import pytest

from hub.attachments.rules import (
    EICAR,
    CheckState,
    Finding,
    Verdict,
    first_findings,
    holds_malware,
    kind_by_magic,
    read_words,
    shown_name,
    words_of,
)
from protocol.catalogue import MediaType
from tests.hostile_files import a_jpeg, a_pdf, a_png, a_tar_with_a_link, a_zip, eicar_in_base64

JPEG, PDF = MediaType.JPEG, MediaType.PDF


def test_the_three_kinds_are_known_by_their_first_bytes() -> None:
    assert [kind_by_magic(make()[:16]) for make in (a_jpeg, a_png, a_pdf)] == [JPEG, MediaType.PNG, PDF]


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b"#!/bin/sh\nrm -rf /",
        b" " * 900 + a_pdf(),
        a_zip("word/document.xml"),
        a_zip("x", b"x" * 1_000, times=2_000),
        a_zip("inner.zip", a_zip("inner.zip", a_zip())),
        a_tar_with_a_link(),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a",
        b"\xff\xd8",
        b"MZ",
    ],
)
def test_whatever_else_it_is_is_put_aside(content: bytes) -> None:
    findings = first_findings(content, JPEG, "foto.jpg")
    assert Verdict(kind=None, findings=findings).state is CheckState.QUARANTINED


@pytest.mark.parametrize(
    ("content", "declared", "name", "expected"),
    [
        (a_jpeg(), JPEG, "foto.JPG", ()),
        (a_jpeg(), JPEG, "tanpa ending", ()),
        (a_jpeg(), JPEG, "foto.pdf", (Finding.NAME_DIFFERS,)),
        (a_jpeg(), JPEG, "foto.jpg.exe", (Finding.NAME_DIFFERS,)),
        (a_jpeg(), PDF, "foto.jpg", (Finding.TYPE_DIFFERS,)),
        (a_pdf(), JPEG, "foto.jpg", (Finding.TYPE_DIFFERS, Finding.NAME_DIFFERS)),
        (b"", JPEG, "foto.jpg", (Finding.EMPTY,)),
    ],
)
def test_manifest_name_and_content_must_agree(
    content: bytes, declared: str, name: str, expected: tuple[Finding, ...]
) -> None:
    assert first_findings(content, declared, name) == expected


@pytest.mark.parametrize(
    "content", [EICAR, b"x" * 5_000 + EICAR, a_jpeg() + EICAR, *(eicar_in_base64(before) for before in range(7))]
)
def test_the_test_virus_is_found_plain_and_in_base64(content: bytes) -> None:
    assert holds_malware(content)


def test_a_letter_about_the_test_virus_is_none() -> None:
    assert not holds_malware(a_pdf() + EICAR[:-1] + b" EICAR-STANDARD-ANTIVIRUS-TEST-FILE")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("C:\\CON", "C:\\CON"),
        ("ktp\u202egpj.exe", "ktp�gpj.exe"),
        ("a\x00b\nc", "a�b�c"),
        ("ktp．jpg", "ktp．jpg"),
        ('Ma\'ruf "Si" <b>.jpg', 'Ma\'ruf "Si" <b>.jpg'),
        ("x" * 300, "x" * 120),
    ],
)
def test_a_name_deceives_no_eye(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_stored_findings_are_read_back_and_unknown_ones_left_out() -> None:
    findings = (Finding.SCRIPT, Finding.XFA)
    assert read_words(words_of(findings)) == findings
    assert read_words("script from_the_future") == (Finding.SCRIPT,)
