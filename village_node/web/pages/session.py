"""Signing in with the PIN, locking, the language, and the page's question whether it is locked."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from protocol.errors import ProtocolError
from protocol.ids import OfficerId
from village_node.catalogue.service import load_service
from village_node.drafts import service as drafts
from village_node.drafts.errors import DraftGoneError
from village_node.drafts.rules import is_known_key
from village_node.identity.errors import OfficerUnknownHereError, PinLockedError, PinWrongError
from village_node.identity.officers import list_officers, unlock
from village_node.identity.sessions import Unlocked
from village_node.store.errors import DomainError
from village_node.web.desk import SEAT, context, desk, find_seat, local_path, now, open_to_all
from village_node.web.errors import advice_of, sentence, wants_json
from village_node.web.language import COOKIE, LANGUAGES, say
from village_node.web.seats import Parked
from village_node.web.words import duration

blueprint = Blueprint("session", __name__)

_YEAR_S = 365 * 24 * 3600


@blueprint.get("/masuk")
@open_to_all
def sign_in() -> ResponseReturnValue:
    """Show who may sign in."""
    return _page(request.args.get("next", "/"), picked=_last_officer())


@blueprint.post("/masuk")
@open_to_all
def open_seat() -> ResponseReturnValue:
    """Open the officer's vault with the PIN."""
    wish, picked = local_path(request.form.get("next", "/")), request.form.get("officer", "")
    ports = context()
    try:
        officer = OfficerId(picked)
        opened = unlock(ports.database, ports.clock, ports.randomness, officer, request.form.get("pin", ""))
    except (PinWrongError, PinLockedError, OfficerUnknownHereError, ProtocolError) as error:
        if isinstance(error, PinWrongError):
            ports.unlocks.note_wrong_pin()
        return _refused(error, wish, picked)
    seat, parked = desk().seats.open(opened, cookie.get(SEAT))
    cookie[SEAT] = seat.token
    if parked is not None:
        _save_parked(opened, parked)
    return jsonify(ok=True) if wants_json() else redirect(wish)


@blueprint.post("/keluar")
@open_to_all
def sign_out() -> ResponseReturnValue:
    """Lock at once."""
    desk().seats.leave(cookie.pop(SEAT, None))
    return redirect(url_for("session.sign_in"))


@blueprint.get("/kunci")
@open_to_all
def lock_state() -> ResponseReturnValue:
    """Tell the page's script whether it is locked, and a token that is valid now. Other sites cannot read this."""
    seat = find_seat()
    return jsonify(locked=seat is None or seat.unlocked is None, token=generate_csrf())


@blueprint.post("/bahasa")
@open_to_all
def language() -> ResponseReturnValue:
    """Choose the language of this browser."""
    wish = request.form.get("language", "id")
    response = redirect(local_path(request.form.get("next", "/")))
    if wish in LANGUAGES:
        response.set_cookie(COOKIE, wish, max_age=_YEAR_S, httponly=True, samesite="Strict")
    return response


def _page(wish: str, *, picked: str, problem: str = "") -> str:
    with context().database.reading() as db:
        officers = list_officers(db)
    only = officers[0].officer if len(officers) == 1 else ""
    return render_template(
        "sign_in.html", officers=officers, picked=picked or only, next=local_path(wish), problem=problem
    )


def _refused(error: Exception, wish: str, picked: str) -> ResponseReturnValue:
    status, words = 403, say("PIN salah.")
    if isinstance(error, PinLockedError):
        status, words = 429, say("Terlalu banyak PIN salah. Tunggu %(time)s.", time=duration(error.wait_s))
    elif isinstance(error, DomainError) and not isinstance(error, PinWrongError):
        status, words = 404, sentence(advice_of(error))
    if wants_json():
        return jsonify(problem=words), status
    return _page(wish, picked=picked, problem=words), status


def _last_officer() -> str:
    seat = find_seat()
    return seat.officer if seat else ""


def _save_parked(opened: Unlocked, parked: Parked) -> None:
    """Save the form that came while the seat was locked; a draft that is gone meanwhile needs no saving."""
    with context().database.session() as db:
        try:
            draft = drafts.find(db, opened, parked.draft_id)
        except DraftGoneError:
            return
        service = load_service(db, draft.service, draft.service_version)
        typed = {key: text for key, text in parked.typed.items() if is_known_key(service, key)}
        drafts.save_fields(db, now(), opened, draft_id=parked.draft_id, service=service, typed=typed)
