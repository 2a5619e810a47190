"""PDF files: really opened; what is wrong with one is told in the words of ``pictures.UploadProblem``.

Loaded with the first PDF only.
"""

import struct
import zlib
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject

MAX_PAGES = 300


def fault_of(raw: bytes) -> str:
    """Return why a PDF must not be attached, or an empty text when nothing speaks against it."""
    try:
        return _fault_of(PdfReader(BytesIO(raw), strict=False))
    except (
        PyPdfError, OSError, ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError,
        ArithmeticError, NotImplementedError, struct.error, zlib.error,
    ):  # fmt: skip
        return "damaged"


def _fault_of(reader: PdfReader) -> str:
    if reader.is_encrypted:
        return "locked"
    pages = len(reader.pages)
    if not pages:
        return "damaged"
    if pages > MAX_PAGES:
        return "too_many_pages"
    return "active" if _is_active(reader.root_object) else ""


def _is_active(root: DictionaryObject) -> bool:
    """Tell whether opening the document would run or unpack something."""
    action = root.get("/OpenAction")
    action = action.get_object() if action is not None else None
    if isinstance(action, DictionaryObject) and action.get("/S") in {"/JavaScript", "/Launch", "/SubmitForm", "/URI"}:
        return True
    names = root.get("/Names")
    names = names.get_object() if names is not None else None
    return "/AA" in root or (
        isinstance(names, DictionaryObject) and ("/JavaScript" in names or "/EmbeddedFiles" in names)
    )


def keywords_of(raw: bytes) -> str:
    """Return what a PDF says as its keywords: a claim of whoever made it. Empty when there are none."""
    try:
        described = PdfReader(BytesIO(raw), strict=False).metadata
        return str(described.get("/Keywords", "")) if described is not None else ""
    except (
        PyPdfError, OSError, ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError,
        ArithmeticError, NotImplementedError, struct.error, zlib.error,
    ):  # fmt: skip
        return ""
