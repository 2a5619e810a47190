"""Keaslian: is this permit genuine, expired, revoked, or not ours? Without a link."""

from collections.abc import Mapping

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from protocol.limits import MAX_DOCUMENT_BYTES
from protocol.permit import MAX_ENVELOPE_BYTES
from village_node.cases.genuine import Finding, judge_file, judge_text
from village_node.cases.tasks import find_reader
from village_node.identity.hub import load_enrolled, office_names
from village_node.inbox.news import day_of
from village_node.inbox.revocations import Revocations, read_revocations
from village_node.store.schema import bounded_ms
from village_node.web.desk import context, for_officers, local, now, officer
from village_node.web.language import day, say
from village_node.web.standing import office_words
from village_node.web.verdicts import KINDS, REVOCATIONS, VERDICTS
from village_node.web.words import moment

blueprint = Blueprint("verify", __name__)


@blueprint.get("/keaslian")
@for_officers
def index() -> ResponseReturnValue:
    """Show where a code is typed or a file chosen."""
    with context().database.reading() as db:
        revocations = read_revocations(db, load_enrolled(db))
    return render_template("verify.html", finding=None, typed="", **_list_words(revocations))


@blueprint.post("/keaslian")
@for_officers
def judge() -> ResponseReturnValue:
    """Judge what was typed, scanned or chosen."""
    today, text = local(now()).date(), request.form.get("text", "")
    content, seal = _upload("file", MAX_DOCUMENT_BYTES), _upload("seal", MAX_ENVELOPE_BYTES)
    with context().database.reading() as db:
        enrolled = load_enrolled(db)
        revocations, offices = read_revocations(db, enrolled), office_names(db)
        if content:
            finding = judge_file(db, content, seal, find_reader(db, officer()), revocations, today)
        else:
            finding = judge_text(text, enrolled, revocations, today)
    kind, symbol = KINDS[finding.verdict]
    return render_template(
        "verify.html",
        finding=finding,
        typed=text,
        kind=kind,
        symbol=symbol,
        verdict=VERDICTS[finding.verdict],
        rows=[*_fact_rows(finding, offices), *_decision_rows(finding), *_revoked_rows(finding)],
        **_list_words(revocations),
    )


def _upload(name: str, longest: int) -> bytes:
    """Return an uploaded file; one that is longer than any of ours is cut, and so is none of ours."""
    upload = request.files.get(name)
    return upload.stream.read(longest + 1) if upload is not None else b""


def _list_words(revocations: Revocations) -> dict[str, object]:
    if revocations.issued_at is None:
        words = say("Daftar pencabutan belum pernah sampai di komputer ini: surat yang dicabut tidak dapat dikenali.")
        return {"list_words": words, "has_list": False}
    words = say(
        "Diperiksa dengan daftar pencabutan tanggal %(time)s; pencabutan sesudahnya belum diketahui di sini.",
        time=moment(local(revocations.issued_at)),
    )
    return {"list_words": words, "has_list": True}


def _fact_rows(finding: Finding, offices: Mapping[str, str]) -> list[tuple[str, str]]:
    facts = finding.facts
    if facts is None:
        return []
    issued = day_of(facts.issued_on)
    return [
        (say("Surat"), facts.title),
        (say("Nomor"), facts.number),
        (say("Atas nama"), facts.holder),
        (say("Terbit"), day(issued) if issued else facts.issued_on),
        (say("Berlaku sampai"), _until(facts.valid_until)),
        (say("Kantor"), office_words(facts.office, offices)),
        (say("Nomor registrasi"), facts.registration_no),
        (say("Buku besar"), say("no. %(index)s", index=facts.ledger_index)),
    ]


def _decision_rows(finding: Finding) -> list[tuple[str, str]]:
    decision = finding.decision
    if decision is None:
        return []
    return [
        (say("Nomor"), decision.number or "–"),
        (say("Atas nama"), decision.applicant_name or "–"),
        (say("Berlaku sampai"), _until(decision.valid_until)),
        (say("Nomor registrasi"), decision.registration_no),
    ]


def _revoked_rows(finding: Finding) -> list[tuple[str, str]]:
    if finding.revoked is None:
        return []
    reason = REVOCATIONS.get(finding.revoked.code)
    return [
        (say("Dicabut"), moment(local(bounded_ms(finding.revoked.at_s * 1_000)))),
        (say("Alasan pencabutan"), str(reason) if reason else finding.revoked.code),
    ]


def _until(text: str | None) -> str:
    until = day_of(text)
    return day(until) if until else say("selama tidak ada perubahan")
