"""The counter's page for sticks: hand a parcel in, see how far it is, take the answers along."""

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hub.accounts.access import allow, current_actor, web_context
from hub.accounts.queries import names_of
from hub.accounts.rules import Role
from hub.parcels import labels
from hub.parcels.errors import ParcelNotFoundError, ParcelRefusedError, ParcelRule
from hub.parcels.service import DONE, Brought, find, recent, take_parcel
from hub.parcels.spool import Spool
from protocol.limits import MAX_PARCEL_BYTES

blueprint = Blueprint("parcels", __name__, url_prefix="/berkas-usb", template_folder="templates")

CARRIERS = (Role.FRONT_OFFICE, Role.NETWORK_ADMIN)
MAX_UPLOAD_BYTES = MAX_PARCEL_BYTES + 10_000
"""A parcel with the form around it."""


@blueprint.get("")
@allow(*CARRIERS)
def page() -> ResponseReturnValue:
    """Show the form and the parcels that came lately."""
    return _page()


@blueprint.post("")
@allow(*CARRIERS, max_bytes=MAX_UPLOAD_BYTES)
def hand_in() -> ResponseReturnValue:
    """Take a parcel into the spool."""
    context, actor = web_context(), current_actor()
    brought = Brought(parcel_id=context.ids.new(), by=actor.person_id, at=context.clock.now())
    file = request.files.get("parcel")
    try:
        if file is None:
            raise ParcelRefusedError(ParcelRule.EMPTY)
        take_parcel(context.database, _spool(), context.settings.hub, file.stream, brought)
    except ParcelRefusedError as error:
        return _page(problem=labels.REFUSALS[error.rule]), 422
    flash(gettext("Paket diterima di loket. Jawabannya siap sebentar lagi."), "success")
    return redirect(url_for("parcels.page"))


@blueprint.get("/<parcel_id>/jawaban")
@allow(*CARRIERS)
def answers(parcel_id: str) -> ResponseReturnValue:
    """Give the answers file, for the stick."""
    context = web_context()
    try:
        with context.database.reading() as session:
            line = find(session, parcel_id)
    except ParcelNotFoundError:
        abort(404)
    path = _spool().answers(line.parcel_id)
    if line.state != DONE or not path.is_file():
        abort(404)
    name = f"simpul-jawaban-{line.node_id}-{line.parcel_id}.parcel"
    return send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=name)


def _spool() -> Spool:
    return Spool(web_context().settings.data_dir / "parcels")


def _page(problem: str = "") -> str:
    with web_context().database.reading() as session:
        lines = recent(session)
        people = names_of(session, {line.brought_by for line in lines})
    return render_template("parcels/page.html", lines=lines, people=people, labels=labels, problem=problem)
