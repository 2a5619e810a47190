"""``python -I -m hub.attachments.child VERB``: one file on standard input, one answer on standard output, then the end.

The process sets its own limits before it reads a byte. It can write no file, start no process (unless root started it),
and is ended by the kernel when it needs too much; so a bomb takes nothing but itself along.

Verbs: ``inspect`` answers a verdict as JSON, ``picture SIDE`` a JPEG, ``harmless`` a PDF that does nothing,
``page PROGRAM NUMBER SIDE`` becomes ``pdftoppm`` under the same limits and answers a PNG.
"""

import os
import resource
import sys

import msgspec

from hub.attachments.opening import draw_picture, harmless_pdf, open_file
from protocol.limits import MAX_ATTACHMENT_BYTES

MAX_MEMORY_BYTES = 1_200_000_000
"""Address space: 80 million pixels in RGBA are 320 MB, twice while they are turned upright."""

MAX_CPU_S = 8
OPEN_FILES = 40
REFUSED = 3
"""Exit code: the file does not open."""


def limit_myself() -> None:
    """Give up what a look at a file does not need."""
    for what, most in (
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MAX_CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (most, most))


def main(arguments: list[str]) -> int:
    """Do what the verb says; return the exit code."""
    limit_myself()
    if arguments[0] == "page":
        program, number, side = arguments[1:]
        os.execv(program, [program, "-png", "-f", number, "-l", number, "-scale-to", side, "-"])  # noqa: S606
    content = sys.stdin.buffer.read(MAX_ATTACHMENT_BYTES + 1)
    try:
        answer = _answer(arguments, content)
    except (OSError, ValueError, RuntimeError, SyntaxError, MemoryError):
        return REFUSED
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


def _answer(arguments: list[str], content: bytes) -> bytes:
    if arguments[0] == "inspect":
        return msgspec.json.encode(open_file(content))
    return draw_picture(content, int(arguments[1])) if arguments[0] == "picture" else harmless_pdf(content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
