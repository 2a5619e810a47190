"""The words of this room, for people who have no account: Indonesian msgids, looked up where they are shown."""

from collections.abc import Mapping

from hub.casework.rules import EventKind

UNKNOWN = "Nomor dan kode ini tidak cocok dengan permohonan mana pun. Periksa keduanya pada tanda terima Anda."
WAIT = "Terlalu banyak pertanyaan dari jaringan Anda. Tunggu %(minutes)s menit, lalu coba lagi."
INCOMPLETE = "Isi nomor registrasi dan kode lacak."

LOOKS: Mapping[EventKind, str] = {
    EventKind.VIEWED: "melihat berkas, data pribadi disamarkan",
    EventKind.FILE_VIEWED: "melihat satu lampiran",
    EventKind.REVEALED: "membuka data pribadi",
}
