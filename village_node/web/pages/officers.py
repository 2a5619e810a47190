"""Officers of this computer: who they are, who still waits for the hub, adding one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from village_node.identity.errors import PinFormError
from village_node.identity.officers import create_officer, list_officers
from village_node.web.desk import context, for_officers, local
from village_node.web.errors import advice_of
from village_node.web.language import say
from village_node.web.words import moment

blueprint = Blueprint("officers", __name__)

MAX_NAME = 120


@blueprint.get("/petugas")
@for_officers
def index() -> ResponseReturnValue:
    """List the officers."""
    return _page()


@blueprint.post("/petugas")
@for_officers
def add() -> ResponseReturnValue:
    """Make an officer with a PIN of their own; the hub has to certify the key before it signs."""
    name, pin, again = (request.form.get(key, "") for key in ("name", "pin", "again"))
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        return _page(name=name, problems={"name": say("Tulis nama lengkap petugas.")}), 422
    if pin != again:
        return _page(name=name, problems={"again": say("Kedua PIN tidak sama. Ketik ulang keduanya.")}), 422
    ports = context()
    try:
        with ports.database.session() as db:
            create_officer(db, ports.clock, ports.randomness, name=name, pin=pin)
    except PinFormError as error:
        return _page(name=name, problems={"pin": str(advice_of(error).happened)}), 422
    ports.wake()
    flash(say("Petugas ditambahkan. Pengesahan diminta ke pusat begitu tersambung."), "ok")
    return redirect(url_for("officers.index"))


def _page(*, name: str = "", problems: dict[str, str] | None = None) -> str:
    with context().database.reading() as db:
        rows = [(each, moment(local(each.created_at))) for each in list_officers(db)]
    return render_template("officers.html", rows=rows, name=name, wrong=problems or {})
