"""Decisions: what came out, the document to print, handing it over, telling the resident."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from protocol.mailbox import NoticeKind
from protocol.notices import ActKind, Decision
from village_node.cases import tasks
from village_node.cases.errors import CaseUnknownError, HandOverError
from village_node.cases.tasks import find_reader
from village_node.identity.hub import find_enrolled, office_names
from village_node.identity.officers import unlock
from village_node.inbox.documents import drop_pieces, open_document, pieces_here
from village_node.inbox.errors import DocumentDamagedError
from village_node.inbox.letters import list_letters, open_decision
from village_node.outbox.acts import list_acts, open_act
from village_node.store.errors import DomainError
from village_node.store.schema import bounded_ms
from village_node.web.decisions import outcome_words, step_words, validity_words
from village_node.web.desk import context, for_officers, local, officer
from village_node.web.errors import advice_of
from village_node.web.language import say
from village_node.web.security import FILE_CSP
from village_node.web.standing import office_words
from village_node.web.words import moment, size

blueprint = Blueprint("decisions", __name__)

MAX_NAME = 120


@blueprint.get("/keputusan/<int:letter>")
@for_officers
def page(letter: int) -> ResponseReturnValue:
    """Show a decision."""
    return _page(letter, None)


@blueprint.get("/keputusan/kasus/<bundle>")
@for_officers
def of_case(bundle: str) -> ResponseReturnValue:
    """Lead to the newest decision of a case."""
    with context().database.reading() as db:
        found = list_letters(db, NoticeKind.DECISION, _digest(bundle))
    if not found:
        raise CaseUnknownError
    return redirect(url_for("decisions.page", letter=found[-1].number))


@blueprint.get("/keputusan/<int:letter>/dokumen")
@for_officers
def document(letter: int) -> ResponseReturnValue:
    """Hand out the document: to be looked at and printed, or to be saved."""
    decision = _decision(letter)
    ref = decision.document
    if ref is None:
        raise CaseUnknownError
    with context().database.reading() as db:
        opened = open_document(db, context().documents, ref)
    if not opened.is_whole:
        with context().database.session() as db:
            drop_pieces(db, ref.document, opened.bad)
        context().wake()
        raise DocumentDamagedError
    response = Response(opened.content, mimetype=ref.media_type)
    response.headers["Content-Security-Policy"] = FILE_CSP
    way = "attachment" if request.args.get("simpan") or ref.media_type != "application/pdf" else "inline"
    response.headers["Content-Disposition"] = f'{way}; filename="{decision.registration_no}.pdf"'
    return response


@blueprint.post("/keputusan/<int:letter>/serahkan")
@for_officers
def hand_over(letter: int) -> ResponseReturnValue:
    """Record who received the result; the officer signs with the PIN."""
    decision, ports = _decision(letter), context()
    person, note = request.form.get("person", "").strip(), request.form.get("note", "").strip()
    try:
        if not person or len(person) > MAX_NAME or len(note) > MAX_NAME or not (person + note).isprintable():
            raise HandOverError
        signer = unlock(ports.database, ports.clock, ports.randomness, officer().officer, request.form.get("pin", ""))
        with ports.database.session() as db:
            is_new = tasks.hand_over(db, ports.sealer, signer, decision, person, note)
    except DomainError as error:
        return _page(letter, error), 422
    ports.wake()
    if is_new:
        flash(say("Penyerahan tercatat dan dikirim ke pusat begitu tersambung."), "ok")
    else:
        flash(say("Penyerahan ini sudah tercatat sebelumnya; tidak dicatat dua kali."), "warn")
    return redirect(url_for("decisions.page", letter=letter))


@blueprint.post("/kasus/<bundle>/diberitahu")
@for_officers
def told(bundle: str) -> ResponseReturnValue:
    """Record that the resident was told the news."""
    ports = context()
    with ports.database.session() as db:
        tasks.tell(db, ports.sealer, officer(), _digest(bundle))  # a second click is not told from the first
    ports.wake()
    flash(say("Tercatat: pemohon sudah diberi tahu."), "ok")
    return redirect(url_for("home.index"))


def _decision(letter: int) -> Decision:
    with context().database.reading() as db:
        return open_decision(db, letter, find_reader(db, officer()))


def _page(letter: int, error: DomainError | None) -> str:
    decision = _decision(letter)
    with context().database.reading() as db:
        offices, ref = office_names(db), decision.document
        here = pieces_here(db, ref.document) if ref else 0
        acts, is_over = _handed_over(decision.bundle), tasks.is_handed_over(db, decision)
    return render_template(
        "decision.html",
        letter=letter,
        decision=decision,
        outcome=outcome_words(decision.outcome),
        step=step_words(decision.outcome),
        validity=validity_words(decision),
        office=office_words(decision.office, offices),
        decided=moment(local(bounded_ms(decision.decided_at))),
        pieces=(here, ref.pieces, size(ref.size)) if ref else None,
        acts=acts,
        is_over=is_over,
        is_ours=tasks.is_ours_to_hand_over(decision),
        problem=advice_of(error) if error else None,
        typed={"person": request.form.get("person", decision.applicant_name), "note": request.form.get("note", "")},
        longest=MAX_NAME,
    )


def _handed_over(bundle: bytes) -> list[dict[str, str]]:
    """Return who received the result, when, and whether the hub knows it."""
    with context().database.reading() as db:
        enrolled, reader = find_enrolled(db), find_reader(db, officer())
        rows = [row for row in list_acts(db, bundle) if row.kind == ActKind.HANDED_OVER]
    found = []
    for row in rows:
        act = open_act(row, reader.enrolled, reader.mailbox) if enrolled else None
        found.append(
            {
                "person": act.person if act else "",
                "note": act.note if act else "",
                "when": moment(local(row.made_at)),
                "state": row.state,
                "code": row.code,
            }
        )
    return found


def _digest(bundle: str) -> bytes:
    try:
        return bytes.fromhex(bundle)
    except ValueError:
        raise CaseUnknownError from None
