"""Photos, scans and PDF files: really opened, shrunk, stripped of everything that is not the picture.

Rules:
1. The kind of a file is what opening it proves, never its name or what the browser says.
2. A photo leaves as a JPEG (or PNG, where only that is taken) of at most 1600 px without EXIF: no place, no device.
3. Pixels are counted before they are decoded (fault E: decompression bombs); a bomb is refused, not survived.
4. A PDF is kept byte for byte (a signature in it stays valid), but one that is locked, empty, or carries scripts or
   files is refused.
"""

import struct
import warnings
import zlib
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from protocol.catalogue import MediaType
from protocol.limits import MAX_ATTACHMENT_BYTES

MAX_SIDE = 1_600
"""Pixels: an A4 page at 140 dpi, where 8-point print can still be read."""

MAX_PIXELS = 60_000_000
"""A phone with 50 megapixels passes; decoded it takes 180 MB for a moment."""

MAX_UPLOAD_BYTES = 30 * 1024 * 1024
"""Before shrinking: the largest photo that a phone makes, with room."""

JPEG_QUALITY = 78


class UploadProblem(StrEnum):
    """Why a file is refused. The page has a sentence for each."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    KIND = "kind"
    NOT_ACCEPTED = "not_accepted"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    LOCKED = "locked"
    ACTIVE = "active"
    TOO_MANY_PAGES = "too_many_pages"


class UploadError(Exception):
    """The file cannot be attached."""

    def __init__(self, problem: UploadProblem) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A file as it will be sent."""

    media_type: MediaType
    content: bytes


def prepare(raw: bytes, *, accepted: tuple[MediaType, ...]) -> Prepared:
    """Return the file as it will be sent.

    Raises:
        UploadError: empty, too large, of no accepted kind, damaged, or dangerous.
    """
    if not raw:
        raise UploadError(UploadProblem.EMPTY)
    if len(raw) > MAX_UPLOAD_BYTES:
        raise UploadError(UploadProblem.TOO_LARGE)
    made = _pdf(raw) if raw[:1024].lstrip().startswith(b"%PDF-") else _picture(raw, accepted)
    if made.media_type not in accepted:
        raise UploadError(UploadProblem.NOT_ACCEPTED)
    if len(made.content) > MAX_ATTACHMENT_BYTES:
        raise UploadError(UploadProblem.TOO_LARGE)
    return made


def _picture(raw: bytes, accepted: tuple[MediaType, ...]) -> Prepared:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _shrink(raw, as_png=MediaType.JPEG not in accepted and MediaType.PNG in accepted)
        except UnidentifiedImageError:
            raise UploadError(UploadProblem.KIND) from None
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise UploadError(UploadProblem.TOO_MANY_PIXELS) from None
        except (OSError, SyntaxError, ValueError, TypeError, IndexError, struct.error, zlib.error, EOFError):
            raise UploadError(UploadProblem.DAMAGED) from None


def _shrink(raw: bytes, *, as_png: bool) -> Prepared:
    with Image.open(BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as opened:
        if opened.width * opened.height > MAX_PIXELS:  # rule 3
            raise UploadError(UploadProblem.TOO_MANY_PIXELS)
        opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
        picture = ImageOps.exif_transpose(opened)
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
        picture = _on_white(picture)
    target = BytesIO()
    if as_png:
        picture.save(target, "PNG", optimize=True)
        return Prepared(media_type=MediaType.PNG, content=target.getvalue())
    picture.save(target, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return Prepared(media_type=MediaType.JPEG, content=target.getvalue())


def _on_white(picture: Image.Image) -> Image.Image:
    """Return the picture in RGB without what it carried along; what was transparent becomes paper."""
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        solid = picture.convert("RGBA")
        paper = Image.new("RGBA", solid.size, "white")
        picture = Image.alpha_composite(paper, solid)
    plain = Image.new("RGB", picture.size)
    plain.paste(picture.convert("RGB"))
    return plain


def _pdf(raw: bytes) -> Prepared:
    from village_node.drafts.documents import fault_of  # noqa: PLC0415  # pypdf takes 9 MB, and many days see no PDF

    fault = fault_of(raw)
    if fault:
        raise UploadError(UploadProblem(fault))
    return Prepared(media_type=MediaType.PDF, content=raw)
