"""Really opens a file. Runs only inside ``child.py``: what it reads is hostile until it says otherwise."""

import io
import zlib
from collections.abc import Iterator

import pikepdf
from PIL import Image, ImageOps, UnidentifiedImageError

from hub.attachments.rules import (
    MAX_DECODED_BYTES,
    MAX_PAGES,
    MAX_PIXELS,
    Finding,
    Verdict,
    hides_second_file,
    holds_malware,
    kind_by_magic,
)
from protocol.catalogue import MediaType

_LOOK_PIXELS = 1_600
"""A photo is decoded no finer than this to see whether it opens."""

_MAX_NODES = 300_000
_MAX_DEPTH = 40
_FORMATS = {MediaType.JPEG: ("JPEG",), MediaType.PNG: ("PNG",)}
_NAMES = {
    "/JavaScript": Finding.SCRIPT,
    "/JS": Finding.SCRIPT,
    "/Launch": Finding.LAUNCH,
    "/URI": Finding.LINK,
    "/GoToR": Finding.LINK,
    "/GoToE": Finding.LINK,
    "/SubmitForm": Finding.LINK,
    "/ImportData": Finding.LINK,
    "/EmbeddedFile": Finding.EMBEDDED,
    "/EmbeddedFiles": Finding.EMBEDDED,
    "/EF": Finding.EMBEDDED,
    "/RichMedia": Finding.EMBEDDED,
    "/XFA": Finding.XFA,
}
"""Names of PDF (ISO 32000-2, 12.6.4 and 7.11.4) that make a document do something, as key or as value."""

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def open_file(content: bytes) -> Verdict:
    """Return what the file is and what is in it.

    Raises:
        MemoryError: a bomb; the caller is a process with limits.
    """
    kind = kind_by_magic(content[:16])
    if kind is None:
        return Verdict(kind=None, findings=(Finding.TYPE_UNKNOWN,))
    return _open_pdf(content) if kind is MediaType.PDF else _open_picture(kind, content)


def draw_picture(content: bytes, side: int) -> bytes:
    """Return a JPEG of a picture, its longer side so many pixels, without EXIF, place or comment (fault E19).

    Raises:
        OSError: it does not open.
    """
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
        image.draft("RGB", (side, side))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((side, side))
        paper = Image.new("RGB", upright.size, "white")
        covered = upright.convert("RGBA")
        paper.paste(covered, mask=covered.getchannel("A"))
        out = io.BytesIO()
        paper.save(out, "JPEG", quality=85)
    return out.getvalue()


def harmless_pdf(content: bytes) -> bytes:
    """Return a PDF with the same pages and nothing that acts: no script, link, form, embedded file.

    Raises:
        pikepdf.PdfError: it does not open.
    """
    with pikepdf.open(io.BytesIO(content)) as source, pikepdf.new() as target:
        for page in source.pages[:MAX_PAGES]:
            target.pages.append(page)
        for page in target.pages:
            for key in ("/Annots", "/AA", "/B", "/PieceInfo", "/Metadata"):
                if key in page.obj:
                    del page.obj[key]
        target.remove_unreferenced_resources()
        out = io.BytesIO()
        target.save(out)
    return out.getvalue()


def _open_picture(kind: MediaType, content: bytes) -> Verdict:
    findings = [Finding.SECOND_FILE] if hides_second_file(kind, content) else []
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS[kind]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return Verdict(kind=kind, findings=(*findings, Finding.TOO_LARGE), width=width, height=height)
            image.draft("RGB", (_LOOK_PIXELS, _LOOK_PIXELS))
            image.load()
    except Image.DecompressionBombError:
        return Verdict(kind=kind, findings=(*findings, Finding.TOO_LARGE))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, zlib.error, IndexError, TypeError):
        return Verdict(kind=kind, findings=(*findings, Finding.UNREADABLE))
    return Verdict(kind=kind, findings=tuple(findings), width=width, height=height)


def _open_pdf(content: bytes) -> Verdict:
    try:
        with pikepdf.open(io.BytesIO(content)) as document:
            pages = len(document.pages)
            found = set(_active_parts(document)) | set(_hidden_malware(document))
    except pikepdf.PasswordError:
        return Verdict(kind=MediaType.PDF, findings=(Finding.ENCRYPTED,))
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, OSError):
        return Verdict(kind=MediaType.PDF, findings=(Finding.UNREADABLE,))
    found |= {Finding.TOO_LARGE} if pages > MAX_PAGES else set()
    found |= {Finding.UNREADABLE} if pages == 0 else set()
    return Verdict(kind=MediaType.PDF, findings=tuple(sorted(found)), pages=pages)


def _active_parts(document: pikepdf.Pdf) -> Iterator[Finding]:
    """Yield what acts, wherever it stands: every object is walked, direct ones with their holder."""
    heap: list[tuple[pikepdf.Object, int]] = [(document.trailer, 0), *((item, 0) for item in document.objects)]
    seen = 0
    while heap:
        node, depth = heap.pop()
        seen += 1
        if seen > _MAX_NODES or depth > _MAX_DEPTH:
            yield Finding.TOO_COSTLY
            return
        for name, child in _children(node):
            if name in _NAMES:
                yield _NAMES[name]
            if isinstance(child, pikepdf.Name) and str(child) in _NAMES:
                yield _NAMES[str(child)]
            elif isinstance(child, pikepdf.Object) and not child.is_indirect:
                heap.append((child, depth + 1))


def _children(node: object) -> Iterator[tuple[str, object]]:
    if isinstance(node, pikepdf.Dictionary | pikepdf.Stream):
        yield from node.items()
    elif isinstance(node, pikepdf.Array):
        yield from (("", child) for child in node)


def _hidden_malware(document: pikepdf.Pdf) -> Iterator[Finding]:
    """Search every stream that is no picture, decoded within bounds (faults E10 and E16)."""
    left = MAX_DECODED_BYTES
    for node in document.objects:
        if not isinstance(node, pikepdf.Stream) or node.get("/Subtype") == "/Image":
            continue
        plain = _decoded(node, left)
        if plain is None:
            yield Finding.TOO_COSTLY
            return
        left -= len(plain)
        if holds_malware(plain):
            yield Finding.MALWARE


def _decoded(stream: pikepdf.Stream, limit: int) -> bytes | None:
    """Return a stream without its filters; None when it is longer than the limit."""
    raw = bytes(stream.read_raw_bytes())
    kind = stream.get("/Filter")
    if kind is None:
        return raw if len(raw) <= limit else None
    if str(kind) == "/FlateDecode" or (
        isinstance(kind, pikepdf.Array) and [str(each) for each in kind] == ["/FlateDecode"]
    ):
        inflate = zlib.decompressobj()
        try:
            plain = inflate.decompress(raw, limit + 1)
        except zlib.error:
            return b""
        return plain if len(plain) <= limit else None
    try:
        plain = bytes(stream.read_bytes())
    except (pikepdf.PdfError, RuntimeError):
        return b""  # a filter of pictures, or damage: a reader cannot decode it either
    return plain if len(plain) <= limit else None
