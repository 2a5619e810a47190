"""What every page of one request leans on: the node's context, the officer at this browser, local time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import ParamSpec, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import current_app, g, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from village_node.context import NodeContext
from village_node.drafts.folder import DraftFolder
from village_node.identity.sessions import Unlocked
from village_node.store.space import SpaceWatch
from village_node.web.errors import wants_json
from village_node.web.importing import Importing
from village_node.web.language import say
from village_node.web.seats import Parked, Seat, Seats

ZONE = ZoneInfo("Asia/Jakarta")
"""Java has one zone, WIB; the node's regency lies there."""

SEAT = "seat"
LIVE = "simpul-live"
"""X-Requested-With of a page that asks for news: no action of a person."""

FORMS = frozenset({"applications.go_on", "attachments.go_on", "corrections.go_on"})
"""Views that take a whole form of a draft."""

Params = ParamSpec("Params")
View = Callable[Params, ResponseReturnValue]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the pages share; made once per app."""

    context: NodeContext
    seats: Seats
    folder: DraftFolder
    space: SpaceWatch
    importing: Importing


def desk() -> Desk:
    """Return what the pages share."""
    return cast("Desk", current_app.extensions["simpul"])


def context() -> NodeContext:
    """Return the node's context."""
    return desk().context


def now() -> datetime:
    """Return the time of this computer, in UTC."""
    return context().clock.now()


def local(at: datetime) -> datetime:
    """Return a moment in the village's own time."""
    return at.astimezone(ZONE)


def find_seat() -> Seat | None:
    """Return the officer's seat at this browser, looked up once per request."""
    if SEAT not in g:
        is_action = request.headers.get("X-Requested-With") != LIVE
        g.seat = desk().seats.find(session.get(SEAT), is_action=is_action)
    return cast("Seat | None", g.seat)


def officer() -> Unlocked:
    """Return the signed-in officer; only inside a view behind ``for_officers``."""
    return cast("Unlocked", g.officer)


def for_officers(view: View[Params]) -> View[Params]:
    """Let nobody in without an open vault: scripts get 401, people the sign-in page, which leads back here."""

    @wraps(view)
    def guarded(*args: Params.args, **kwargs: Params.kwargs) -> ResponseReturnValue:
        seat = find_seat()
        if seat is not None and seat.unlocked is not None:
            g.officer = seat.unlocked
            return view(*args, **kwargs)
        if wants_json() or request.headers.get("X-Requested-With") == LIVE:
            return jsonify(problem=say("Terkunci. Masukkan PIN."), code="locked"), 401
        if seat is not None:
            _park(seat)
        return redirect(url_for("session.sign_in", next=_way_back()))

    return guarded


def _park(seat: Seat) -> None:
    """Keep a whole form that came after the lock fell."""
    draft_id = (request.view_args or {}).get("draft_id")
    if request.endpoint in FORMS and draft_id:
        typed = {key: text for key, text in request.form.items() if key != "csrf_token"}
        desk().seats.park(seat.token, Parked(draft_id=draft_id, typed=typed))


def _way_back() -> str:
    """Return where to go after the PIN: here, unless this address only takes what is sent to it."""
    adapter = current_app.create_url_adapter(request)
    return request.path if adapter is not None and adapter.test(request.path, "GET") else "/"


def open_to_all(view: View[Params]) -> View[Params]:
    """Mark a view that needs no officer: it shows nothing about any resident."""
    vars(view)["is_open_to_all"] = True
    return view


def local_path(wish: str) -> str:
    """Return a path of our own, whatever was asked for (fault F18)."""
    parts = urlsplit(wish)
    if parts.scheme or parts.netloc or not wish.startswith("/") or wish.startswith(("//", "/\\")):
        return "/"
    return wish
