"""What every page tells of the hub's notices, and the words for requests."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from village_node.notices import service
from village_node.web.checkup import Warned
from village_node.web.desk import local, now
from village_node.web.language import Lazy, later, say
from village_node.web.words import moment

ACTIONS: Mapping[str, Lazy] = {
    "support_file": later("Kirim berkas bantuan (kode, jumlah, dan waktu; tanpa data pribadi)"),
    "self_test": later("Jalankan pemeriksaan jalan ke pusat dan kirim hasilnya"),
    "resync": later("Coba lagi mengirim semua yang menunggu"),
}
OUTCOMES: Mapping[str, Lazy] = {
    "done": later("Dikerjakan"),
    "refused": later("Ditolak"),
    "failed": later("Tidak berhasil"),
}
BY_SETTING = later("oleh setelan kantor ini")


def told(db: Session) -> list[Warned]:
    """Return outages, announcements and requests that wait, as each page shows them at its head."""
    at = now()
    found = [
        Warned(
            kind="warn",
            text=say(
                "Gangguan terencana %(start)s sampai %(end)s: %(text)s",
                start=moment(local(each.starts_at)),
                end=moment(local(each.ends_at)),
                text=each.text,
            ),
        )
        for each in service.list_outages(db, at)
    ]
    found += [
        Warned(kind="ok", text=say("Dari pusat: %(text)s", text=each.text))
        for each in service.list_announcements(db, at)
    ]
    waiting = service.count_waiting(db, at)
    if waiting:
        words = say(
            "Pusat meminta sesuatu dari komputer ini (%(count)s). Buka Pesan pusat untuk setuju atau menolak.",
            count=waiting,
        )
        found.append(Warned(kind="warn", text=words))
    return found
