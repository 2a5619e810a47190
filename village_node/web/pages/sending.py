"""Signing and what follows: the slip, the item's page with its custody chain, the QR code."""

from contextlib import suppress
from io import BytesIO

import segno
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from protocol.bundle import Consent
from protocol.ids import FieldKey, grouped
from protocol.receipt import ReturnReason
from village_node.catalogue.service import load_service
from village_node.drafts import service as drafts
from village_node.drafts.rules import CONSENTS, nik_remarks
from village_node.identity.errors import PinLockedError, PinWrongError
from village_node.identity.hub import free_numbers, office_names
from village_node.identity.officers import unlock
from village_node.outbox import queries
from village_node.outbox.errors import ItemUnknownError, NoNumberLeftError, OfficerNotCertifiedError
from village_node.outbox.label import Label, open_label
from village_node.outbox.service import FileToSeal, SealCommand, SealedItem, seal_draft, sweep_orphans
from village_node.store.errors import DomainError, StorageError
from village_node.web.checkup import checkup_of, claim_words, file_bars, link_speed, road_now
from village_node.web.desk import context, desk, for_officers, local, officer
from village_node.web.drawing import Shown, promise_of
from village_node.web.errors import advice_of
from village_node.web.journey import answered_standing, journey_of
from village_node.web.language import say
from village_node.web.pages.shown import common, shown_draft
from village_node.web.standing import office_words, standing_of, tag_of
from village_node.web.tasks import open_new_letters
from village_node.web.words import FEES, in_words, moment, money

blueprint = Blueprint("sending", __name__)


@blueprint.get("/isian/<draft_id>/tanda-tangan")
@for_officers
def sign(draft_id: str) -> ResponseReturnValue:
    """Ask for the PIN, when nothing is left to be corrected."""
    shown = shown_draft(draft_id)
    if not shown.reading.is_ready:
        return redirect(url_for("applications.check", draft_id=draft_id))
    with context().database.reading() as db:
        is_out = not free_numbers(db)
    return _sign_page(shown, NoNumberLeftError() if is_out else None)


@blueprint.post("/isian/<draft_id>/tanda-tangan")
@for_officers
def seal(draft_id: str) -> ResponseReturnValue:
    """Sign, seal and put into the outbox; the draft goes in the same transaction."""
    shown, ports = shown_draft(draft_id), context()
    if not shown.reading.is_ready:
        return redirect(url_for("applications.check", draft_id=draft_id))
    try:
        signer = unlock(ports.database, ports.clock, ports.randomness, officer().officer, request.form.get("pin", ""))
        with ports.database.session() as db:
            item = seal_draft(db, ports.sealer, signer, _command(shown))
            drafts.discard(db, officer(), draft_id=draft_id, unchanged_since=shown.draft.changed_at)
    except DomainError as error:
        if isinstance(error, StorageError):
            _sweep()
        return _sign_page(shown, error), 403 if isinstance(error, PinWrongError | PinLockedError) else 409
    with ports.database.session() as db:
        drafts.tidy(db, desk().folder, draft_id=draft_id)
    ports.wake()
    return _to_slip(item)


@blueprint.get("/kiriman/<bundle>")
@for_officers
def item(bundle: str) -> ResponseReturnValue:
    """Show one item: where it stands, whose turn it is, its custody chain. A correction is shown with its case."""
    open_new_letters()
    row = _row(bundle)
    with context().database.reading() as db:
        home = queries.home(db)
        if row.corrects is not None and queries.has_item(db, row.corrects):
            return redirect(url_for("sending.item", bundle=row.corrects.hex()))
    return render_template("item.html", **_item(row), home=home)


@blueprint.get("/kiriman/<bundle>/keadaan")
@for_officers
def item_fragment(bundle: str) -> ResponseReturnValue:
    """Answer the item page's question for news."""
    response = Response(render_template("fragments/item.html", **_item(_row(bundle))), mimetype="text/html")
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/kiriman/<bundle>/tanda-terima")
@for_officers
def slip(bundle: str) -> ResponseReturnValue:
    """Show the slip, to be printed; a correction has none of its own, the number and the tracking code stay."""
    row = _row(bundle)
    if row.corrects is not None:
        return redirect(url_for("sending.slip", bundle=row.corrects.hex()))
    label = _label(row)
    with context().database.reading() as db:
        steps = queries.timeline(db, row.bundle)
        service = load_service(db, row.service, row.service_version)
        journey = journey_of(db, row.bundle, office_names(db))
    arrived = next((each for each in steps if each.log_index is not None), None)
    names = {each.key: in_words(each.label) for each in service.requirements}
    return render_template(
        "slip.html",
        row=row,
        label=label,
        tracking=grouped(label.tracking_code),
        digest=row.bundle_hex,
        service=in_words(service.name),
        promise=promise_of(service, {}),
        is_free=label.fee_kind in {"free", "exempt"},
        fee=money(label.fee_rp) if label.fee_rp is not None else str(FEES[label.fee_kind]),  # type: ignore[index]
        handed_in=[names.get(key, key) for key in label.handed_in],
        sealed=moment(local(row.sealed_at)),
        arrived=arrived if row.has_arrived else None,
        arrived_at=moment(local(arrived.at)) if arrived else "",
        due=journey.due,
        due_index=journey.final.log_index if journey.final else None,
        assessed=journey.fee,
    )


@blueprint.get("/kiriman/<bundle>/qr.svg")
@for_officers
def qr(bundle: str) -> ResponseReturnValue:
    """Draw number, tracking code and digest as a QR code; it holds nothing about the person."""
    row = _row(bundle)
    label = _label(row)
    text = f"SIMPUL-TT1:{row.registration_no}:{label.tracking_code}:{row.bundle_hex}"
    picture = BytesIO()
    segno.make(text, error="m").save(picture, kind="svg", scale=4, border=2, xmldecl=False)
    return Response(picture.getvalue(), mimetype="image/svg+xml")


def _sweep() -> None:
    """Remove sealed files that the disk took before it refused the rest; nobody can seal inside a write transaction."""
    with suppress(StorageError), context().database.session() as db:
        sweep_orphans(db, context().files)


def _row(bundle: str) -> queries.ItemRow:
    try:
        digest = bytes.fromhex(bundle)
    except ValueError:
        raise ItemUnknownError from None
    with context().database.reading() as db:
        return queries.get_item(db, digest)


def _label(row: queries.ItemRow) -> Label:
    label = open_label(officer(), row.label)
    if label is None:
        raise ItemUnknownError
    return label


def _item(row: queries.ItemRow) -> dict[str, object]:
    with context().database.reading() as db:
        service = load_service(db, row.service, row.service_version)
        offices = office_names(db)
        journey, answer = journey_of(db, row.bundle, offices), answered_standing(db, row)
        checked = checkup_of(db, row, road_now(db))
        names = {str(each.key): in_words(each.label) for each in service.requirements}
        bars = file_bars(row, names, link_speed(db))
        between = claim_words(db, row)
    label = open_label(officer(), row.label)
    return {
        "row": row,
        "label": label,
        "service": in_words(service.name),
        "between": between,
        "tag": tag_of(row),
        "standing": answer or standing_of(row, checked.finding, offices),
        "checkup": checked,
        "bars": bars,
        "journey": journey,
        "again": url_for("applications.services") if row.code == ReturnReason.WRONG_SERVICE else "",
        "office": office_words(row.office, offices) if row.office else "",
    }


def _command(shown: Shown) -> SealCommand:
    reading, content, signer = shown.reading, shown.draft.content, officer()
    assert reading.applicant is not None  # noqa: S101  # is_ready said so
    draft_id, folder = shown.draft.draft_id, desk().folder
    return SealCommand(
        service=shown.service,
        applicant=reading.applicant,
        answers=reading.answers,
        handed_in=reading.handed_in,
        attachments=[
            FileToSeal(
                requirement=file.requirement,
                name=file.name,
                media_type=file.media_type,
                read=lambda file_id=file.file_id: drafts.read_bytes(signer, folder, draft_id, file_id),  # type: ignore[misc]
            )
            for file in shown.draft.files
        ],
        consents=[Consent(purpose=FieldKey(each), text_version=CONSENTS[each]) for each in content.consents],
        remarks=nik_remarks(shown.service, content, shown.regency),
    )


def _sign_page(shown: Shown, error: DomainError | None) -> str:
    applicant = shown.reading.applicant
    return render_template(
        "sign.html",
        **common(shown),
        applicant=applicant.name if applicant else "",
        problem=advice_of(error) if error else None,
        may_sign=not isinstance(error, OfficerNotCertifiedError | NoNumberLeftError),
    )


def _to_slip(item: SealedItem) -> ResponseReturnValue:
    flash(say("Tersegel dengan nomor %(number)s. Cetak tanda terima untuk pemohon.", number=item.registration_no), "ok")
    return redirect(url_for("sending.slip", bundle=item.bundle.hex()))
