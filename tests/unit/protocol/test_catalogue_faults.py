"""Each rule of a sound service, broken once: the place and the reason are named."""

import pytest

from protocol.catalogue import (
    AssessedLevy,
    Choice,
    Condition,
    FieldType,
    Fixed,
    Formula,
    OfficeCode,
    PatternName,
    Service,
    ServiceStatus,
)
from protocol.catalogue_check import service_faults
from protocol.ids import FieldKey
from tests.unit.protocol.catalogue_samples import (
    FIELDS,
    SERVICE,
    WORDS,
    a_condition,
    a_field,
    a_requirement,
    a_service,
    a_stage,
    with_field,
)

LAST = f"$.fields[{len(FIELDS)}]"


def a_formula(*factors: str, tariff: int = 500) -> Formula:
    return Formula(factors=tuple(FieldKey(key) for key in factors), tariff_rp=tariff, basis=WORDS)


def test_the_sample_is_sound() -> None:
    assert service_faults(SERVICE) == ()


@pytest.mark.parametrize(
    ("service", "path"),
    [
        (with_field(a_field("length", FieldType.TEXT)), f"{LAST}.key"),
        (with_field(a_field("x", FieldType.TEXT, show_if=a_condition("nothing", "a"))), f"{LAST}.show_if.field"),
        (with_field(a_field("x", FieldType.TEXT, show_if=a_condition("x", "a"))), f"{LAST}.show_if.field"),
        (with_field(a_field("x", FieldType.TEXT, show_if=a_condition("kind", "bought"))), f"{LAST}.show_if"),
        (with_field(a_field("x", FieldType.TEXT, show_if=a_condition("kind", equals=True))), f"{LAST}.show_if"),
        (with_field(a_field("x", FieldType.TEXT, show_if=a_condition("night", 1))), f"{LAST}.show_if"),
        (with_field(a_field("x", FieldType.TEXT, show_if=a_condition("people", equals=True))), f"{LAST}.show_if"),
        (with_field(a_field("x", FieldType.TEXT, show_if=a_condition("start", "2026-01-01"))), f"{LAST}.show_if"),
        (with_field(a_field("x", FieldType.TEXT, show_if=Condition(field=FieldKey("kind")))), f"{LAST}.show_if"),
        (with_field(a_field("x", FieldType.CHOICE)), f"{LAST}.choices"),
        (with_field(a_field("x", FieldType.TEXT, choices=FIELDS[0].choices)), f"{LAST}.choices"),
        (
            with_field(a_field("x", FieldType.CHOICE, choices=(Choice(value=FieldKey("a"), label=WORDS),) * 2)),
            f"{LAST}.choices",
        ),
        (with_field(a_field("x", FieldType.TEXT, minimum=1)), f"{LAST}.minimum"),
        (with_field(a_field("x", FieldType.NIK, max_length=16)), f"{LAST}.max_length"),
        (with_field(a_field("x", FieldType.LONG_TEXT, pattern=PatternName.NIB)), f"{LAST}.pattern"),
        (with_field(a_field("x", FieldType.INTEGER, minimum=2, maximum=1)), f"{LAST}.minimum"),
        (with_field(a_field("x", FieldType.TEXT, min_length=9, max_length=8)), f"{LAST}.min_length"),
        (with_field(a_field("x", FieldType.DATE, not_before=FieldKey("kind"))), f"{LAST}.not_before"),
        (with_field(a_field("x", FieldType.TEXT, not_before=FieldKey("start"))), f"{LAST}.not_before"),
        (with_field(a_field("applicant_name", FieldType.TEXT)), f"{LAST}.key"),
    ],
)
def test_fields(service: Service, path: str) -> None:
    assert path in {fault.path for fault in service_faults(service)}


@pytest.mark.parametrize(
    ("service", "path"),
    [
        (a_service(requirements=(a_requirement("a"), a_requirement("a"))), "$.requirements[1].key"),
        (a_service(requirements=(a_requirement("a", when=a_condition("zzz", "a")),)), "$.requirements[0].when.field"),
        (a_service(requirements=(a_requirement("a", media_types=()),)), "$.requirements[0].media_types"),
        (a_service(requirements=(a_requirement("a", min_files=3),)), "$.requirements[0].min_files"),
        (a_service(requirements=(a_requirement("a", min_files=0),)), "$.requirements[0].min_files"),
        (a_service(requirements=tuple(a_requirement(f"r{n}", max_files=13) for n in range(2))), "$.requirements"),
    ],
)
def test_requirements(service: Service, path: str) -> None:
    assert path in {fault.path for fault in service_faults(service)}


def test_keys_of_stages_are_unique() -> None:
    twice = a_service(stages=(a_stage("a"), a_stage("a")))
    assert "$.stages[1].key" in {fault.path for fault in service_faults(twice)}


@pytest.mark.parametrize(
    ("service", "path"),
    [
        (a_service(fee=a_formula("length", "zzz")), "$.fee.factors[1]"),
        (a_service(fee=a_formula("kind")), "$.fee.factors[0]"),
        (a_service(fee=a_formula("people")), "$.fee.factors[0]"),
        (a_service(fee=a_formula("length", "width", "length", tariff=10**6)), "$.fee"),
        (a_service(fee=AssessedLevy(assessed_by=OfficeCode("agency.dlh"), basis=WORDS)), "$.fee.assessed_by"),
        (
            a_service(fee=Fixed(amount_rp=1, basis=WORDS, exempt_when=a_condition("kind", "bought"))),
            "$.fee.exempt_when",
        ),
        (a_service(status=ServiceStatus.REPLACED), "$.replaced_by"),
    ],
)
def test_fee_and_status(service: Service, path: str) -> None:
    assert path in {fault.path for fault in service_faults(service)}


def test_a_factor_needs_a_maximum() -> None:
    service = a_service(fields=(*FIELDS, a_field("x", FieldType.INTEGER, minimum=0)), fee=a_formula("x"))
    assert [fault.path for fault in service_faults(service)] == ["$.fee.factors[0]"]
