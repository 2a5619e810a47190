"""The data that ships: every service of every kind, with promises that say where they come from."""

import csv
from importlib import resources

import pytest

from hub.catalogue.catalogue import Catalogue
from protocol.answers import PATTERNS
from protocol.catalogue import Formula, ServiceKind, ServiceStatus, SlaOrigin, service_bytes
from protocol.catalogue_check import parse_service
from protocol.errors import ServiceUnknownError

CODES = [
    *("AKTA-L", "AKTA-M", "APOTEK", "D-DOM", "D-SKCK", "D-SKTM", "D-SKU", "IMB", "JALAN", "KK", "PBG", "PERHELATAN"),
    *("PM", "REKLAME", "RISET", "SIP-BD", "SIP-DR", "TDG", "TONTONAN"),
]


def test_the_services_are_there(shipped: Catalogue) -> None:
    assert [service.code for service in shipped.newest_services()] == CODES


def test_every_kind_is_there(shipped: Catalogue) -> None:
    assert {service.kind for service in shipped.open_services()} == set(ServiceKind)


def test_every_promise_says_where_it_comes_from(shipped: Catalogue) -> None:
    for service in shipped.newest_services():
        assert service.sla.origin in SlaOrigin
        assert len(service.sla.source) > 20, service.code


@pytest.mark.parametrize(
    ("code", "days", "origin"),
    [
        ("JALAN", 1, SlaOrigin.SRAGEN),
        ("PM", 3, SlaOrigin.SRAGEN),
        ("IMB", 12, SlaOrigin.SRAGEN),
        ("PBG", 31, SlaOrigin.ELSEWHERE),
        ("TONTONAN", 5, SlaOrigin.NATIONAL),
        ("RISET", 1, SlaOrigin.ESTIMATE),
    ],
)
def test_figures_that_were_read(shipped: Catalogue, code: str, days: int, origin: SlaOrigin) -> None:
    sla = shipped.service(code, 1).sla
    assert (sla.max_days, sla.origin) == (days, origin)


def test_a_replaced_service_is_kept_but_closed(shipped: Catalogue) -> None:
    old = shipped.service("IMB", 1)
    assert (old.status, old.replaced_by, old.is_open) == (ServiceStatus.REPLACED, "PBG", False)
    assert old not in shipped.open_services()


def test_road_use_is_the_formula_of_the_regional_regulation(shipped: Catalogue) -> None:
    fee = shipped.service("JALAN", 1).fee
    assert isinstance(fee, Formula)
    assert (fee.factors, fee.tariff_rp, fee.divisor) == (("length", "width"), 500, 10_000)


def test_forms_are_of_a_size_that_an_officer_can_fill_in(shipped: Catalogue) -> None:
    for service in shipped.open_services():
        assert 6 <= len(service.fields) <= 17, service.code
        assert service.requirements, service.code


def test_every_form_but_the_replaced_one_has_a_condition(shipped: Catalogue) -> None:
    for service in shipped.open_services():
        assert any(field.show_if for field in service.fields), service.code


def test_what_identifies_somebody_is_marked_personal(shipped: Catalogue) -> None:
    for service in shipped.newest_services():
        for field in service.fields:
            if field.type in {"nik", "kk_no", "phone"} or "birth" in field.key or field.key.endswith("_name"):
                company = field.key in {"company_name", "business_name", "pharmacy_name", "practice_name", "road_name"}
                assert field.personal or company or field.key in NOT_PERSONAL, (service.code, field.key)


NOT_PERSONAL = {"show_name", "birth_time", "birth_attendant"}


def test_every_service_survives_the_wire(shipped: Catalogue) -> None:
    for service in shipped.newest_services():
        assert parse_service(service_bytes(service)) == service


def test_the_whole_catalogue_fits_an_enrolment_answer(shipped: Catalogue) -> None:
    assert sum(len(raw) for raw in shipped.wire_services()) < 200_000
    assert len(shipped.digest) == 32


def test_help_for_patterns_exists(shipped: Catalogue) -> None:
    used = {field.pattern for service in shipped.newest_services() for field in service.fields if field.pattern}
    assert used <= set(PATTERNS)


def test_an_unknown_version_is_an_error(shipped: Catalogue) -> None:
    with pytest.raises(ServiceUnknownError):
        shipped.service("JALAN", 99)


def test_the_region_file_has_230_rows() -> None:
    text = (resources.files("hub.catalogue") / "data" / "regions.csv").read_text(encoding="utf-8")
    assert len(list(csv.DictReader(text.splitlines()))) == 230
