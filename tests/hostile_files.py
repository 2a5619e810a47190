"""Files as an attacker, or a bad scanner, would send them: each is made here, none is stored."""

import base64
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import pikepdf
from PIL import Image

from hub.attachments.rules import EICAR


def a_jpeg(width: int = 60, height: int = 40, *, exif: bytes = b"") -> bytes:
    """Return a small photo; ``exif`` is the block of a camera."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "steelblue").save(out, "JPEG", **({"exif": exif} if exif else {}))
    return out.getvalue()


def a_png(width: int = 60, height: int = 40) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "PNG")
    return out.getvalue()


def a_pdf(change: Callable[[pikepdf.Pdf], object] = lambda _: None, pages: int = 1) -> bytes:
    """Return a PDF with blank pages, changed as wished before it is saved."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=(200, 200))
    change(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_gps() -> bytes:
    """Return a photo that tells where it was made."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "S", 2: (7.0, 25.0, 0.0), 3: "E", 4: (111.0, 1.0, 0.0)})
    exif[0x010E] = "rumah pemohon"
    return a_jpeg(exif=exif.tobytes())


def png_bomb(side: int = 30_000) -> bytes:
    """Return a PNG of some kilobytes that is 2.7 GB of pixels."""
    row = b"\x00" * (side * 3 + 1)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(200)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def pdf_bomb() -> bytes:
    """Return a PDF of some hundred kilobytes with a stream of 200 MB (fault E10)."""
    packed = zlib.compress(b"\x00" * 200_000_000, 9)

    def add(document: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(document, b"x")
        stream.write(packed, filter=pikepdf.Name.FlateDecode)
        document.Root.Bomb = document.make_indirect(stream)

    return a_pdf(add)


def nested_bomb() -> bytes:
    """Return a PDF whose stream is packed twice: unbounded when decoded by its filters."""
    packed = zlib.compress(zlib.compress(b"\x00" * 1_500_000_000, 9), 9)

    def add(document: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(document, b"x")
        stream.write(packed, filter=pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode]))
        document.Root.Bomb = document.make_indirect(stream)

    return a_pdf(add)


def a_zip(name: str = "x.txt", content: bytes = b"x", times: int = 1) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(times):
            archive.writestr(f"{number}{name}", content)
    return out.getvalue()


def a_tar_with_a_link() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("berkas")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return out.getvalue()


def with_action(**action: object) -> bytes:
    """Return a PDF that does this when it is opened."""
    keys = {f"/{name}": value for name, value in action.items()}
    return a_pdf(lambda document: document.Root.__setattr__("OpenAction", pikepdf.Dictionary(keys)))


def script() -> bytes:
    return with_action(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def launch() -> bytes:
    return with_action(S=pikepdf.Name.Launch, F=pikepdf.String("cmd.exe"))


def link() -> bytes:
    def add(document: pikepdf.Pdf) -> None:
        action = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("http://evil.example"))
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
        document.pages[0].obj.Annots = pikepdf.Array([note])

    return a_pdf(add)


def embedded(content: bytes = b"nothing") -> bytes:
    def add(document: pikepdf.Pdf) -> None:
        document.attachments["lampiran.bin"] = content

    return a_pdf(add)


def xfa() -> bytes:
    return a_pdf(
        lambda document: document.Root.__setattr__("AcroForm", pikepdf.Dictionary(XFA=pikepdf.String("<xdp/>")))
    )


def locked() -> bytes:
    """Return a PDF that asks for a password."""
    with pikepdf.open(io.BytesIO(a_pdf())) as document:
        out = io.BytesIO()
        document.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


def eicar_in_base64(before: int = 0) -> bytes:
    """Return a photo behind which the test file follows in base64, in lines, at any phase."""
    return a_jpeg() + b"\n".join(_lines(base64.b64encode(b"x" * before + EICAR + b"yy")))


def _lines(text: bytes) -> list[bytes]:
    return [text[start : start + 20] for start in range(0, len(text), 20)]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
