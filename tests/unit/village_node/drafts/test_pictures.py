"""Photos are shrunk and stripped; what is no picture, or a bomb, is refused with its reason."""

import zlib
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.actions import JavaScript

from protocol.catalogue import MediaType
from village_node.drafts.pictures import MAX_SIDE, MAX_UPLOAD_BYTES, UploadError, UploadProblem, prepare

ALL = tuple(MediaType)
GPS = 0x8825


def photo(width: int = 3000, height: int = 2000, kind: str = "JPEG", mode: str = "RGB") -> bytes:
    picture, target = Image.new(mode, (width, height), "white"), BytesIO()
    exif = picture.getexif()
    exif[0x010F], exif[GPS] = "Camera", {1: "S", 2: (7, 25, 0)}
    picture.save(target, kind, exif=exif)
    return target.getvalue()


def pdf(*, script: str = "", password: str = "", file: bytes = b"", pages: int = 1) -> bytes:
    writer, target = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(width=200, height=200)
    if script:
        writer.add_open_action(JavaScript(script))
    if file:
        writer.add_attachment("inner.exe", file)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(target)
    return target.getvalue()


def reason(raw: bytes, accepted: tuple[MediaType, ...] = ALL) -> UploadProblem:
    with pytest.raises(UploadError) as caught:
        prepare(raw, accepted=accepted)
    return caught.value.problem


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_a_small_jpeg_without_place_and_camera(kind: str) -> None:
    made = prepare(photo(kind=kind), accepted=ALL)
    with Image.open(BytesIO(made.content)) as picture:
        assert (picture.format, max(picture.size), len(picture.getexif())) == ("JPEG", MAX_SIDE, 0)
    assert made.media_type is MediaType.JPEG


def test_a_photo_is_turned_upright_before_its_exif_goes() -> None:
    picture, target = Image.new("RGB", (300, 200), "white"), BytesIO()
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(target, "JPEG", exif=exif)
    with Image.open(BytesIO(prepare(target.getvalue(), accepted=ALL).content)) as upright:
        assert upright.size == (200, 300)


def test_a_small_picture_is_not_blown_up() -> None:
    with Image.open(BytesIO(prepare(photo(40, 30), accepted=ALL).content)) as picture:
        assert picture.size == (40, 30)


def test_transparent_becomes_paper() -> None:
    target = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(target, "PNG")
    with Image.open(BytesIO(prepare(target.getvalue(), accepted=ALL).content)) as picture:
        assert picture.getpixel((5, 5)) == (255, 255, 255)


def test_where_only_png_is_taken_a_photo_becomes_a_png() -> None:
    assert prepare(photo(), accepted=(MediaType.PNG,)).content.startswith(b"\x89PNG")


def test_a_pdf_stays_byte_for_byte() -> None:
    raw = pdf()
    assert prepare(raw, accepted=ALL).content == raw


def test_a_decompression_bomb_is_refused() -> None:
    target = BytesIO()
    Image.new("1", (9_000, 9_000)).save(target, "PNG")
    assert len(target.getvalue()) < 20_000
    assert reason(target.getvalue()) is UploadProblem.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", UploadProblem.EMPTY),
        (b"x" * (MAX_UPLOAD_BYTES + 1), UploadProblem.TOO_LARGE),
        (b"<html><script>alert(1)</script>", UploadProblem.KIND),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", UploadProblem.KIND),
        (b"GIF89a" + b"\0" * 40, UploadProblem.KIND),
        (b"MZ" + b"\0" * 200, UploadProblem.KIND),
        (photo()[:4000], UploadProblem.DAMAGED),
        (photo(kind="PNG")[:200], UploadProblem.DAMAGED),
        (b"%PDF-1.7 junk", UploadProblem.DAMAGED),
        (pdf()[:200], UploadProblem.DAMAGED),
        (pdf(password="rahasia"), UploadProblem.LOCKED),
        (pdf(script="app.alert(1)"), UploadProblem.ACTIVE),
        (pdf(file=b"MZ"), UploadProblem.ACTIVE),
        (pdf(pages=0), UploadProblem.DAMAGED),
        (pdf(pages=301), UploadProblem.TOO_MANY_PAGES),
    ],
    ids=range(15),
)
def test_what_cannot_be_attached_is_refused_with_its_reason(raw: bytes, problem: UploadProblem) -> None:
    assert reason(raw) is problem


def test_a_kind_that_the_requirement_does_not_take_is_refused() -> None:
    assert reason(photo(), accepted=(MediaType.PDF,)) is UploadProblem.NOT_ACCEPTED
    assert reason(pdf(), accepted=(MediaType.JPEG,)) is UploadProblem.NOT_ACCEPTED


def test_a_png_with_a_huge_compressed_text_is_no_bomb() -> None:
    body = b"zTXt" + b"k\0\0" + zlib.compress(b"\0" * 80_000_000)
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    plain = photo(20, 20, "PNG")
    assert reason(plain[:33] + chunk + plain[33:]) is UploadProblem.DAMAGED
