"""Answering an office: the same case, with the asked inputs and files alone to be changed; old and new; the PIN."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from village_node.cases.rules import may_save
from village_node.cases.service import (
    load_correction,
    save_correction,
    seal_correction,
    start_correction,
)
from village_node.cases.tasks import find_reader
from village_node.drafts import service as drafts
from village_node.drafts.errors import DraftKeyError
from village_node.drafts.rules import SEEN_PREFIX
from village_node.identity.errors import PinLockedError, PinWrongError
from village_node.identity.hub import find_enrolled, office_names
from village_node.identity.officers import unlock
from village_node.outbox.errors import OfficerNotCertifiedError
from village_node.store.errors import DomainError
from village_node.store.schema import bounded_ms
from village_node.web.corrections import (
    ShownCorrection,
    asked_files,
    asked_inputs,
    changed_lines,
    file_lines,
    other_lines,
    problem_lines,
    remark_lines,
)
from village_node.web.desk import context, desk, for_officers, local, now, officer
from village_node.web.errors import advice_of, wants_json
from village_node.web.forms import field_fact
from village_node.web.language import say
from village_node.web.pages.attachments import UploadRefusedError, take_uploads
from village_node.web.returns import return_advice
from village_node.web.standing import office_words
from village_node.web.words import clock_time, moment, size

blueprint = Blueprint("corrections", __name__)


@blueprint.post("/perbaikan/<int:letter>/mulai")
@for_officers
def start(letter: int) -> ResponseReturnValue:
    """Begin to answer a question, or go on."""
    with context().database.session() as db:
        reader = find_reader(db, officer())
        draft_id = start_correction(db, now(), officer(), reader, letter=letter, draft_id=context().ids.new())
    return redirect(url_for("corrections.form", draft_id=draft_id))


@blueprint.get("/perbaikan/<draft_id>")
@for_officers
def form(draft_id: str) -> ResponseReturnValue:
    """Show what is asked, the inputs that may change, and the rest to be read."""
    return _form(_shown(draft_id), show_problems=False)


@blueprint.post("/perbaikan/<draft_id>")
@for_officers
def go_on(draft_id: str) -> ResponseReturnValue:
    """Save the whole form and go on, or show what is still open."""
    shown = _shown(draft_id)
    asked, service = shown.correction.asked, shown.correction.service
    typed = {key: text for key, text in request.form.items() if may_save(service, asked, key)}
    typed |= {key: "" for key in _boxes(shown) if key not in typed}
    _save(shown, typed)
    shown = _shown(draft_id)
    if not shown.reading.is_ready:
        return _form(shown, show_problems=True), 422
    return redirect(url_for("corrections.check", draft_id=draft_id))


@blueprint.post("/perbaikan/<draft_id>/simpan")
@for_officers
def save(draft_id: str) -> ResponseReturnValue:
    """Save one input; answer what its page should say about it."""
    sent = request.get_json()
    key, value = str(sent.get("key", "")), str(sent.get("value", ""))
    _save(_shown(draft_id), {key: value})
    shown = _shown(draft_id)
    state, field = shown.state(show_problems=True), shown.correction.service.field(key)
    return jsonify(
        saved=say("Tersimpan pukul %(time)s", time=clock_time(local(now()), seconds=True)),
        problem=state.problem(key) if value.strip() else "",
        warnings={each.key: " ".join(state.warnings_of(each.key)) for each in state.warnings},
        fact=field_fact(field, value, state.today) if field else "",
        reason_wanted=False,
        fee="",
    )


@blueprint.post("/perbaikan/<draft_id>/berkas/tambah")
@for_officers
def attach(draft_id: str) -> ResponseReturnValue:
    """Shrink, seal and keep what was chosen or photographed for an asked requirement."""
    shown = _shown(draft_id)
    requirement = shown.correction.service.requirement(request.form.get("requirement", ""))
    if requirement is None or requirement.key not in shown.reading.requirements:
        raise DraftKeyError
    try:
        take_uploads(draft_id, requirement)
    except UploadRefusedError as refused:
        if wants_json():
            return jsonify(problem=refused.words), 422
        flash(refused.words, "bad")
    return jsonify(ok=True) if wants_json() else redirect(_at(draft_id, requirement.key))


@blueprint.post("/perbaikan/<draft_id>/berkas/<file_id>/hapus")
@for_officers
def remove(draft_id: str, file_id: str) -> ResponseReturnValue:
    """Take a newly brought file away."""
    shown = _shown(draft_id)
    with context().database.session() as db:
        drafts.remove_file(db, now(), officer(), draft_id=shown.correction.draft.draft_id, file_id=file_id)
    with context().database.session() as db:
        drafts.tidy(db, desk().folder, draft_id=draft_id)
    return redirect(url_for("corrections.form", draft_id=draft_id))


@blueprint.get("/perbaikan/<draft_id>/periksa")
@for_officers
def check(draft_id: str) -> ResponseReturnValue:
    """Show old and new beside each other, and ask for the PIN."""
    shown = _shown(draft_id)
    if not shown.reading.is_ready:
        return redirect(url_for("corrections.form", draft_id=draft_id))
    return _check(shown, None)


@blueprint.post("/perbaikan/<draft_id>/periksa")
@for_officers
def seal(draft_id: str) -> ResponseReturnValue:
    """Sign, seal and put the correction into the outbox; the draft goes in the same transaction."""
    shown, ports = _shown(draft_id), context()
    try:
        signer = unlock(ports.database, ports.clock, ports.randomness, officer().officer, request.form.get("pin", ""))
        with ports.database.session() as db:
            item = seal_correction(db, ports.sealer, signer, shown.correction, desk().folder)
    except DomainError as error:
        return _check(shown, error), 403 if isinstance(error, PinWrongError | PinLockedError) else 409
    with ports.database.reading() as db:
        drafts.tidy(db, desk().folder, draft_id=draft_id)
    ports.wake()
    flash(
        say(
            "Perbaikan tersegel dengan nomor yang sama, %(number)s. Dikirim begitu tersambung.",
            number=item.registration_no,
        ),
        "ok",
    )
    return redirect(url_for("sending.item", bundle=item.bundle.hex()))


@blueprint.post("/perbaikan/<draft_id>/hapus")
@for_officers
def discard(draft_id: str) -> ResponseReturnValue:
    """Forget what was typed so far; the question stays open."""
    shown = _shown(draft_id)
    with context().database.session() as db:
        drafts.discard(db, officer(), draft_id=shown.correction.draft.draft_id)
    with context().database.session() as db:
        drafts.tidy(db, desk().folder, draft_id=draft_id)
    return redirect(url_for("home.index"))


def _shown(draft_id: str) -> ShownCorrection:
    with context().database.reading() as db:
        correction = load_correction(db, officer(), find_reader(db, officer()), draft_id)
        enrolled = find_enrolled(db)
    return ShownCorrection(
        correction=correction,
        today=local(now()).date(),
        regency=enrolled.hub if enrolled else "",
        village=enrolled.node.village if enrolled else "",
    )


def _save(shown: ShownCorrection, typed: dict[str, str]) -> None:
    with context().database.session() as db:
        save_correction(db, now(), officer(), shown.correction, typed)


def _boxes(shown: ShownCorrection) -> list[str]:
    return [f"{SEEN_PREFIX}{each.key}" for each in asked_files(shown, show_problems=False)]


def _form(shown: ShownCorrection, *, show_problems: bool) -> str:
    facts = {
        file.file_id: {"size": size(file.size), "time": moment(local(file.attached_at))}
        for file in shown.correction.draft.files
    }
    return render_template(
        "correction.html",
        **_common(shown),
        problems=problem_lines(shown) if show_problems else [],
        inputs=asked_inputs(shown, show_problems=show_problems),
        requirements=asked_files(shown, show_problems=show_problems),
        facts=facts,
        others=other_lines(shown),
        saved=say("Tersimpan %(time)s", time=moment(local(shown.correction.draft.changed_at))),
    )


def _check(shown: ShownCorrection, error: DomainError | None) -> str:
    return render_template(
        "correction_check.html",
        **_common(shown),
        changes=changed_lines(shown),
        files=file_lines(shown),
        remarks=remark_lines(shown),
        problem=advice_of(error) if error else None,
        may_sign=not isinstance(error, OfficerNotCertifiedError),
    )


def _common(shown: ShownCorrection) -> dict[str, object]:
    asked = shown.correction.asked
    with context().database.reading() as db:
        offices = office_names(db)
    questions = [
        {
            "office": office_words(each.office, offices),
            "reason": str(return_advice(each.reason).reason),
            "note": each.note,
            "asked_at": moment(local(bounded_ms(each.asked_at))),
        }
        for each in shown.correction.questions
    ]
    return {
        "draft_id": shown.correction.draft.draft_id,
        "name": shown.name,
        "number": asked.registration_no,
        "applicant": asked.applicant,
        "questions": questions,
        "is_open": shown.correction.is_open,
        "bundle": asked.bundle.hex(),
    }


def _at(draft_id: str, key: str) -> str:
    return f"{url_for('corrections.form', draft_id=draft_id)}#{key}"
