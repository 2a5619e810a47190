"""The words of this room for people; the text is the Indonesian msgid, looked up where it is shown."""

from collections.abc import Mapping

from hub.accounts.rules import Role

ROLE_LABELS: Mapping[Role, str] = {
    Role.FRONT_OFFICE: "Loket",
    Role.AGENCY_CLERK: "Petugas dinas teknis",
    Role.SUBDISTRICT_OFFICER: "Petugas kecamatan",
    Role.NETWORK_ADMIN: "Admin jaringan",
    Role.INSPECTORATE: "Inspektorat",
    Role.HEAD: "Pimpinan",
}
