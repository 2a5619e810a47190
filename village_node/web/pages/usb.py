"""USB: what waits goes into a file for a stick; the hub's answer comes back as a file. The same messages as ever."""

from collections.abc import Iterator, Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from village_node.context import NodeContext
from village_node.identity.hub import load_enrolled
from village_node.outbox.queries import list_carried
from village_node.sync.parcel import ParcelSource, figures, mark_carried, write_parcel
from village_node.sync.staging import ParcelRefusedError
from village_node.web.desk import context, for_officers, local, now
from village_node.web.language import Lazy, later, say
from village_node.web.words import moment, size

blueprint = Blueprint("usb", __name__)

WHY: Mapping[str, Lazy] = {
    "form": later("Ini bukan paket Simpul, atau berkasnya rusak sejak awal."),
    "empty": later("Paket ini kosong: pusat belum menjawab apa pun."),
    "direction": later("Ini paket dari komputer ini untuk pusat. Yang dimasukkan di sini adalah jawaban dari pusat."),
    "node": later("Paket ini untuk komputer desa lain. Tidak ada yang dimasukkan."),
    "hub": later("Paket ini dari pusat kabupaten lain. Tidak ada yang dimasukkan."),
}


@blueprint.get("/usb")
@for_officers
def index() -> ResponseReturnValue:
    """Show what a stick would carry, what was carried, and where an answer is chosen."""
    return _page("")


@blueprint.post("/usb/paket")
@for_officers
def export() -> ResponseReturnValue:
    """Hand out the parcel. Items are marked when the last byte has left."""
    ports = context()
    with ports.database.reading() as db:
        enrolled = load_enrolled(db)
    source = ParcelSource(
        database=ports.database, files=ports.files, keys=ports.sealer.keys, enrolled=enrolled, clock=ports.clock
    )
    response = Response(_written(ports, source), mimetype="application/octet-stream")
    name = f"simpul-{enrolled.node}-{local(now()):%Y%m%d-%H%M}.paket"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/usb/jawaban")
@for_officers
def take_in() -> ResponseReturnValue:
    """Copy the hub's answer; the program reads it in like messages from the link."""
    ports, upload = context(), request.files.get("file")
    if upload is None or not upload.filename:
        return _page(say("Pilih berkas jawaban dari pusat lebih dulu.")), 422
    with ports.database.reading() as db:
        enrolled = load_enrolled(db)
    try:
        staged = ports.parcels.stage(upload.stream, enrolled, ports.ids.new())
    except ParcelRefusedError as refused:
        return _page(str(WHY[refused.why])), 422
    ports.wake()
    flash(say("%(count)s pesan disalin dari paket dan sedang dimasukkan.", count=staged.messages), "ok")
    if staged.is_cut:
        flash(say("Berkas paket terpotong di tengah: bagian awalnya dipakai. Salin lagi dari pusat bila bisa."), "warn")
    return redirect(url_for("usb.index"))


def _written(ports: NodeContext, source: ParcelSource) -> Iterator[bytes]:
    written: list[bytes] = []
    yield from write_parcel(source, written)
    with ports.database.session() as db:
        mark_carried(db, ports.clock.now(), written)


def _page(problem: str) -> str:
    with context().database.reading() as db:
        load_enrolled(db)
        now_there, carried = figures(db), list_carried(db)
    return render_template(
        "usb.html",
        problem=problem,
        items=now_there.items,
        acts=now_there.acts,
        size=size(now_there.size),
        carried=[(row, moment(local(at))) for row, at in carried],
        waiting=len(context().parcels.waiting()),
    )
