"""Routing by service and territory."""

import pytest

from hub.catalogue.catalogue import Catalogue
from hub.catalogue.rules import agency_desks, front_desk, office_code, stage_desk
from protocol.catalogue import OfficeKind
from protocol.ids import VillageCode

KEDEN = VillageCode("33.14.01.2001")


@pytest.mark.parametrize(
    ("code", "front", "beside"),
    [
        ("IMB", "one-stop", ("subdistrict.33.14.01", "agency.dpupr", "agency.dlh")),
        ("PBG", "one-stop", ("agency.dpupr", "agency.dlh")),
        ("REKLAME", "one-stop", ("agency.dpupr", "agency.satpol-pp", "agency.bpkpd")),
        ("JALAN", "subdistrict.33.14.01", ("agency.dishub",)),
        ("PERHELATAN", "subdistrict.33.14.01", ()),
        ("RISET", "one-stop", ("agency.kesbangpol",)),
        ("KK", "civil-registry", ()),
        ("D-SKU", "village.33.14.01.2001", ()),
    ],
)
def test_desks(shipped: Catalogue, code: str, front: str, beside: tuple[str, ...]) -> None:
    service = shipped.service(code, 1)
    assert front_desk(service, KEDEN) == front
    assert agency_desks(service, KEDEN) == beside


def test_every_application_of_every_village_has_desks_that_exist(shipped: Catalogue) -> None:
    for region in shipped.regions.villages:
        village = VillageCode(region.code)
        for service in shipped.newest_services():
            desks = {front_desk(service, village), *(stage_desk(stage, village) for stage in service.stages)}
            assert desks <= shipped.offices.keys()


def test_an_agency_must_be_named() -> None:
    with pytest.raises(ValueError, match="which agency"):
        office_code(OfficeKind.AGENCY, KEDEN)
