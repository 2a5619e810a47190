"""The words of this room for people; each text is the Indonesian msgid, looked up where it is shown."""

from collections.abc import Mapping

from hub.health.rules import Ailment, State

STATES: Mapping[State, str] = {
    State.LIVE: "Tersambung",
    State.STALE: "Senyap",
    State.DEAD: "Terputus",
    State.NEVER: "Belum terdengar",
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
