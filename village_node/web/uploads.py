"""Uploaded files stay in memory: what a resident hands in never lies in a temporary folder in clear."""

from io import BytesIO
from typing import IO

from flask import Request


class MemoryRequest(Request):
    """A request whose files are kept in memory; ``MAX_CONTENT_LENGTH`` bounds them."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Return where werkzeug writes one file; its own choice goes to the disk beyond 500 kB."""
        del total_content_length, content_type, filename, content_length
        return BytesIO()
