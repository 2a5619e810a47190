"""Regions by code, and the offices that follow from them."""

from collections import Counter

import pytest

from hub.catalogue.catalogue import Catalogue
from hub.catalogue.errors import CatalogueError
from hub.catalogue.loader import parse_office_file
from hub.catalogue.regions import RegionLevel, Regions, parse_regions
from protocol.catalogue import OfficeCode, OfficeKind
from protocol.ids import RegionCode, VillageCode

HEAD = "code,name,level\n33,Jawa Tengah,province\n33.14,Kabupaten Sragen,regency\n"
OFFICES = """\
offices:
  - {code: one-stop, kind: one_stop, name: {id: A, en: A}, short: A, region: "33.14"}
  - {code: civil-registry, kind: civil_registry, name: {id: B, en: B}, short: B, region: "33.14"}
  - {code: inspectorate, kind: inspectorate, name: {id: C, en: C}, short: C, region: "33.14"}
  - {code: agency.dlh, kind: agency, name: {id: D, en: D}, short: D, region: "33.14"}
"""


@pytest.fixture
def regions() -> Regions:
    return parse_regions("regions.csv", HEAD)


def test_sragen_has_20_subdistricts_and_208_villages(shipped: Catalogue) -> None:
    levels = Counter(region.level for region in shipped.regions.by_code.values())
    assert (levels[RegionLevel.SUBDISTRICT], levels[RegionLevel.DESA], levels[RegionLevel.KELURAHAN]) == (20, 196, 12)
    assert len(shipped.regions.villages) == 208
    assert len(shipped.regions.nik_subdistricts) == 20


def test_every_subdistrict_has_its_villages(shipped: Catalogue) -> None:
    counts = [len(shipped.regions.villages_of(region.code)) for region in shipped.regions.subdistricts]
    assert counts == [14, 16, 13, 10, 9, 9, 9, 8, 10, 8, 12, 16, 14, 10, 11, 9, 9, 7, 7, 7]


def test_names_repeat_so_codes_are_the_key(shipped: Catalogue) -> None:
    assert len({region.name for region in shipped.regions.villages}) < 208


def test_a_village_is_found_by_code_only(shipped: Catalogue) -> None:
    village = shipped.regions.village(VillageCode("33.14.01.2001"))
    assert village is not None
    assert (village.name, village.title) == ("Keden", "Desa Keden")
    parent = shipped.regions.parent(village)
    assert parent is not None
    assert parent.title == "Kecamatan Kalijambe"
    assert shipped.regions.village(VillageCode("33.14.01.2099")) is None


def test_the_offices_follow_from_the_regions(shipped: Catalogue) -> None:
    kinds = Counter(office.kind for office in shipped.offices.values())
    assert (kinds[OfficeKind.SUBDISTRICT], kinds[OfficeKind.VILLAGE], kinds[OfficeKind.AGENCY]) == (20, 208, 10)
    assert kinds[OfficeKind.ONE_STOP] == kinds[OfficeKind.CIVIL_REGISTRY] == kinds[OfficeKind.INSPECTORATE] == 1


def test_an_office_knows_its_territory(shipped: Catalogue) -> None:
    office = shipped.offices[OfficeCode("village.33.14.10.1002")]
    assert (office.region, office.short[:10]) == (RegionCode("33.14.10.1002"), "Kelurahan ")
    assert shipped.offices[OfficeCode("subdistrict.33.14.01")].short == "Kec. Kalijambe"


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("code,name\n", "line 1", "columns"),
        ("code,name,level\n", "line 1", "exactly one regency"),
        (HEAD + "33.14.01,Kalijambe,kecamatan\n", "line 4", "wrong"),
        (HEAD + "33.14.1,Kalijambe,subdistrict\n", "line 4", "wrong"),
        (HEAD + "33.14.01,Kalijambe\n", "line 4", "wrong"),
        (HEAD + "33.14.01,,subdistrict\n", "line 4", "empty"),
        (HEAD + "33.14.01,Kalijambe,desa\n", "line 4", "do not agree"),
        (HEAD + "33.14.01.2001,Keden,desa\n", "line 4", "must stand before"),
        (HEAD + "33.14.01,A,subdistrict\n33.14.01.1001,B,desa\n", "line 5", "another kind"),
        (HEAD + "33.14,Sragen,regency\n", "line 4", "twice"),
    ],
)
def test_wrong_regions_are_refused(text: str, place: str, reason: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_regions("regions.csv", text)
    assert (caught.value.path, reason in caught.value.reason) == (place, True)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("code: agency.dlh", "code: one-stop", "$.offices[3].code"),
        ("code: agency.dlh", "code: dlh", "$.offices[3].code"),
        ("kind: inspectorate", "kind: agency", "$.offices[2].kind"),
        ("code: agency.dlh, kind: agency", "code: subdistrict.33.14.01, kind: subdistrict", "$.offices[3].kind"),
        ('short: D, region: "33.14"', 'short: D, region: "33.15"', "$.offices[3].region"),
        ('short: D, region: "33.14"', "short: D, region: 33", "$.offices[3].region"),
        ("code: inspectorate, kind: inspectorate", "code: agency.xy, kind: agency", "$.offices"),
        ("short: D", "shrot: D", "$.offices[3]"),
    ],
)
def test_wrong_offices_are_refused(regions: Regions, old: str, new: str, place: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_office_file("offices.yaml", OFFICES.replace(old, new).encode(), regions=regions)
    assert (caught.value.file, caught.value.path) == ("offices.yaml", place)


def test_right_offices_are_read(regions: Regions) -> None:
    assert len(parse_office_file("offices.yaml", OFFICES.encode(), regions=regions)) == 4
