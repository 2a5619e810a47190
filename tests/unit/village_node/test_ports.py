"""Ids, jitter, times and the vault's parameters: values in, values out."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from tests.node_stand import HeldClock, SeededRandomness
from village_node.identity.errors import PinFormError, VaultError
from village_node.identity.vault import KdfParameters, VaultKey, check_pin
from village_node.store.ports import SystemClock, SystemIds, SystemRandomness, fraction
from village_node.store.schema import UtcDateTime, from_ms


def test_ids_sort_by_time_and_are_26_letters() -> None:
    clock = HeldClock()
    ids = SystemIds(clock=clock, randomness=SeededRandomness())
    made = []
    for _ in range(50):
        made.append(ids.new())
        clock.pass_s(0.001)
    assert made == sorted(made)
    assert {len(each) for each in made} == {26}


def test_jitter_lies_between_nothing_and_one() -> None:
    found = [fraction(SystemRandomness()) for _ in range(200)]
    assert 0 <= min(found) < 0.2
    assert 0.8 < max(found) < 1


def test_the_systems_clocks_run() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now_ms() - clock.now().timestamp() * 1_000) < 1_000
    assert clock.elapsed_ms() <= clock.elapsed_ms()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1931, 5, 6, 7, 8, 9, 123_000, tzinfo=UTC),
        datetime(2026, 11, 24, 9, 0, tzinfo=timezone(timedelta(hours=7))),
    ],
)
def test_a_time_comes_back_in_utc(moment: datetime) -> None:
    column, dialect = UtcDateTime(), SQLiteDialect()
    stored = column.process_bind_param(moment, dialect)
    assert column.process_result_value(stored, dialect) == moment


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), SQLiteDialect())  # noqa: DTZ001  # that is the point


def test_milliseconds_are_exact() -> None:
    assert from_ms(1_790_000_000_001).microsecond == 1_000


def test_parameters_of_the_derivation_come_back_from_their_text() -> None:
    parameters = KdfParameters(passes=7, memory_kib=8_192, lanes=2)
    assert KdfParameters.parse(parameters.text) == parameters


@pytest.mark.parametrize(
    "text", ["", "argon2id", "argon2i,t=1,m=8,p=1", "argon2id,t=-1,m=8,p=1", "argon2id,t=1,m=x,p=1"]
)
def test_foreign_parameters_are_refused(text: str) -> None:
    with pytest.raises(VaultError):
        KdfParameters.parse(text)


@pytest.mark.parametrize("pin", ["739154", "rahasia-kantor", "112233"])
def test_a_pin_may_be_digits_or_words(pin: str) -> None:
    check_pin(pin)


def test_a_pin_of_one_letter_is_refused() -> None:
    with pytest.raises(PinFormError):
        check_pin("aaaaaa")


def test_every_flipped_byte_of_sealed_bytes_is_noticed() -> None:
    vault = VaultKey(bytes(32), SeededRandomness())
    sealed = vault.seal(b"content", "place")
    for place in range(len(sealed)):
        with pytest.raises(VaultError):
            vault.open(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], "place")


def test_the_same_content_is_sealed_differently_each_time() -> None:
    vault = VaultKey(bytes(32), SeededRandomness())
    assert vault.seal(b"x", "place") != vault.seal(b"x", "place")
