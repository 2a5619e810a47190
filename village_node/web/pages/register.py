"""The residents' register: import, report, forget; and taking a resident over into a form. No address holds a name."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from village_node.drafts import service as drafts
from village_node.drafts.rules import ApplicantField
from village_node.identity.mailbox import find_mailbox_key
from village_node.register import service
from village_node.register.columns import full_address, prefill
from village_node.register.errors import MAX_FILE_BYTES
from village_node.store.space import NoSpaceError
from village_node.web.desk import context, desk, for_officers, local, now, officer
from village_node.web.language import say
from village_node.web.pages.shown import common, shown_draft
from village_node.web.words import FILE_PROBLEMS, ROW_PROBLEMS, moment, size

blueprint = Blueprint("register", __name__)

APPLICANT_KEYS = {"name": ApplicantField.NAME, "nik": ApplicantField.NIK, "address": ApplicantField.ADDRESS}


@blueprint.get("/penduduk")
@for_officers
def index() -> ResponseReturnValue:
    """Show what the register is, and the last import."""
    with context().database.reading() as db:
        facts = service.find_facts(db)
        has_key = find_mailbox_key(db, officer()) is not None
    return render_template(
        "register.html",
        facts=facts,
        imported=moment(local(facts.imported_at)) if facts else "",
        has_key=has_key,
        most=size(MAX_FILE_BYTES),
        **_job(),
    )


@blueprint.get("/penduduk/keadaan")
@for_officers
def import_fragment() -> ResponseReturnValue:
    """Answer the page's question how far the import is."""
    response = Response(render_template("fragments/import.html", **_job()), mimetype="text/html")
    response.add_etag()
    return response.make_conditional(request)


@blueprint.post("/penduduk")
@for_officers
def take_in() -> ResponseReturnValue:
    """Begin to import a spreadsheet."""
    upload = request.files.get("file")
    raw = upload.stream.read(MAX_FILE_BYTES + 1) if upload is not None else b""
    if not desk().space.look().may_begin:
        raise NoSpaceError
    if not desk().importing.start(raw, officer()):
        flash(say("Impor lain sedang berjalan; tunggu sampai selesai."), "warn")
    return redirect(url_for("register.index"))


@blueprint.post("/penduduk/hapus")
@for_officers
def forget() -> ResponseReturnValue:
    """Delete the register."""
    with context().database.session() as db:
        service.forget(db)
    flash(say("Data penduduk dihapus dari komputer ini."), "ok")
    return redirect(url_for("register.index"))


@blueprint.route("/isian/<draft_id>/penduduk", methods=["GET", "POST"])
@for_officers
def find(draft_id: str) -> ResponseReturnValue:
    """Search a resident for a form; the wish travels in the request's body, never in an address."""
    shown, wish = shown_draft(draft_id), request.form.get("wish", "").strip()
    with context().database.reading() as db:
        facts = service.find_facts(db)
        found = service.search(db, officer(), context().randomness, wish) if facts and wish else []
    rows = [(each.handle, each.person, full_address(each.person)) for each in found]
    return render_template("residents.html", **common(shown), facts=facts, wish=wish, rows=rows)


@blueprint.post("/isian/<draft_id>/penduduk/pakai")
@for_officers
def take_over(draft_id: str) -> ResponseReturnValue:
    """Fill the form with a resident's data; what the register does not have is emptied, so that nobody is mixed."""
    shown = shown_draft(draft_id)
    with context().database.reading() as db:
        person = service.load_resident(db, officer(), context().randomness, request.form.get("resident", ""))
    typed = prefill(shown.service, person, APPLICANT_KEYS)
    with context().database.session() as db:
        drafts.save_fields(db, now(), officer(), draft_id=draft_id, service=shown.service, typed=typed)
    flash(say("Isian diambil dari data penduduk. Cocokkan dengan KTP dan KK pemohon."), "ok")
    return redirect(url_for("applications.form", draft_id=draft_id))


def _job() -> dict[str, object]:
    job = desk().importing.last
    if job is None:
        return {"job": None}
    return {
        "job": job,
        "problem": str(FILE_PROBLEMS[job.code]) if job.code in FILE_PROBLEMS else job.code,
        "refused": [(each.line, str(ROW_PROBLEMS[each.problem])) for each in job.refused],
        "counts": [(str(ROW_PROBLEMS[each]), count) for each, count in (job.counts or {}).items()],
    }
