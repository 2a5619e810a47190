"""The outbox doctor's findings in plain words: why, what comes next, what was tried, whose turn.

One entry for each cause of ``outbox.doctor`` and for each code of the link; a test fails when one is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from village_node.health.clock import ClockFinding, ClockState
from village_node.inbox.link import AttemptRun
from village_node.outbox.casebook import latest_next_try
from village_node.outbox.doctor import Cause, Diagnosis, Whose
from village_node.store.space import Space, SpaceState
from village_node.sync.rules.pacing import Limits
from village_node.web.language import Lazy, later, say
from village_node.web.rejections import advice_for
from village_node.web.words import clock_time, duration, moment, size


@dataclass(frozen=True, kw_only=True)
class Words:
    """Why, and what comes next or is to be done."""

    why: Lazy
    next: Lazy


_SELF = later("Terkirim sendiri begitu tersambung. Permohonan aman di komputer ini; jangan dibuat dua kali.")
_CALL = later("Hubungi administrator jaringan kabupaten dan bacakan kode di bawah. Permohonan tetap aman di sini.")

CAUSES: Mapping[Cause, Words] = {
    Cause.NOT_ENROLLED: Words(
        why=later("Komputer ini belum terdaftar di pusat kabupaten."),
        next=later("Minta kode pendaftaran kepada administrator jaringan."),
    ),
    Cause.FILES_DAMAGED: Words(
        why=later("Lampiran tersegel di cakram komputer ini rusak, jadi tidak dapat dikirim."),
        next=later("Minta pemohon membawa lampirannya lagi, dan periksa cakram komputer ini."),
    ),
    Cause.DISK: Words(
        why=later("Cakram komputer ini penuh atau tidak dapat ditulisi; pengiriman berhenti sementara."),
        next=later("Kosongkan tempat di cakram. Program meneruskan sendiri, tanpa dimulai ulang."),
    ),
    Cause.STARTING: Words(why=later("Program baru dimulai dan sedang menyambung."), next=_SELF),
    Cause.NO_NETWORK: Words(
        why=later("Komputer ini tidak terhubung ke jaringan mana pun."),
        next=later("Periksa kabel, modem, atau wifi. Begitu jaringan ada, program mengirim sendiri."),
    ),
    Cause.NAME: Words(
        why=later("Alamat pusat tidak ditemukan; biasanya internet desa sedang putus."),
        next=later("Periksa apakah situs lain terbuka. Begitu internet ada, program mengirim sendiri."),
    ),
    Cause.REFUSED_PORT: Words(
        why=later("Komputer pusat terjangkau, tetapi layanan kirimnya tidak menerima sambungan."),
        next=later("Program mencoba terus. Bila lebih dari sehari, hubungi administrator jaringan kabupaten."),
    ),
    Cause.TIMEOUT: Words(
        why=later("Pusat tidak menjawab sampai batas waktu; internet sangat lambat atau putus di tengah jalan."),
        next=_SELF,
    ),
    Cause.CUT: Words(why=later("Sambungan terputus di tengah jalan."), next=_SELF),
    Cause.TLS: Words(why=later("Sambungan aman ke pusat gagal dibuat."), next=_CALL),
    Cause.WRONG_AUTHORITY: Words(
        why=later("Yang menjawab tidak dapat membuktikan dirinya pusat kabupaten; tidak ada yang dikirim ke sana."),
        next=later("Bila memakai wifi umum, pindah ke jaringan lain. Bila tetap, hubungi administrator jaringan."),
    ),
    Cause.WRONG_NAME: Words(
        why=later("Sertifikat pusat dibuat untuk alamat lain, jadi tidak ada yang dikirim ke sana."), next=_CALL
    ),
    Cause.HUB_CERTIFICATE: Words(
        why=later("Masa berlaku sertifikat pusat tidak cocok dengan hari ini."),
        next=later("Cocokkan jam komputer ini. Bila jamnya benar, hubungi administrator jaringan kabupaten."),
    ),
    Cause.OUR_CERTIFICATE_REFUSED: Words(
        why=later(
            "Pusat menutup sambungan saat berkenalan: ia menolak sertifikat komputer ini, atau sedang menolak semua "
            "komputer."
        ),
        next=_CALL,
    ),
    Cause.OUR_CERTIFICATE_EXPIRED: Words(
        why=later("Masa berlaku sertifikat komputer ini sudah habis."),
        next=later(
            "Program meminta sertifikat baru sendiri lewat alamat web pusat. Bila lebih dari sehari, hubungi "
            "administrator jaringan kabupaten. Permohonan tetap aman di sini."
        ),
    ),
    Cause.OUR_CERTIFICATE_NOT_YET: Words(
        why=later("Menurut jam komputer ini, sertifikatnya belum berlaku: jamnya tampak terlambat."),
        next=later("Betulkan tanggal dan jam komputer; program menyambung sendiri sesudahnya."),
    ),
    Cause.CERTIFICATE_MISSING: Words(why=later("Sertifikat komputer ini tidak ada di cakram."), next=_CALL),
    Cause.CLOCK: Words(
        why=later("Jam komputer ini salah, sehingga sertifikat tampak tidak berlaku dan sambungan aman gagal."),
        next=later("Betulkan tanggal dan jam komputer; program menyambung sendiri sesudahnya."),
    ),
    Cause.NOT_ALLOWED: Words(why=later("Pusat mengenal komputer ini, tetapi tidak mengizinkannya masuk."), next=_CALL),
    Cause.PROGRAM: Words(why=later("Program mengulang sambungannya sendiri."), next=_SELF),
    Cause.OTHER_LINK: Words(why=later("Tidak ada sambungan ke pusat."), next=_SELF),
    Cause.SWALLOWED: Words(
        why=later(
            "Pusat menjawab kiriman lain, tetapi kiriman ini hilang di perantara setiap kali dikirim. Kiriman lain "
            "tetap jalan."
        ),
        next=later("Program mengirim terus dengan jarak lebih jarang. Beri tahu administrator jaringan kabupaten."),
    ),
    Cause.UPLINK_DROPPED: Words(
        why=later(
            "Suara pusat terdengar di komputer ini, tetapi kiriman dari sini tidak sampai: jalur ke atas terputus."
        ),
        next=later(
            "Program mencoba terus. Beri tahu administrator jaringan kabupaten; bila mendesak, kirim lewat USB."
        ),
    ),
    Cause.HUB_SILENT: Words(
        why=later("Server tersambung, tetapi pusat sendiri tidak terdengar: mungkin sedang dipelihara."),
        next=later("Program bertanya terus dan meneruskan begitu pusat menjawab."),
    ),
    Cause.QUEUED: Words(why=later("Menunggu giliran kirim."), next=_SELF),
    Cause.SENDING: Words(
        why=later("Pusat sudah mencatat permohonan; berkasnya sedang dikirim."),
        next=later("Berkas sisanya menyusul sendiri."),
    ),
    Cause.ASKED: Words(
        why=later("Sudah dikirim; tanda terima dari pusat belum datang."),
        next=later("Program bertanya lagi sendiri. Jangan dibuat dua kali."),
    ),
}

TURNS: Mapping[Whose, Lazy] = {
    Whose.PROGRAM: later("program di komputer ini"),
    Whose.OFFICER: later("petugas desa"),
    Whose.ADMINISTRATOR: later("administrator jaringan kabupaten"),
    Whose.HUB: later("pusat kabupaten"),
}

LINK_WAIT = {"first_s": 2.0, "longest_s": 120.0}
"""As ``sync.mqtt`` waits between two tries to connect."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A diagnosis in words."""

    why: str
    next: str
    turn: str
    code: str
    is_trouble: bool


def finding_of(found: Diagnosis) -> Finding:
    """Return the words for a diagnosis that is not the hub's own decision."""
    if found.cause in CAUSES:
        words = CAUSES[found.cause]
        why, following = str(words.why), str(words.next)
    else:
        advice = advice_for(found.code)
        why, following = f"{advice.happened} {advice.kept}", str(advice.to_do)
    return Finding(why=why, next=following, turn=str(TURNS[found.turn]), code=found.code, is_trouble=found.is_trouble)


def outcome_words(outcome: str) -> str:
    """Return how a try to connect ended."""
    if not outcome:
        return say("tersambung")
    return str(OUTCOMES[outcome]) if outcome in OUTCOMES else outcome


OUTCOMES: Mapping[str, Lazy] = {
    "no_network": later("tidak ada jaringan"),
    "name": later("nama server pusat tidak ditemukan; biasanya internet desa sedang putus"),
    "refused": later("server pusat menolak sambungan"),
    "timeout": later("server pusat tidak menjawab; internet sedang lambat atau putus"),
    "tls": later("sambungan aman gagal; periksa tanggal dan jam komputer"),
    "wrong_authority": later("yang menjawab bukan pusat yang dikenal"),
    "wrong_name": later("sertifikat pusat untuk alamat lain"),
    "hub_certificate_expired": later("sertifikat pusat habis masa berlakunya menurut jam ini"),
    "hub_certificate_not_yet": later("sertifikat pusat belum berlaku menurut jam ini"),
    "our_certificate_refused": later("sertifikat komputer ini tidak diterima"),
    "our_certificate_expired": later("sertifikat komputer ini habis masa berlakunya"),
    "our_certificate_not_yet": later("sertifikat komputer ini belum berlaku menurut jam ini"),
    "certificate_missing": later("sertifikat komputer ini tidak ada"),
    "cut_early": later("server menutup sambungan saat berkenalan"),
    "network": later("jaringan tidak dapat dipakai"),
    "keepalive": later("sambungan terputus di tengah jalan"),
    "lost": later("sambungan terputus di tengah jalan"),
    "no_ack": later("server pusat berhenti menjawab"),
    "hub_silent": later("server tersambung, tetapi pusat belum menjawab"),
    "not_authorised": later("pusat tidak mengizinkan komputer ini"),
    "broker_refused": later("server pusat menolak sambungan"),
    "program": later("program mengulang sambungannya sendiri"),
    "thread_died": later("program mengulang sambungannya sendiri"),
    "starting": later("program baru dimulai"),
    "stopped": later("program baru dihentikan"),
}
"""How a try to connect ended, by the codes of ``health.road`` and ``sync.mqtt``."""


def run_words(run: AttemptRun, local_first: datetime, local_last: datetime) -> str:
    """Return one line about tries that ended alike; times are local."""
    when = moment(local_first)
    if run.times > 1:
        return say(
            "%(first)s sampai %(last)s, %(count)s kali: %(outcome)s",
            first=when,
            last=clock_time(local_last) if local_first.date() == local_last.date() else moment(local_last),
            count=run.times,
            outcome=outcome_words(run.outcome),
        )
    return say("%(first)s: %(outcome)s", first=when, outcome=outcome_words(run.outcome))


def link_retry(runs: list[AttemptRun]) -> datetime | None:
    """Return when the next try to connect comes at the latest; None when the last one succeeded."""
    if not runs or not runs[0].outcome:
        return None
    return latest_next_try(runs[0].last_at, runs[0].times, **LINK_WAIT)


def item_retry(attempts: list[datetime], tries: int) -> datetime | None:
    """Return when the manifest goes again at the latest, on a link that stands."""
    limits = Limits()
    if not attempts:
        return None
    return latest_next_try(attempts[0], tries, first_s=limits.ping_first / 1_000, longest_s=limits.ping_longest / 1_000)


def clock_words(found: ClockFinding) -> str:
    """Return what is wrong with the clock, or nothing."""
    how_much = _span(found.off_by)
    if found.state is ClockState.BEHIND:
        return say("Jam komputer ini terlambat %(span)s dari pusat.", span=how_much)
    if found.state is ClockState.AHEAD:
        return say("Jam komputer ini terlalu cepat %(span)s dari pusat.", span=how_much)
    return ""


def space_words(space: Space) -> str:
    """Return what is wrong with the disk, or nothing."""
    if space.state is SpaceState.GOOD:
        return ""
    if space.state is SpaceState.SCARCE:
        return say("Tempat di cakram tinggal %(size)s. Kosongkan dalam beberapa hari ini.", size=size(space.free_bytes))
    if space.state is SpaceState.FULL:
        return say(
            "Cakram komputer ini hampir penuh (tersisa %(size)s). Permohonan baru ditahan sampai ada tempat, supaya "
            "cerita pemohon tidak hilang di tengah jalan. Yang sudah tersimpan tetap aman.",
            size=size(space.free_bytes),
        )
    return say(
        "Cakram komputer ini tidak dapat ditulisi. Permohonan baru ditahan; yang sudah tersimpan tetap aman. Hubungi "
        "administrator jaringan."
    )


_YEAR, _DAY = timedelta(days=365), timedelta(days=1)


def _span(span: timedelta) -> str:
    if span >= _YEAR:
        return say("%(count)s tahun", count=span // _YEAR)
    if span >= 2 * _DAY:
        return say("%(count)s hari", count=span // _DAY)
    return duration(int(span.total_seconds()))
