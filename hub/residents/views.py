"""Following a case without an account: parse, one use case, render. Number and code are never part of a URL."""

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from hub.accounts.access import public, room_tools, web_context
from hub.accounts.throttle import Quota, take_turn
from hub.accounts.views import visitor_network
from hub.casework.events import CaseTools
from hub.desks import labels as case_labels
from hub.residents import labels
from hub.residents.forms import TrackForm
from hub.residents.tracking import CaseUnknownError, TrackedCase, find_case, read_tracked, receipts_of

blueprint = Blueprint("residents", __name__, template_folder="templates")

QUOTA = Quota(page="track", visitor=60, all=6_000)
"""In ten minutes: a village office that looks for each of its people, ten pages a second for the whole regency."""


@blueprint.get("/lacak")
@public
def track() -> ResponseReturnValue:
    """Show the empty form."""
    return _page(TrackForm(formdata=None))


@blueprint.post("/lacak")
@public
def track_now() -> ResponseReturnValue:
    """Show where a case is."""
    form, context = TrackForm(), web_context()
    if not form.validate():
        return _page(form, problem=_(labels.INCOMPLETE), status=422)
    wait = _wait()
    if wait:
        return _busy(form, wait)
    now = context.clock.now()
    try:
        with context.database.reading() as session:
            case = find_case(session, *form.pair())
            found = read_tracked(session, now, case, room_tools(CaseTools))
    except CaseUnknownError:
        return _page(form, problem=_(labels.UNKNOWN), status=404)
    return _page(form, found=found)


@blueprint.post("/lacak/tanda-terima")
@public
def receipts() -> ResponseReturnValue:
    """Send every receipt of a case, with its proof of where it stands in the ledger."""
    form = TrackForm()
    wait = _wait()
    if wait:
        return _busy(form, wait)
    try:
        with web_context().database.reading() as session:
            case = find_case(session, *form.pair())
            packed = receipts_of(session, case)
    except CaseUnknownError:
        return _page(form, problem=_(labels.UNKNOWN), status=404)
    headers = {"Content-Disposition": f"attachment; filename={case.registration_no}.zip"}
    return Response(packed, mimetype="application/zip", headers=headers)


def _wait() -> int:
    context = web_context()
    return take_turn(context.database, context.clock.now(), QUOTA, visitor_network())


def _busy(form: TrackForm, wait: int) -> ResponseReturnValue:
    html, _status = _page(form, problem=_(labels.WAIT, minutes=-(-wait // 60)), status=429)
    return html, 429, {"Retry-After": str(wait)}


def _page(
    form: TrackForm, *, found: TrackedCase | None = None, problem: str = "", status: int = 200
) -> tuple[str, int]:
    html = render_template(
        "residents/track.html", form=form, found=found, problem=problem, labels=labels, words=case_labels
    )
    return html, status
