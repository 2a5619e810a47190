"""The words of this room for people; each text is the Indonesian msgid, looked up where it is shown."""

from collections.abc import Mapping

from hub.parcels import service
from hub.parcels.errors import ParcelRule

STATES: Mapping[str, str] = {
    service.QUEUED: "Sedang dibaca",
    service.DONE: "Selesai",
    service.FAILED: "Tidak dapat dikerjakan; hubungi admin",
}

REFUSALS: Mapping[ParcelRule, str] = {
    ParcelRule.NO_PARCEL: "Berkas ini bukan paket Simpul, atau awalnya rusak. Ekspor lagi di komputer desa.",
    ParcelRule.OTHER_HUB: "Paket ini untuk kabupaten lain.",
    ParcelRule.NODE_UNKNOWN: "Simpul desa pada paket ini tidak terdaftar di sini.",
    ParcelRule.WRONG_WAY: "Ini berkas jawaban dari hub, bukan kiriman desa. Pilih berkas yang lain di stik.",
    ParcelRule.TOO_LARGE: "Paket melebihi 2 GB. Minta desa mengekspornya dalam beberapa paket.",
    ParcelRule.EMPTY: "Pilih dulu berkas paketnya.",
}

CUT = "Berkas terpotong atau rusak di tengah. Yang sebelum bagian rusak sudah diterima; minta desa mengekspor lagi."
