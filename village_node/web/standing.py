"""Where things stand, in words: the link, an item's steps, why it still waits, whose turn it is.

Every state of ``outbox.queries`` has its words here; a test goes through all of them in both languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from protocol.errors import Turn
from village_node.outbox.queries import Home, ItemRow, ItemStep, LinkState, TimelineEntry
from village_node.web.diagnosis import Finding
from village_node.web.language import Lazy, later, say
from village_node.web.rejections import TURNS, advice_for, turn_after
from village_node.web.returns import return_advice
from village_node.web.words import clock_time, moment

STEPS: Mapping[ItemStep, Lazy] = {
    ItemStep.SAVED: later("Tersimpan di sini"),
    ItemStep.SENT: later("Dikirim"),
    ItemStep.ARRIVED: later("Diterima pusat"),
    ItemStep.WHOLE: later("Utuh di pusat"),
    ItemStep.COMPLETE: later("Lengkap dan benar"),
    ItemStep.CUSTODY: later("Dikerjakan instansi"),
    ItemStep.RETURNED: later("Dikembalikan ke desa"),
    ItemStep.DECIDED: later("Diputus"),
    ItemStep.HANDED_OVER: later("Diserahkan kepada pemohon"),
    ItemStep.REJECTED: later("Ditolak pusat"),
}

SIGNERS: Mapping[ItemStep, Lazy] = {
    ItemStep.SAVED: later("Ditandatangani petugas dan komputer ini; belum diterima pusat."),
    ItemStep.SENT: later("Dikirim oleh komputer ini; belum ada tanda terima."),
    ItemStep.ARRIVED: later("Ditandatangani pusat dan dicatat di buku besar."),
    ItemStep.WHOLE: later("Semua berkas sampai utuh; ditandatangani pusat."),
    ItemStep.COMPLETE: later("Dinyatakan lengkap dan benar; waktu janji layanan mulai berjalan."),
    ItemStep.CUSTODY: later("Diambil untuk dikerjakan; ditandatangani pusat."),
    ItemStep.RETURNED: later("Dikembalikan; ditandatangani pusat."),
    ItemStep.DECIDED: later("Diputus; ditandatangani pusat."),
    ItemStep.HANDED_OVER: later("Penyerahan dicatat dan ditandatangani pusat."),
    ItemStep.REJECTED: later("Ditolak; penolakan ditandatangani pusat."),
}

KINDS: Mapping[ItemStep, str] = {
    ItemStep.SAVED: "calm", ItemStep.SENT: "calm", ItemStep.RETURNED: "warn", ItemStep.REJECTED: "bad",
}  # fmt: skip
"""Colour of the tag; everything else is well (``ok``)."""

NO_NAMES: Mapping[str, str] = MappingProxyType({})
"""Names of offices by code, before a hub gave any."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """The link in words, with the shape of its lamp: ``up``, ``down`` or ``bad``."""

    lamp: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The outbox doctor's answer: why, what comes next, whose turn."""

    why: str
    next: str
    turn: str


def since_words(at: datetime, now: datetime) -> str:
    """Return the time of today, or day and time of another day; both in local time."""
    return clock_time(at) if at.date() == now.date() else moment(at)


def link_words(home: Home, *, since: datetime | None, now: datetime) -> Link:
    """Return the state of the link in words: ``Luring sejak 09.12, 4 berkas menunggu``; times are local."""
    lamp, words = _link(home.link, since_words(since, now) if since else "")
    waiting = say("%(count)s berkas menunggu", count=home.waiting)
    return Link(lamp=lamp, words=f"{words}, {waiting}" if home.waiting else words)


def unknown_link() -> Link:
    """Return the link while this PC cannot read what it knows of it."""
    return Link(lamp="bad", words=say("Data di komputer ini sedang tidak terbaca"))


def _link(state: LinkState, since: str) -> tuple[str, str]:
    match state:
        case LinkState.ONLINE:
            return "up", say("Tersambung")
        case LinkState.SILENT:
            return "down", say("Tersambung, tetapi pusat belum menjawab")
        case LinkState.NOT_ENROLLED:
            return "bad", say("Belum terdaftar di pusat")
        case LinkState.OFFLINE:
            return "down", say("Luring sejak %(time)s", time=since) if since else say("Luring")


def office_words(office: str, known: Mapping[str, str] = NO_NAMES) -> str:
    """Return an office for people: the name that the hub gave, else what its code says."""
    if office in known:
        return known[office]
    kind, _, rest = office.partition(".")
    names = {
        "one-stop": say("loket terpadu (DPMPTSP)"),
        "civil-registry": say("Dinas Kependudukan dan Pencatatan Sipil"),
        "inspectorate": say("Inspektorat"),
        "agency": say("dinas %(name)s", name=rest),
        "subdistrict": say("kecamatan %(code)s", code=rest),
        "village": say("desa/kelurahan %(code)s", code=rest),
    }
    return names.get(kind, office)


def tag_of(item: ItemRow) -> tuple[str, str, str]:
    """Return colour, words and symbol of an item's newest step."""
    symbols = {"ok": "check-circle", "warn": "exclamation-triangle", "bad": "x-octagon", "calm": "clock"}
    kind = KINDS.get(item.step, "ok")
    return kind, str(STEPS[item.step]), symbols[kind]


def standing_of(item: ItemRow, finding: Finding, known: Mapping[str, str] = NO_NAMES) -> Standing:
    """Return why an item still waits, what comes next and whose turn it is; on its way, as the doctor found."""
    if item.step is ItemStep.REJECTED:
        advice = advice_for(item.code)
        return Standing(
            why=f"{advice.happened} {advice.kept}", next=str(advice.to_do), turn=str(TURNS[turn_after(item.code)])
        )
    if item.step in {ItemStep.SAVED, ItemStep.SENT, ItemStep.ARRIVED}:
        return Standing(why=finding.why, next=finding.next, turn=finding.turn)
    return _at_the_hub(item, known)


def _at_the_hub(item: ItemRow, known: Mapping[str, str]) -> Standing:
    office = office_words(item.office, known) or say("loket pusat")
    match item.step:
        case ItemStep.WHOLE:
            why = say("Permohonan dan semua berkas utuh di pusat.")
            return Standing(why=why, next=say("Loket memeriksa kelengkapannya."), turn=say("loket pusat"))
        case ItemStep.DECIDED:
            why = say("Sudah diputus oleh %(office)s.", office=office)
            hand = say("Buka keputusannya, serahkan hasilnya kepada pemohon, lalu catat penyerahannya.")
            return Standing(why=why, next=hand, turn=str(TURNS[Turn.OFFICER]))
        case ItemStep.HANDED_OVER:
            why = say("Hasilnya sudah diserahkan kepada pemohon.")
            return Standing(why=why, next=say("Tidak ada yang perlu dilakukan lagi."), turn="–")
        case ItemStep.RETURNED:
            return _returned(item, office)
        case ItemStep.COMPLETE:
            why = say("Berkas lengkap dan benar; waktu janji layanan berjalan.")
            return Standing(why=why, next=say("Instansi mengambil berkas untuk dikerjakan."), turn=office)
        case _:
            why = say("Sedang dikerjakan oleh %(office)s.", office=office)
            return Standing(why=why, next=say("Keputusan dikirim ke komputer ini."), turn=office)


def _returned(item: ItemRow, office: str) -> Standing:
    advice = return_advice(item.code)
    who = say("Dikembalikan oleh %(office)s.", office=office)
    how = say("Buka permintaan perbaikannya di Beranda: yang diminta ditandai, nomornya tetap sama.")
    return Standing(why=f"{who} {advice.reason}", next=f"{how} {advice.to_do}", turn=str(TURNS[Turn.OFFICER]))


def answered(counter: int, *, has_arrived: bool) -> Standing:
    """Return what to say of a returned item whose question this PC has answered."""
    if has_arrived:
        return Standing(
            why=say("Perbaikan (kiriman %(counter)s) sudah diterima pusat.", counter=counter),
            next=say("Kantor memeriksa perbaikan itu; nomornya tetap sama."),
            turn=say("loket pusat"),
        )
    return Standing(
        why=say("Perbaikan (kiriman %(counter)s) tersegel di sini dan menunggu terkirim.", counter=counter),
        next=say("Terkirim sendiri begitu tersambung."),
        turn=str(TURNS[Turn.NODE]),
    )


def entry_words(entry: TimelineEntry, known: Mapping[str, str] = NO_NAMES) -> str:
    """Return what one step of the timeline says, with who signed."""
    words = str(SIGNERS[entry.step])
    if entry.step is ItemStep.SENT and entry.attempt > 1:
        return words + " " + say("Percobaan ke-%(count)s.", count=entry.attempt)
    if entry.step is ItemStep.REJECTED:
        return f"{words} {advice_for(entry.code).happened}"
    return f"{words} ({office_words(entry.office, known)})" if entry.office else words
