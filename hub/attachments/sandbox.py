"""Starts the child that opens a file: two at once at most, each with a time limit, each forgotten when it fails.

On a machine without ``pdftoppm`` (Debian: poppler-utils) a page of a PDF cannot be drawn; then a PDF with the same
pages and nothing that acts is offered instead.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from threading import BoundedSemaphore

import msgspec

from hub.attachments.rules import Finding, Verdict, first_findings, kind_by_magic
from protocol.catalogue import MediaType
from protocol.limits import MAX_ATTACHMENT_BYTES

TIME_LIMIT_S = 10
SIDE, LARGE_SIDE = 1_500, 3_600
"""Pixels of the longer side of a preview: a letter can be read, and a site plan when it is asked for large."""

_PATH = "/usr/local/bin:/usr/bin:/bin"
_AT_ONCE = BoundedSemaphore(2)
"""1.2 GB each at the very most: two bombs at once must not take the machine along."""


class PreviewError(Exception):
    """No picture of this file can be had."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What the hub has drawn of a file."""

    content: bytes
    media_type: str


def inspect(content: bytes, declared: str, name: str) -> Verdict:
    """Return what a file is; whatever it does to the child, the answer is a verdict."""
    first = first_findings(content, declared, name)
    if first:
        return Verdict(kind=kind_by_magic(content[:16]), findings=first)
    if len(content) > MAX_ATTACHMENT_BYTES:
        return Verdict(kind=kind_by_magic(content[:16]), findings=(Finding.TOO_LARGE,))
    answer = _run("inspect", content=content)
    try:
        return msgspec.json.decode(answer or b"", type=Verdict)
    except msgspec.DecodeError:  # ended by a limit, or broken by the file
        return Verdict(kind=kind_by_magic(content[:16]), findings=(Finding.TOO_COSTLY,))


def preview(content: bytes, page: int, side: int = SIDE) -> Preview:
    """Return a picture of a file, or of one page of it (from 1).

    Raises:
        PreviewError: it does not open within the limits, or has no such page.
    """
    if kind_by_magic(content[:16]) is not MediaType.PDF:
        return _needed(_run("picture", str(side), content=content), "image/jpeg")
    program = shutil.which("pdftoppm", path=_PATH)
    if program is None:
        return _needed(_run("harmless", content=content), "application/pdf")
    return _needed(_run("page", program, str(page), str(side), content=content), "image/png")


def _needed(answer: bytes | None, media_type: str) -> Preview:
    if not answer:
        raise PreviewError
    return Preview(content=answer, media_type=media_type)


def _run(*arguments: str, content: bytes) -> bytes | None:
    """Return what the child answered; None when it failed or was ended."""
    command = [sys.executable, "-I", "-m", "hub.attachments.child", *arguments]
    with _AT_ONCE:
        try:
            done = subprocess.run(  # our own module; the file is data on standard input
                command,
                input=content,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PATH": _PATH, "LC_ALL": "C.UTF-8"},
                cwd="/",
                timeout=TIME_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
    return done.stdout if done.returncode == 0 else None
