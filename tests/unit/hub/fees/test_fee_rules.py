"""What is due, the payment code, and what counts as a proof."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalogue.errors import CatalogueError
from hub.fees import rules
from hub.fees.forms import rupiah_of
from hub.fees.rules import Channel, Claim, Due, FeeRule, Paid
from hub.fees.targets import load_targets, parse_targets
from hub.permits import wording
from protocol.catalogue import Text
from protocol.fees import Fee, FeeKind
from protocol.ids import HubId

HUB = HubId("3314")
CODE = rules.payment_code(HUB, 2026, 41)
DUE = Due(amount_rp=30_000, code=CODE, assessed_on=date(2026, 11, 20))
TODAY = date(2026, 11, 24)


def a_fee(kind: FeeKind, amount_rp: int | None) -> Fee:
    return Fee(kind=kind, amount_rp=amount_rp, basis=Text(id="dasar", en="basis"))


def a_payment(**changes: object) -> Paid:
    values: dict[str, object] = {
        "code": CODE,
        "amount_rp": 30_000,
        "channel": Channel.BANK,
        "reference": "TRX 0001",
        "paid_on": TODAY,
    }
    return Paid(**(values | changes))  # type: ignore[arg-type]  # a test names fields that exist


@pytest.mark.parametrize(
    ("kind", "computed", "claim", "rule"),
    [
        (FeeKind.FORMULA, 30_000, Claim(), None),
        (FeeKind.FORMULA, 30_000, Claim(amount_rp=30_000), None),
        (FeeKind.FORMULA, 30_000, Claim(amount_rp=50_000), FeeRule.AMOUNT_COMPUTED),
        (FeeKind.FREE, 0, Claim(amount_rp=10_000), FeeRule.AMOUNT_COMPUTED),
        (FeeKind.EXEMPT, 0, Claim(), None),
        (FeeKind.ASSESSED_LEVY, None, Claim(), FeeRule.AMOUNT_NEEDED),
        (FeeKind.ASSESSED_LEVY, None, Claim(amount_rp=0), None),
        (FeeKind.ASSESSED_LEVY, None, Claim(amount_rp=-1), FeeRule.AMOUNT_NEEDED),
        (FeeKind.ASSESSED_LEVY, None, Claim(amount_rp=10**12 + 1), FeeRule.AMOUNT_NEEDED),
        (FeeKind.LOCAL_TAX, None, Claim(amount_rp=5), FeeRule.REFERENCE_NEEDED),
        (FeeKind.LOCAL_TAX, None, Claim(amount_rp=5, reference="SKPD/1/2026"), None),
    ],
)
def test_an_assessment_keeps_to_its_kind(
    kind: FeeKind, computed: int | None, claim: Claim, rule: FeeRule | None
) -> None:
    assert rules.assessment_rule(a_fee(kind, computed), claim) is rule


def test_a_computed_price_is_never_the_typed_one() -> None:
    assert rules.amount_due(a_fee(FeeKind.FIXED, 25_000), Claim(amount_rp=99)) == 25_000
    assert rules.amount_due(a_fee(FeeKind.ASSESSED_LEVY, None), Claim(amount_rp=99)) == 99


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, None),
        ({"code": f"{CODE[:4]} {CODE[4:8]}-{CODE[8:]}"}, None),
        ({"paid_on": date(2026, 11, 20)}, None),
        ({"code": rules.payment_code(HUB, 2026, 42)}, FeeRule.WRONG_CODE),
        ({"code": "x"}, FeeRule.WRONG_CODE),
        ({"amount_rp": 29_999}, FeeRule.AMOUNT_DIFFERS),
        ({"amount_rp": 30_001}, FeeRule.AMOUNT_DIFFERS),
        ({"reference": " - "}, FeeRule.REFERENCE_NEEDED),
        ({"reference": "9" * 61}, FeeRule.REFERENCE_NEEDED),
        ({"paid_on": date(2026, 11, 25)}, FeeRule.DATE),
        ({"paid_on": date(2026, 11, 19)}, FeeRule.DATE),
        ({"digest": b"x"}, FeeRule.DIGEST),
        ({"digest": bytes(32)}, None),
    ],
)
def test_a_payment_is_exactly_what_is_due(changes: dict[str, object], rule: FeeRule | None) -> None:
    assert rules.payment_rule(DUE, a_payment(**changes), TODAY) is rule


def test_nothing_can_be_paid_where_nothing_is_due() -> None:
    free = Due(amount_rp=0, code="", assessed_on=TODAY)
    assert rules.payment_rule(free, a_payment(amount_rp=0), TODAY) is FeeRule.FREE_SERVICE
    assert rules.payment_rule(None, a_payment(), TODAY) is FeeRule.NOT_ASSESSED


def test_there_is_no_cash() -> None:
    assert {str(channel) for channel in Channel} == {"bank", "treasury", "qris"}


@given(st.integers(1, 10**8 - 1))
def test_a_code_is_known_by_its_check_digits(serial: int) -> None:
    code = rules.payment_code(HUB, 2026, serial)
    assert len(code) == 16
    assert rules.is_payment_code(code)


@given(st.integers(1, 10**8 - 1), st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(serial: int, place: int, shift: int) -> None:
    code = rules.payment_code(HUB, 2026, serial)
    wrong = f"{code[:place]}{(int(code[place]) + shift) % 10}{code[place + 1 :]}"
    assert not rules.is_payment_code(wrong)


@given(st.integers(1, 10**8 - 1), st.integers(0, 14))
def test_exchanged_digits_are_noticed(serial: int, place: int) -> None:
    code = rules.payment_code(HUB, 2026, serial)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert wrong == code or not rules.is_payment_code(wrong)


@pytest.mark.parametrize("serial", [0, -1, 10**8])
def test_a_year_has_room_for_its_codes(serial: int) -> None:
    with pytest.raises(ValueError, match="serial"):
        rules.payment_code(HUB, 2026, serial)


@pytest.mark.parametrize("text", ["٣٣١٤٢٦٠٠٠٠٠٠٤١٠٠", "", "abc", "1" * 40])
def test_other_digits_are_no_code(text: str) -> None:
    assert not rules.is_payment_code(text)


def test_one_proof_has_one_form() -> None:
    assert rules.normal_reference("trx-00 01") == rules.normal_reference("TRX 0001") == "TRX0001"


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("1.250.000", 1_250_000), ("Rp 5.000", 5_000), ("0", 0), ("", None), ("12,5", None), ("-3", None), ("٣", None)],
)
def test_amounts_are_read_as_people_type_them(typed: str, amount: int | None) -> None:
    assert rupiah_of(typed) == amount


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "nol rupiah"),
        (11, "sebelas rupiah"),
        (17, "tujuh belas rupiah"),
        (20, "dua puluh rupiah"),
        (100, "seratus rupiah"),
        (115, "seratus lima belas rupiah"),
        (999, "sembilan ratus sembilan puluh sembilan rupiah"),
        (1_000, "seribu rupiah"),
        (1_999, "seribu sembilan ratus sembilan puluh sembilan rupiah"),
        (2_000, "dua ribu rupiah"),
        (100_000, "seratus ribu rupiah"),
        (1_250_000, "satu juta dua ratus lima puluh ribu rupiah"),
        (1_000_000_000, "satu miliar rupiah"),
        (10**12, "satu triliun rupiah"),
    ],
)
def test_amounts_are_written_in_words(amount: int, words: str) -> None:
    assert wording.in_words(amount) == words


def test_free_is_said_to_be_free() -> None:
    assert wording.fee_text(0).startswith("GRATIS")
    assert wording.fee_text(1_250_000) == "Rp1.250.000"


@pytest.mark.parametrize(
    ("revenue", "target", "share"), [(50, 100, 500), (0, 7, 0), (5, None, None), (200, 100, 2_000)]
)
def test_revenue_is_held_against_its_target(revenue: int, target: int | None, share: int | None) -> None:
    assert rules.share_of_target(revenue, target) == share


def test_targets_are_data() -> None:
    assert all(target > 0 for target in load_targets().values())
    line = "{year: 2026, office: one-stop, service: X, target_rp: 1}"
    with pytest.raises(CatalogueError, match="twice"):
        parse_targets(f"targets: [{line}, {line}]".encode())
    with pytest.raises(CatalogueError, match="target_rp"):
        parse_targets(b"targets: [{year: 2026, office: a, service: X, target_rp: 0}]")
