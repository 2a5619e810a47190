"""The self-test as milestones with words: from the disk of this PC to the hub's answer, and what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from village_node.health.place import Sight
from village_node.health.selftest import Checked, Result, Step
from village_node.web.diagnosis import clock_words, outcome_words, space_words
from village_node.web.language import Lazy, later, say

NAMES: Mapping[Step, Lazy] = {
    Step.DISK: later("Cakram dapat ditulisi"),
    Step.STORE: later("Data di komputer ini utuh"),
    Step.CLOCK: later("Jam komputer"),
    Step.ENROLLED: later("Komputer terdaftar"),
    Step.CERTIFICATE: later("Sertifikat komputer ini berlaku"),
    Step.NAME: later("Nama server ditemukan"),
    Step.PORT: later("Server menerima sambungan"),
    Step.TLS: later("Sambungan aman, kedua sertifikat diterima"),
    Step.LINK: later("Masuk ke server"),
    Step.ANSWER: later("Pusat menjawab"),
    Step.OUTBOX: later("Tidak ada kiriman yang menunggu lama"),
    Step.NUMBERS: later("Nomor registrasi cukup"),
}

CAUSES: Mapping[str, Lazy] = {
    "store_damaged": later("data rusak; hentikan program dan hubungi administrator jaringan kabupaten"),
    "not_enrolled": later("belum; minta kode pendaftaran kepada administrator jaringan"),
    "hub_silent": later("pusat diam"),
    "uplink_dropped": later("pusat terdengar, tetapi tidak mendengar"),
    "waiting_long": later("ada kiriman yang menunggu lebih dari empat jam"),
    "numbers_low": later("tinggal sedikit; nomor baru datang sendiri begitu tersambung"),
}
"""What is no outcome of a try to connect."""


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """One step: reached, not reached, or not known because one before it was not."""

    name: str
    kind: str
    """``ok``, ``bad`` or ``calm``."""
    text: str


def milestones(checked: Sequence[Checked], sight: Sight) -> tuple[Milestone, ...]:
    """Return the whole self-test in words."""
    return tuple(_milestone(each, sight) for each in checked)


def _milestone(each: Checked, sight: Sight) -> Milestone:
    name = str(NAMES[each.step])
    if each.result is Result.UNREACHED:
        return Milestone(name=name, kind="calm", text=say("belum sampai"))
    if each.result is Result.WELL:
        return Milestone(name=name, kind="ok", text=say("baik"))
    return Milestone(name=name, kind="bad", text=_cause(each, sight))


def _cause(each: Checked, sight: Sight) -> str:
    if each.step is Step.DISK:
        return space_words(sight.space)
    if each.step is Step.CLOCK:
        return clock_words(sight.clock)
    return str(CAUSES[each.code]) if each.code in CAUSES else outcome_words(each.code)
