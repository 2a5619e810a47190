"""Fees in whole rupiah: exact, rounded down, and unknown where somebody else assesses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.catalogue import AssessedLevy, FeeRule, Fixed, Free, LocalTax, NationalSystem, OfficeCode
from protocol.fees import FeeKind, assess_fee
from tests.unit.protocol.catalogue_samples import ANSWERS, SERVICE, WORDS, a_condition, a_service

AGENCY = OfficeCode("agency.bpkpd")


def test_road_use_costs_500_rupiah_per_square_metre() -> None:
    fee = assess_fee(SERVICE, ANSWERS)  # 12.50 m by 4.00 m
    assert (fee.kind, fee.amount_rp) == (FeeKind.FORMULA, 25_000)


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_formula_is_exact_and_rounded_down(length: int, width: int) -> None:
    amount = assess_fee(SERVICE, ANSWERS | {"length": length, "width": width}).amount_rp
    assert amount is not None
    assert amount * 10_000 <= length * width * 500 < (amount + 1) * 10_000


@pytest.mark.parametrize("length", ["12", True, -5])
def test_a_factor_that_is_no_number_leaves_the_amount_open(length: str | int) -> None:
    assert assess_fee(SERVICE, ANSWERS | {"length": length}).amount_rp is None


def test_a_missing_factor_leaves_the_amount_open() -> None:
    assert assess_fee(SERVICE, {}).amount_rp is None


@pytest.mark.parametrize(
    ("rule", "kind", "amount"),
    [
        (Free(basis=WORDS), FeeKind.FREE, 0),
        (Fixed(amount_rp=10_000, basis=WORDS), FeeKind.FIXED, 10_000),
        (LocalTax(assessed_by=AGENCY, basis=WORDS), FeeKind.LOCAL_TAX, None),
        (AssessedLevy(assessed_by=AGENCY, basis=WORDS), FeeKind.ASSESSED_LEVY, None),
        (NationalSystem(system="SIMBG", basis=WORDS), FeeKind.NATIONAL_SYSTEM, None),
        (Fixed(amount_rp=10_000, basis=WORDS, exempt_when=a_condition("kind", "own")), FeeKind.EXEMPT, 0),
        (Fixed(amount_rp=10_000, basis=WORDS, exempt_when=a_condition("kind", "rented")), FeeKind.FIXED, 10_000),
    ],
)
def test_each_rule(rule: FeeRule, kind: FeeKind, amount: int | None) -> None:
    fee = assess_fee(a_service(fee=rule), ANSWERS)
    assert (fee.kind, fee.amount_rp) == (kind, amount)
    assert fee.is_free == (amount == 0)
