"""The log for everybody, without sign-in, after C2SP tlog-tiles: checkpoint, tiles of hashes, bundles of entries.

``make_blueprint`` is handed what marks a view as public and what opens the database: this room stands beside the room
of sign-ins, not above it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from flask import Blueprint, Response, abort
from sqlalchemy.orm import Session

from hub.ledger.cosigning import cosigned_text
from hub.ledger.layout import MAX_LEVEL, entries_bytes, parse_place, tile_bytes

View = Callable[..., Response]
FOREVER = "public, max-age=31536000, immutable"
"""A tile's path holds its width, so its content never changes."""
SOON = "public, max-age=5"


def make_blueprint(public: Callable[[View], View], reading: Callable[[], AbstractContextManager[Session]]) -> Blueprint:
    """Return the pages below ``/log``."""
    blueprint = Blueprint("log", __name__, url_prefix="/log")

    @blueprint.get("/checkpoint")
    @public
    def checkpoint() -> Response:
        """Return the newest signed tree head, with the signatures of the witnesses that have seen it."""
        with reading() as session:
            found = cosigned_text(session)
        return _answer(None if found is None else found.encode(), "text/plain; charset=utf-8", SOON)

    @blueprint.get("/tile/<int:level>/<path:place>")
    @public
    def tile(level: int, place: str) -> Response:
        """Return hashes of the tree, 32 bytes each."""
        parsed = parse_place(place)
        if parsed is None or level > MAX_LEVEL:
            abort(404)
        with reading() as session:
            content = tile_bytes(session, level, parsed)
        return _answer(content, "application/octet-stream", FOREVER)

    @blueprint.get("/tile/entries/<path:place>")
    @public
    def entries(place: str) -> Response:
        """Return entries, each behind its length in two bytes."""
        parsed = parse_place(place)
        if parsed is None:
            abort(404)
        with reading() as session:
            content = entries_bytes(session, parsed)
        return _answer(content, "application/octet-stream", FOREVER)

    return blueprint


def _answer(content: bytes | None, media_type: str, caching: str) -> Response:
    if content is None:
        abort(404)
    return Response(content, content_type=media_type, headers={"Cache-Control": caching})
