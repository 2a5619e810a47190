"""Who may enter which delegation, and for which days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.accounts.delegation_rules import (
    DelegationRule,
    NewDelegation,
    Period,
    Standing,
    delegation_rule,
    local_day,
    period_rule,
)
from hub.accounts.rules import Actor, Role, SignCapacity
from protocol.catalogue import OfficeCode
from tests.builders import an_actor

TODAY = date(2026, 11, 24)
GOOD = Standing(is_holder_known=True, may_have_role=True, is_principal_fit=True, is_post_vacant=False, is_taken=False)


def a_delegation(**changes: object) -> NewDelegation:
    made = NewDelegation(
        office=OfficeCode("one-stop"),
        role=Role.HEAD,
        capacity=SignCapacity.DAILY,
        holder_id="holder",
        principal_id="head",
        period=Period(first=TODAY, last=TODAY + timedelta(days=6)),
        basis="SPT 800/12/2026",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


def head() -> Actor:
    return an_actor(Role.HEAD)


def rule(actor: Actor, new: NewDelegation, standing: Standing = GOOD) -> DelegationRule | None:
    return delegation_rule(actor, TODAY, new, standing)


def test_the_head_delegates_the_own_office() -> None:
    assert rule(head(), a_delegation()) is None
    assert rule(an_actor(Role.NETWORK_ADMIN), a_delegation()) is None


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.HEAD, Role.NETWORK_ADMIN}))
def test_nobody_else_does(role: Role) -> None:
    assert rule(an_actor(role), a_delegation()) is DelegationRule.NOT_YOURS


def test_a_head_does_not_delegate_for_another_office() -> None:
    assert rule(an_actor(Role.HEAD, "agency.dinkes"), a_delegation()) is DelegationRule.NOT_YOURS


def test_nobody_gives_themselves_power() -> None:
    admin = an_actor(Role.NETWORK_ADMIN)
    assert rule(admin, a_delegation(holder_id=admin.person_id)) is DelegationRule.SELF
    assert rule(admin, a_delegation(holder_id="head")) is DelegationRule.SELF


@pytest.mark.parametrize(
    ("changes", "standing", "expected"),
    [
        ({"role": Role.NETWORK_ADMIN}, GOOD, DelegationRule.ROLE),
        ({"role": Role.INSPECTORATE}, GOOD, DelegationRule.ROLE),
        ({}, replace(GOOD, may_have_role=False), DelegationRule.ROLE),
        ({"basis": "  x "}, GOOD, DelegationRule.BASIS),
        ({"basis": "x" * 201}, GOOD, DelegationRule.BASIS),
        ({}, replace(GOOD, is_holder_known=False), DelegationRule.PERSON_UNKNOWN),
        ({"principal_id": ""}, GOOD, DelegationRule.PRINCIPAL_NEEDED),
        ({}, replace(GOOD, is_principal_fit=False), DelegationRule.PRINCIPAL_UNFIT),
        ({"capacity": SignCapacity.ACTING}, GOOD, DelegationRule.POST_NOT_VACANT),
        ({"capacity": SignCapacity.ACTING}, replace(GOOD, is_post_vacant=True), None),
        ({}, replace(GOOD, is_taken=True), DelegationRule.OVERLAP),
    ],
)
def test_the_first_broken_rule_is_named(
    changes: dict[str, object], standing: Standing, expected: DelegationRule | None
) -> None:
    assert rule(head(), a_delegation(**changes), standing) is expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0, 0, None),
        (-5, 0, None),
        (0, 366, None),
        (0, 367, DelegationRule.DATES),
        (1, 0, DelegationRule.DATES),
        (-5, -1, DelegationRule.PAST),
    ],
)
def test_days_count_with_both_ends(first: int, last: int, expected: DelegationRule | None) -> None:
    period = Period(first=TODAY + timedelta(days=first), last=TODAY + timedelta(days=last))
    assert period_rule(TODAY, period) is expected


def test_a_day_is_a_day_of_the_offices() -> None:
    assert local_day(datetime(2026, 11, 24, 16, 59, tzinfo=UTC)) == TODAY
    assert local_day(datetime(2026, 11, 24, 17, 0, tzinfo=UTC)) == TODAY + timedelta(days=1)


def test_what_was_given_is_not_given_on() -> None:
    """Otherwise two deputies prolong each other for ever; for a vacant post the network administrator enters it."""
    deputy = replace(head(), capacity=SignCapacity.DAILY, delegation_id="delegation")
    assert rule(deputy, a_delegation()) is DelegationRule.NOT_YOURS
