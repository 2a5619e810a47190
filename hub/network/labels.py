"""The words of this room for people; each text is the Indonesian msgid, looked up where it is shown."""

from collections.abc import Mapping

from hub.health.alarm_rules import AlarmKind, AlarmRule, Phase, Severity, What
from hub.health.planned import PlanRule
from hub.health.rules import Ailment, State
from hub.network.requests import AskingRule
from protocol.requests import RequestAction

STATES: Mapping[State, str] = {
    State.LIVE: "Tersambung",
    State.STALE: "Senyap",
    State.DEAD: "Terputus",
    State.NEVER: "Belum terdengar",
    State.CLOSED: "Kantor tutup",
    State.MAINTENANCE: "Pemeliharaan",
    State.SUSPENDED: "Ditangguhkan",
    State.REVOKED: "Dicabut",
}

AILMENTS: Mapping[Ailment, str] = {
    Ailment.LOST: "Ada berkas hilang",
    Ailment.DEAD: "Terputus",
    Ailment.NEVER: "Belum pernah terdengar",
    Ailment.STALE: "Senyap",
    Ailment.WAITING_LONG: "Berkas menunggu terlalu lama",
    Ailment.REFUSALS: "Ada kiriman ditolak",
    Ailment.DISK_LOW: "Cakram hampir penuh",
    Ailment.CERTIFICATE_ENDS: "Sertifikat segera berakhir",
}

WINDOWS: Mapping[str, str] = {"day": "24 jam", "week": "7 hari", "month": "30 hari", "year": "1 tahun"}

BARS: Mapping[str, str] = {
    "live": "Terdengar penuh",
    "stale": "Jarang terdengar",
    "dead": "Tidak terdengar",
    "none": "Di luar masa",
}

ACTIONS: Mapping[RequestAction, str] = {
    RequestAction.SUPPORT_FILE: "Minta berkas bantuan",
    RequestAction.SELF_TEST: "Minta pemeriksaan mandiri",
    RequestAction.RESYNC: "Minta mencoba kirim lagi",
}

OUTCOMES: Mapping[str, str] = {
    "": "Menunggu jawaban",
    "done": "Dikerjakan",
    "refused": "Ditolak kantor desa",
    "failed": "Tidak berhasil",
}

ASKING_RULES: Mapping[AskingRule, str] = {
    AskingRule.NODE_GONE: "Simpul ini tidak bertugas, jadi tidak dapat diminta apa pun.",
    AskingRule.STILL_OPEN: "Permintaan yang sama masih menunggu jawaban.",
    AskingRule.TEXT: "Tulis pengumuman, paling panjang 500 huruf. Belum ada yang dikirim.",
    AskingRule.UNTIL: "Isi waktu berakhir: sesudah sekarang dan paling lama 30 hari. Belum ada yang dikirim.",
}

PLAN_RULES: Mapping[PlanRule, str] = {
    PlanRule.ORDER: "Isi awal dan akhir; akhir harus sesudah awal dan sesudah sekarang. Belum ada yang direncanakan.",
    PlanRule.TOO_LONG: "Gangguan terencana paling lama 14 hari. Belum ada yang direncanakan.",
    PlanRule.TOO_FAR: "Gangguan direncanakan paling jauh 180 hari ke depan. Belum ada yang direncanakan.",
    PlanRule.TEXT: "Tulis sebabnya, paling panjang 300 huruf. Belum ada yang direncanakan.",
    PlanRule.SCOPE: "Pilih kecamatan atau desa dari daftar.",
    PlanRule.UNKNOWN: "Rencana ini tidak ada.",
    PlanRule.WEEK: "Isi jam buka dan jam tutup; tutup harus sesudah buka. Jam kantor tidak diubah.",
}

WEEKDAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")

MINUTES = "menit"
FIGURES: Mapping[str, str] = {
    "waiting": "Berkas menunggu",
    "oldest": "Terlama menunggu",
    "disk": "Ruang cakram",
    "memory": "Memori bebas",
    "clock": "Selisih jam",
    "rtt": "Waktu bolak-balik",
    "lost": "Kiriman hilang di jalan",
    "battery": "Baterai",
    "accepted": "Berkas diterima",
    "rejected": "Berkas ditolak",
}
"""Lines of a node's past, by the name in ``figures.FIGURES``."""

ALARM_KINDS: Mapping[AlarmKind, str] = {
    AlarmKind.SILENT: "Simpul tidak terdengar",
    AlarmKind.FLEET_SILENT: "Banyak simpul senyap serentak",
    AlarmKind.NEVER: "Simpul baru tidak pernah terdengar",
    AlarmKind.LOST: "Berkas hilang",
    AlarmKind.WAITING_LONG: "Berkas menunggu terlalu lama",
    AlarmKind.DISK_LOW: "Cakram hampir penuh",
    AlarmKind.RAM_LOW: "Memori hampir habis",
    AlarmKind.BATTERY_LOW: "Baterai hampir habis",
    AlarmKind.CLOCK_WRONG: "Jam simpul salah",
    AlarmKind.LINK_POOR: "Sambungan buruk",
    AlarmKind.EXPIRES: "Masa berlaku segera berakhir",
    AlarmKind.FLAPPING: "Sambungan putus-nyambung",
    AlarmKind.TWO_PROGRAMS: "Kunci yang sama dipakai di dua PC",
    AlarmKind.COUNTER_REUSE: "Nomor urut dipakai dua kali",
    AlarmKind.NIGHT_WORK: "Banyak berkas dibuat malam hari",
    AlarmKind.REJECTS: "Banyak berkas ditolak",
    AlarmKind.VOLUME: "Jumlah berkas tidak biasa",
    AlarmKind.FLOOD: "Simpul membanjiri hub",
    AlarmKind.WRONG_PINS: "Banyak PIN salah",
}

SEVERITIES: Mapping[Severity, str] = {
    Severity.NOTICE: "Pemberitahuan",
    Severity.WARNING: "Peringatan",
    Severity.CRITICAL: "Gawat",
}


def tone(severity: Severity) -> str:
    """Return Bootstrap's name of the colour that goes with a severity; the word says it too."""
    return {Severity.NOTICE: "info", Severity.WARNING: "warning", Severity.CRITICAL: "danger"}[severity]


PHASES: Mapping[Phase, str] = {
    Phase.PENDING: "Belum pasti",
    Phase.OPEN: "Terbuka",
    Phase.CLEARED: "Selesai",
}

ALARM_EVENTS: Mapping[What, str] = {
    What.OPENED: "Dibuka",
    What.WORSE: "Memburuk",
    What.EVIDENCE: "Bukti baru",
    What.ACKNOWLEDGED: "Ditangani",
    What.COMMENTED: "Catatan",
    What.SUSPENDED: "Simpul ditangguhkan",
    What.CLEARED: "Selesai",
}

ALARM_RULES: Mapping[AlarmRule, str] = {
    AlarmRule.UNKNOWN: "Alarm ini tidak ada.",
    AlarmRule.CLEARED: "Alarm ini sudah selesai.",
    AlarmRule.STILL_HOLDS: "Sebabnya masih ada: alarm selesai sendiri bila sebabnya hilang. Tandai sebagai ditangani.",
    AlarmRule.TEXT: "Tulis catatan, paling panjang 500 huruf.",
}

EVIDENCE: Mapping[str, str] = {
    "seen_at": "Terakhir terdengar",
    "silent": "Senyap",
    "missing": "Berkas kurang",
    "count": "Jumlah",
    "waiting": "Menunggu",
    "hours": "Jam",
    "free_mb": "Sisa (MB)",
    "percent": "Persen",
    "offset_s": "Selisih (detik)",
    "rtt_ms": "Waktu bolak-balik (ms)",
    "lost_percent": "Hilang di jalan (%)",
    "connections": "Berapa kali tersambung",
    "expires_at": "Berakhir",
    "days": "Sisa hari",
    "times": "Berapa kali",
    "returned": "Berapa kali kembali",
    "runs": "Program yang berjalan",
    "last_at": "Terakhir",
    "contents": "Isi yang berbeda",
    "bundles": "Berkas",
    "rejected": "Ditolak",
    "of": "Dari",
    "usual": "Biasanya",
    "refused": "Kiriman ditolak",
    "failed": "PIN salah",
}
"""Names of what an alarm's evidence holds; one that is not here is shown as it is."""
