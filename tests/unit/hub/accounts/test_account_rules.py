"""Scope, throttle, sessions, names."""

from datetime import timedelta

import pytest

from hub.accounts.rules import (
    ABSOLUTE,
    FREE_FAILURES,
    IDLE,
    MAX_WAIT_S,
    Role,
    Scope,
    is_forgotten,
    is_session_alive,
    is_username,
    may_work_at,
    network_of,
    scope_of,
    session_ends,
    throttle_keys,
    token_hash,
    visitor_of,
    wait_after,
)
from protocol.catalogue import OfficeCode, OfficeKind
from tests.builders import NOW, an_actor

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("role", "office", "everything"),
    [
        (Role.FRONT_OFFICE, "one-stop", False),
        (Role.AGENCY_CLERK, "agency.dinkes", False),
        (Role.SUBDISTRICT_OFFICER, "subdistrict.33.14.01", False),
        (Role.HEAD, "one-stop", False),
        (Role.INSPECTORATE, None, True),
        (Role.NETWORK_ADMIN, None, False),
    ],
)
def test_each_role_has_its_scope(role: Role, office: str | None, everything: bool) -> None:
    expected = Scope(everything=everything, office=None if office is None else OfficeCode(office))
    assert scope_of(an_actor(role, office or "inspectorate")) == expected


def test_only_the_network_administrator_sees_nothing() -> None:
    assert [role for role in Role if scope_of(an_actor(role)).is_empty] == [Role.NETWORK_ADMIN]


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [
        (0, 0),
        (FREE_FAILURES - 1, 0),
        (FREE_FAILURES, 1),
        (FREE_FAILURES + 3, 8),
        (FREE_FAILURES + 9, 300),
        (10**6, 300),
    ],
)
def test_failures_slow_down_and_never_lock_out(failures: int, wait_s: int) -> None:
    assert wait_after(failures, FREE_FAILURES) == wait_s * SECOND
    assert wait_s <= MAX_WAIT_S


def test_a_stranger_elsewhere_counts_apart() -> None:
    assert throttle_keys("siti", "192.0.2.1")[0] != throttle_keys("siti", "192.0.2.2")[0]


def test_the_case_of_letters_makes_no_other_account() -> None:
    assert throttle_keys("Siti", "192.0.2.1") == throttle_keys("siti", "192.0.2.1")


def test_keys_do_not_run_into_each_other() -> None:
    assert throttle_keys("a", "b")[0] != throttle_keys("", "a\0b")[0]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::2:2", "2001:db8::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_one_line_is_one_network(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),  # a stranger names nobody
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::1", "198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", "198.51.100.1"),  # a unix socket
        ("127.0.0.1", "203.0.113.5, 198.51.100.1", "198.51.100.1"),  # the last is what our own proxy saw
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_only_a_proxy_on_this_machine_names_the_visitor(peer: str, forwarded: str, visitor: str) -> None:
    assert visitor_of(peer, forwarded) == visitor


def test_old_failures_are_forgotten() -> None:
    assert is_forgotten(NOW + timedelta(minutes=61), NOW)
    assert not is_forgotten(NOW + timedelta(minutes=59), NOW)


@pytest.mark.parametrize(
    ("idle", "age", "alive"),
    [
        (timedelta(0), timedelta(0), True),
        (IDLE - SECOND, IDLE, True),
        (IDLE, IDLE, False),
        (timedelta(0), ABSOLUTE - SECOND, True),
        (timedelta(0), ABSOLUTE, False),
    ],
)
def test_a_session_ends_idle_or_old(idle: timedelta, age: timedelta, alive: bool) -> None:
    now = NOW + age
    assert is_session_alive(now=now, seen_at=now - idle, expires_at=session_ends(NOW)) is alive


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("loket", True),
        ("a.b-c_9", True),
        ("ab", False),
        ("9loket", False),
        ("Loket", False),
        ("a" * 41, False),
        ("lo ket", False),
    ],
)
def test_user_names(text: str, fits: bool) -> None:
    assert is_username(text) is fits


def test_the_stored_hash_is_not_the_token() -> None:
    assert token_hash("ab" * 32).hex() not in "ab" * 32
    assert len(token_hash("x")) == 32


def test_a_role_fits_some_kinds_of_offices() -> None:
    assert may_work_at(Role.AGENCY_CLERK, OfficeKind.AGENCY)
    assert not may_work_at(Role.AGENCY_CLERK, OfficeKind.ONE_STOP)
    assert {role for role in Role if may_work_at(role, OfficeKind.VILLAGE)} == {Role.VILLAGE_OFFICER, Role.HEAD}
