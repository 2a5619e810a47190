"""Who plays in the demo: three villages with their officers, and the people of the regency. All names are invented."""

from dataclasses import dataclass

PASSWORD = "sragen-asri-demo"  # noqa: S105  # printed at the start; the demo listens on loopback only
PIN = "482915"


@dataclass(frozen=True, kw_only=True)
class Village:
    """A real village of Sragen with an officer who does not exist."""

    code: str
    name: str
    subdistrict: str
    officer: str

    @property
    def subdistrict_code(self) -> str:
        """The code of its subdistrict."""
        return self.code[:8]


VILLAGES = (
    Village(code="33.14.10.1002", name="Kelurahan Sragen Kulon", subdistrict="Sragen", officer="Bu Kartika"),
    Village(code="33.14.01.2005", name="Desa Krikilan", subdistrict="Kalijambe", officer="Pak Sugeng"),
    Village(code="33.14.03.2013", name="Desa Krikilan", subdistrict="Masaran", officer="Mbak Nurul"),
)
"""In different subdistricts; two of the same name, since the regency has them and codes must keep them apart."""

FAR_VILLAGES = (
    Village(code="33.14.05.2003", name="Desa Jetis", subdistrict="Sambirejo", officer="Pak Darto"),
    Village(code="33.14.13.1002", name="Kelurahan Ngembatpadas", subdistrict="Gemolong", officer="Bu Retno"),
    Village(code="33.14.14.2004", name="Desa Girimargo", subdistrict="Miri", officer="Pak Yitno"),
)
"""Villages of the past weeks whose PCs are not shown."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who signs in to the hub."""

    username: str
    role: str
    office: str
    name: str


_FIXED = (
    Person(username="loket1", role="front_office", office="one-stop", name="Ana Loket"),
    Person(username="loket2", role="front_office", office="one-stop", name="Bagas Loket"),
    Person(username="capil", role="front_office", office="civil-registry", name="Citra Capil"),
    Person(username="dinkes", role="agency_clerk", office="agency.dinkes", name="Danu Dinkes"),
    Person(username="dpupr", role="agency_clerk", office="agency.dpupr", name="Eka DPUPR"),
    Person(username="dlh", role="agency_clerk", office="agency.dlh", name="Fajar DLH"),
    Person(username="disperindag", role="agency_clerk", office="agency.disperindag", name="Gita Disperindag"),
    Person(username="dishub", role="agency_clerk", office="agency.dishub", name="Hadi Dishub"),
    Person(username="bpkpd", role="agency_clerk", office="agency.bpkpd", name="Indah BPKPD"),
    Person(username="satpolpp", role="agency_clerk", office="agency.satpol-pp", name="Jaka Satpol"),
    Person(username="kesbangpol", role="agency_clerk", office="agency.kesbangpol", name="Kiki Kesbangpol"),
    Person(username="disporapar", role="agency_clerk", office="agency.disporapar", name="Lia Disporapar"),
    Person(username="jaringan1", role="network_admin", office="one-stop", name="Maya Jaringan"),
    Person(username="jaringan2", role="network_admin", office="one-stop", name="Nanang Jaringan"),
    Person(username="inspektur", role="inspectorate", office="inspectorate", name="Oki Inspektorat"),
    Person(username="kabid1", role="division_head", office="one-stop", name="Ratna Kabid"),
    Person(username="kabid2", role="division_head", office="one-stop", name="Slamet Kabid"),
    Person(username="kepala", role="head", office="one-stop", name="Prima Kepala"),
    Person(username="sekretaris", role="head", office="one-stop", name="Tutik Sekretaris"),
    Person(username="kadiscapil", role="head", office="civil-registry", name="Umar Capil"),
)
ADMIN = "network_admin"
ADMINS = ("jaringan1", "jaringan2")


def people(villages: tuple[Village, ...]) -> tuple[Person, ...]:
    """Return everybody of the regency, with the people of these villages and of their subdistricts."""
    subdistricts = {each.subdistrict_code: each.subdistrict for each in villages}
    found = list(_FIXED)
    found += [
        Person(username=f"ka.{each.username}", role="head", office=each.office, name=f"Kepala {each.name.split()[-1]}")
        for each in _FIXED
        if each.role == "agency_clerk"
    ]
    for code, name in subdistricts.items():
        office, short = f"subdistrict.{code}", name.lower()
        found += [
            Person(username=f"kec.{short}", role="subdistrict_officer", office=office, name=f"Kasi Kec. {name}"),
            Person(username=f"camat.{short}", role="head", office=office, name=f"Camat {name}"),
        ]
    for village in villages:
        office, short = f"village.{village.code}", village.code.replace(".", "")
        found += [
            Person(username=f"desa.{short}", role="village_officer", office=office, name=village.officer),
            Person(username=f"kades.{short}", role="head", office=office, name=f"Kepala {village.name}"),
        ]
    return tuple(found)
