"""Choosing a service and filling in its form."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from protocol.catalogue import Service
from village_node.catalogue.service import load_service, newest_services
from village_node.drafts import service
from village_node.drafts.rules import is_known_key
from village_node.store.space import NoSpaceError
from village_node.web.desk import context, desk, for_officers, local, now, officer
from village_node.web.drawing import (
    Shown,
    answer_lines,
    applicant_lines,
    file_problems,
    form_problems,
    need_lines,
    promise_of,
    requirement_rows,
    service_facts,
    stage_rows,
)
from village_node.web.forms import (
    CONSENT_KEY,
    applicant_fact,
    applicant_inputs,
    consent_input,
    field_fact,
    reason_input,
    service_inputs,
    wants_reason,
)
from village_node.web.language import say
from village_node.web.pages.shown import common, shown_draft
from village_node.web.words import KINDS, clock_time, in_words, moment

blueprint = Blueprint("applications", __name__)


@blueprint.get("/layanan")
@for_officers
def services() -> ResponseReturnValue:
    """List the services, found by a few letters."""
    q = request.args.get("q", "").strip()
    with context().database.reading() as db:
        facts = [service_facts(each) for each in newest_services(db) if each.is_open]
    found = [each for each in facts if all(word in each.words for word in q.lower().split())]
    groups = [(str(name), [each for each in found if each.kind is kind]) for kind, name in KINDS.items()]
    shown = [(name, group) for name, group in groups if group]
    return render_template("services.html", q=q, groups=shown, count=len(found))


@blueprint.get("/layanan/<code>")
@for_officers
def service_page(code: str) -> ResponseReturnValue:
    """Show requirements, promised time and fee before starting."""
    chosen = _newest(code)
    return render_template(
        "service.html",
        facts=service_facts(chosen),
        promise=promise_of(chosen, {}),
        requirements=requirement_rows(chosen),
        stages=stage_rows(chosen),
        legal=chosen.legal_basis,
        validity=in_words(chosen.validity.text),
    )


@blueprint.post("/layanan/<code>/mulai")
@for_officers
def start(code: str) -> ResponseReturnValue:
    """Begin an application, unless the disk would not take the resident's story to its end."""
    if not desk().space.look().may_begin:
        raise NoSpaceError
    chosen, draft_id = _newest(code), context().ids.new()
    with context().database.session() as db:
        service.start_draft(db, now(), officer(), draft_id=draft_id, service=chosen)
    return redirect(url_for("applications.form", draft_id=draft_id))


@blueprint.get("/isian/<draft_id>")
@for_officers
def form(draft_id: str) -> ResponseReturnValue:
    """Show the form with what was typed."""
    return _form(shown_draft(draft_id), show_problems=False)


@blueprint.post("/isian/<draft_id>")
@for_officers
def go_on(draft_id: str) -> ResponseReturnValue:
    """Save the whole form and go on to the files, or show what is still wrong."""
    shown = shown_draft(draft_id)
    typed = {key: text for key, text in request.form.items() if is_known_key(shown.service, key)}
    typed.setdefault(CONSENT_KEY, "")
    _save(shown, typed)
    shown = shown_draft(draft_id)
    if shown.reading.problems:
        return _form(shown, show_problems=True), 422
    return redirect(url_for("attachments.files", draft_id=draft_id))


@blueprint.post("/isian/<draft_id>/simpan")
@for_officers
def save(draft_id: str) -> ResponseReturnValue:
    """Save one input; answer what its page should say about it."""
    sent = request.get_json()
    key, value = str(sent.get("key", "")), str(sent.get("value", ""))
    _save(shown_draft(draft_id), {key: value})
    shown = shown_draft(draft_id)
    state = shown.state(show_problems=True)
    field = state.service.field(key)
    return jsonify(
        saved=say("Tersimpan pukul %(time)s", time=clock_time(local(now()), seconds=True)),
        problem=state.problem(key) if value.strip() else "",
        warnings={each.key: " ".join(state.warnings_of(each.key)) for each in state.warnings},
        fact=field_fact(field, value, state.today) if field else applicant_fact(key, value, state.today),
        reason_wanted=wants_reason(state.warnings),
        fee=promise_of(shown.service, shown.reading.answers).fee_words,
    )


@blueprint.get("/isian/<draft_id>/periksa")
@for_officers
def check(draft_id: str) -> ResponseReturnValue:
    """Show everything once more, to be read with the resident."""
    shown = shown_draft(draft_id)
    at_form, at_files = (url_for(name, draft_id=draft_id) for name in ("applications.form", "attachments.files"))
    parts = [
        (say("Pemohon"), applicant_lines(shown, at_form)),
        (say("Isian layanan"), answer_lines(shown, at_form)),
        (say("Berkas persyaratan"), need_lines(shown, at_files)),
    ]
    problems = [*form_problems(shown, at_form), *file_problems(shown, at_files)]
    return render_template(
        "check.html", **common(shown), parts=parts, problems=problems, warnings=shown.warning_lines()
    )


@blueprint.post("/isian/<draft_id>/hapus")
@for_officers
def discard(draft_id: str) -> ResponseReturnValue:
    """Forget a draft with its files."""
    with context().database.session() as db:
        service.discard(db, officer(), draft_id=draft_id)
    with context().database.session() as db:
        service.tidy(db, desk().folder, draft_id=draft_id)
    return redirect(url_for("home.index"))


def _newest(code: str) -> Service:
    with context().database.reading() as db:
        found = next((each for each in newest_services(db) if each.code == code), None)
        return found or load_service(db, code, 0)


def _save(shown: Shown, typed: dict[str, str]) -> None:
    with context().database.session() as db:
        service.save_fields(db, now(), officer(), draft_id=shown.draft.draft_id, service=shown.service, typed=typed)


def _form(shown: Shown, *, show_problems: bool) -> str:
    state = shown.state(show_problems=show_problems)
    return render_template(
        "form.html",
        **common(shown),
        problems=form_problems(shown) if show_problems else [],
        applicant=applicant_inputs(state),
        reason=reason_input(state),
        reason_wanted=wants_reason(state.warnings),
        fields=service_inputs(state),
        consent=consent_input(state.content),
        saved=say("Tersimpan %(time)s", time=moment(local(shown.draft.changed_at))),
    )
