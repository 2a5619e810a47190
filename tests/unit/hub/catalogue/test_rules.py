"""Routing by service and territory."""

from itertools import product

import pytest

from hub.catalogue.catalogue import Catalogue
from hub.catalogue.rules import front_desk, may_route, office_code, second_office, stage_seats
from protocol.catalogue import OfficeKind
from protocol.ids import VillageCode

KEDEN = VillageCode("33.14.01.2001")


@pytest.mark.parametrize(
    ("code", "front", "stage", "seats"),
    [
        ("IMB", "one-stop", "subdistrict_view", ("subdistrict.33.14.01",)),
        ("PBG", "one-stop", "consultation", ("agency.dpupr",)),
        ("TDG", "one-stop", "trade_view", ("agency.disperindag", "agency.dpupr")),
        ("JALAN", "subdistrict.33.14.01", "traffic_view", ("agency.dishub",)),
        ("PERHELATAN", "subdistrict.33.14.01", "decision", ("subdistrict.33.14.01",)),
        ("RISET", "one-stop", "handover", ("village.33.14.01.2001",)),
        ("KK", "civil-registry", "recording", ("civil-registry",)),
        ("D-SKU", "village.33.14.01.2001", "signature", ("village.33.14.01.2001",)),
    ],
)
def test_desks(shipped: Catalogue, code: str, front: str, stage: str, seats: tuple[str, ...]) -> None:
    service = shipped.service(code, 1)
    found = service.stage(stage)
    assert found is not None
    assert front_desk(service, KEDEN) == front
    assert stage_seats(found, KEDEN) == seats


def test_every_application_of_every_village_has_desks_that_exist(shipped: Catalogue) -> None:
    for region in shipped.regions.villages:
        village = VillageCode(region.code)
        for service in shipped.newest_services():
            desks = {seat for stage in service.stages for seat in stage_seats(stage, village)}
            assert {front_desk(service, village), *desks} <= shipped.offices.keys()


def test_the_second_office_is_another_one_that_exists(shipped: Catalogue) -> None:
    for service in shipped.newest_services():
        for stage in service.stages:
            for first in stage_seats(stage, KEDEN):
                second = second_office(service, KEDEN, first)
                assert second != first
                assert second in shipped.offices


def test_only_the_work_of_an_agency_may_move_and_only_to_an_agency() -> None:
    allowed = [(kind, other) for kind, other in product(OfficeKind, repeat=2) if may_route(kind, other)]
    assert allowed == [(OfficeKind.AGENCY, OfficeKind.AGENCY)]


def test_an_agency_must_be_named() -> None:
    with pytest.raises(ValueError, match="which agency"):
        office_code(OfficeKind.AGENCY, KEDEN)
