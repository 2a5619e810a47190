"""Decisions in words: outcome, what the officer does with it, how long it holds."""

from collections.abc import Mapping

from protocol.notices import Decision
from protocol.receipt import Outcome
from village_node.inbox.news import day_of
from village_node.web.language import Lazy, day, later, say

OUTCOMES: Mapping[str, Lazy] = {
    Outcome.ISSUED: later("Disetujui: surat diterbitkan."),
    Outcome.REFUSED: later("Ditolak dengan surat penolakan."),
    Outcome.RECORDED: later("Tercatat dalam register; hasilnya diambil dari register itu."),
    Outcome.TRACKED: later("Terbit lewat sistem nasional."),
    Outcome.WITHDRAWN: later("Ditarik kembali oleh pemohon."),
}

STEPS: Mapping[str, Lazy] = {
    Outcome.ISSUED: later("Cetak suratnya, serahkan kepada pemohon, lalu catat penyerahannya di sini."),
    Outcome.REFUSED: later("Jelaskan alasannya, serahkan surat penolakan, lalu catat penyerahannya di sini."),
    Outcome.RECORDED: later("Beri tahu pemohon cara mengambil hasilnya, lalu catat penyerahannya di sini."),
    Outcome.TRACKED: later("Sampaikan nomor dari sistem nasional kepada pemohon, lalu catat di sini."),
    Outcome.WITHDRAWN: later("Tidak ada yang perlu diserahkan; beri tahu pemohon bahwa permohonannya ditutup."),
}

UNKNOWN_STEP = later("Tanyakan kepada kantor itu apa yang harus diserahkan; mungkin program perlu diperbarui.")


def outcome_words(outcome: str) -> str:
    """Return an outcome; a code of a newer hub is shown as it is."""
    return str(OUTCOMES[outcome]) if outcome in OUTCOMES else outcome


def step_words(outcome: str) -> str:
    """Return what the officer does with this outcome."""
    return str(STEPS.get(outcome, UNKNOWN_STEP))


def validity_words(decision: Decision) -> str:
    """Return how long a document holds."""
    until = day_of(decision.valid_until)
    if until is None:
        return say("tidak disebut") if decision.document is None else say("selama tidak ada perubahan")
    return say("sampai %(day)s", day=day(until))
