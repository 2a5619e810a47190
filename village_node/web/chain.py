"""The chain of a case in words: what happened, when, who signed, until when it was promised, where the time went."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from village_node.cases.chain import Durations, Link, Origin
from village_node.cases.timeline import Promise
from village_node.inbox.calendar import Calendar
from village_node.web.decisions import outcome_words
from village_node.web.desk import local, now
from village_node.web.language import Lazy, day, later, say
from village_node.web.rejections import advice_for
from village_node.web.returns import return_advice
from village_node.web.standing import office_words
from village_node.web.verdicts import REVOCATIONS
from village_node.web.words import duration, moment, money

WORDS: Mapping[str, Lazy] = {
    "saved": later("Tersimpan di sini"),
    "sent": later("Dikirim"),
    "carried": later("Dibawa dengan USB"),
    "arrived": later("Diterima pusat"),
    "whole": later("Utuh di pusat"),
    "complete": later("Lengkap dan benar"),
    "custody": later("Dikerjakan instansi"),
    "returned": later("Dikembalikan ke desa"),
    "rejected": later("Ditolak pusat"),
    "decided": later("Diputus"),
    "handed_over": later("Diserahkan kepada pemohon"),
    "paused": later("Waktu dihentikan sementara"),
    "resumed": later("Waktu berjalan lagi"),
    "corrected": later("Perbaikan diterima kantor"),
    "opinion": later("Pendapat teknis"),
    "assessed": later("Biaya ditetapkan"),
    "paid": later("Pembayaran dicatat"),
    "recorded": later("Dicatat dalam register"),
    "drafted": later("Konsep keputusan dibuat"),
    "initialled": later("Konsep diparaf"),
    "confirmed": later("Keputusan dikuatkan pihak kedua"),
    "signed": later("Surat ditandatangani"),
    "tracked": later("Terbit di sistem nasional"),
    "rerouted": later("Dialihkan ke kantor lain"),
    "withdrawn": later("Ditarik pemohon"),
    "escalated": later("Terlambat, atasan diberi tahu"),
    "deemed_ahead": later("Batas diam dianggap setuju hampir tiba"),
    "deemed": later("Batas diam dianggap setuju terlampaui"),
    "told": later("Pemohon sudah diberi tahu (dicatat pusat)"),
    "revoked": later("Surat dicabut"),
    "quarantined": later("Satu berkas ditahan pemeriksa virus"),
    "correction_saved": later("Perbaikan tersimpan di sini"),
    "correction_sent": later("Perbaikan dikirim"),
    "correction_arrived": later("Perbaikan diterima pusat"),
    "correction_whole": later("Berkas perbaikan utuh di pusat"),
    "correction_rejected": later("Perbaikan ditolak pusat"),
    "said_handed_over": later("Diserahkan di desa"),
    "said_told": later("Pemohon diberi tahu"),
}
"""A step of a newer hub that has no words here is shown as it is."""

PAUSES: Mapping[str, Lazy] = {
    "correction": later("menunggu perbaikan dari pemohon"),
    "payment": later("menunggu pembayaran"),
    "closed": later("sudah diputus"),
}

OPINIONS: Mapping[str, Lazy] = {
    "yes": later("menyetujui"),
    "no": later("tidak menyetujui"),
    "conditions": later("menyetujui dengan syarat"),
}

_SAID = frozenset(
    {
        ("assessed", "assessed"),
        ("paid", "paid"),
        ("recorded", "done"),
        ("drafted", "done"),
        ("initialled", "done"),
        ("confirmed", "granted"),
        ("signed", "signed"),
        ("tracked", "tracked"),
    }
)
"""Steps whose name says already what their code says; any other code is shown."""

_BAD = frozenset({"rejected", "correction_rejected", "revoked"})
_WAITING = frozenset({"saved", "sent", "carried", "correction_saved", "correction_sent"})


@dataclass(frozen=True, kw_only=True)
class ChainLine:
    """One step as the page shows it."""

    name: str
    when: str
    words: str
    index: int | None
    look: str
    """``done``, ``now`` or ``bad``."""


def chain_lines(chain: list[Link], offices: Mapping[str, str]) -> list[ChainLine]:
    """Return the chain in words."""
    return [_line(link, offices, is_last=link is chain[-1]) for link in chain]


def due_words(link: Link | None, calendar: Calendar | None, promise: Promise = Promise.RUNNING) -> str:
    """Return until when the office promised, with the working days that are left by the hub's calendar.

    Days are counted only while the time runs: a case that was decided is not late, one that waits for us not either.
    """
    if link is None or link.due_on is None:
        return ""
    if promise is Promise.OVER:
        return say("Dijanjikan selesai %(day)s", day=day(link.due_on))
    if promise is Promise.PAUSED:
        return say("Dijanjikan selesai %(day)s; waktunya sedang dihentikan", day=day(link.due_on))
    left = calendar.working_days_left(local(now()).date(), link.due_on, link.office) if calendar is not None else None
    words = say("Dijanjikan selesai %(day)s", day=day(link.due_on))
    if left is None:
        return words
    rest = say("sisa %(count)s hari kerja", count=left) if left >= 0 else say("lewat %(count)s hari kerja", count=-left)
    return f"{words}, {rest}"


def duration_rows(spent: Durations) -> list[tuple[str, str]]:
    """Return where the time went."""
    return [
        (say("Di jalan (jaringan)"), _spent(spent.on_the_way)),
        (say("Di kantor"), _spent(spent.at_offices)),
        (say("Di desa"), _spent(spent.in_the_village)),
    ]


def fee_line(chain: list[Link]) -> tuple[str, str] | None:
    """Return the assessed fee and its payment code; None while nothing was assessed."""
    link = next((each for each in reversed(chain) if each.amount_rp is not None), None)
    if link is None or link.amount_rp is None:
        return None
    return (money(link.amount_rp) if link.amount_rp else "GRATIS", link.payment_code)


def _line(link: Link, offices: Mapping[str, str], *, is_last: bool) -> ChainLine:
    words = str(WORDS[link.word]) if link.word in WORDS else link.word
    if link.correction:
        words = say("%(step)s (kiriman %(counter)s)", step=words, counter=link.correction)
    look = "bad" if link.word in _BAD else "now" if is_last and link.word in _WAITING else "done"
    return ChainLine(
        name=words, when=moment(local(link.at)), words=_details(link, offices), index=link.log_index, look=look
    )


def _details(link: Link, offices: Mapping[str, str]) -> str:
    return " ".join(part for part in (_signer(link, offices), *_facts(link)) if part)


def _signer(link: Link, offices: Mapping[str, str]) -> str:
    if link.word == "carried":
        return say("Disalin ke paket USB; tetap menunggu tanda terima dari pusat.")
    if link.origin is Origin.NODE:
        if link.word in {"sent", "correction_sent"}:
            return say("Dikirim oleh komputer ini; percobaan ke-%(count)s.", count=link.attempt)
        return say("Ditandatangani %(name)s di komputer ini.", name=link.officer or say("petugas"))
    who = office_words(link.office, offices) if link.office else say("pusat")
    if link.origin is Origin.RECEIPT:
        return say("Ditandatangani pusat dan dicatat di buku besar (%(office)s).", office=who)
    return say("Menurut pusat (%(office)s).", office=who)


def _facts(link: Link) -> list[str]:
    facts = [_code(link)]
    if link.amount_rp is not None:
        facts.append(say("Biaya: %(amount)s.", amount=money(link.amount_rp) if link.amount_rp else "GRATIS"))
    if link.payment_code:
        facts.append(say("Kode bayar: %(code)s.", code=link.payment_code))
    if link.due_on is not None and link.origin is not Origin.NODE:
        facts.append(say("Dijanjikan selesai %(day)s.", day=day(link.due_on)))
    return facts


def _code(link: Link) -> str:
    if not link.code or (link.word, link.code) in _SAID:
        return ""
    match link.word:
        case "returned":
            return str(return_advice(link.code).reason)
        case "rejected" | "correction_rejected":
            return str(advice_for(link.code).happened)
        case "decided":
            return outcome_words(link.code)
        case "paused" | "revoked":
            return say("Alasan: %(reason)s.", reason=str({**PAUSES, **REVOCATIONS}.get(link.code, link.code)))
        case "opinion":
            return say("Pendapat: %(opinion)s.", opinion=str(OPINIONS.get(link.code, link.code)))
        case _:
            return say("Kode: %(code)s", code=link.code)


def _spent(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    days = seconds // 86_400
    return say("%(days)s hari %(rest)s", days=days, rest=duration(seconds % 86_400)) if days else duration(seconds)
