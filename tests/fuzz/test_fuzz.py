"""P13: no item of the corpus crashes a parser, takes a second of CPU, or 64 MiB; nor does what hypothesis finds."""

import hashlib
import json
import subprocess
import sys
import time
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol import codec
from protocol.errors import ProtocolError
from tests.fuzz.corpus import items, rebuilt, samples
from tests.fuzz.probe import probe
from tests.fuzz.targets import TARGETS

WANTED = 5_000


def test_no_item_of_the_corpus_does_harm() -> None:
    command = [sys.executable, "-m", "tests.fuzz.probe"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=240)
    found = json.loads(done.stdout)

    assert found["harms"] == []
    assert found["items"] >= WANTED
    assert found["targets"] == len(TARGETS)


def test_the_corpus_is_always_the_same() -> None:
    def digest() -> str:
        made = hashlib.sha256()
        for raw in islice(items("receipt", TARGETS["receipt"], samples()), 100):
            made.update(raw)
        return made.hexdigest()

    assert digest() == digest()


@pytest.mark.parametrize("name", sorted(set(TARGETS) - {"register", "topic", "enrolment code", "cosignature"}))
def test_every_parser_meets_more_than_noise(name: str) -> None:
    codes = set()
    for raw in items(name, TARGETS[name], samples()):
        try:
            TARGETS[name](raw)
        except ProtocolError as error:
            codes.add(error.code)
        except Exception as error:  # noqa: BLE001  # the stand-alone verifier has an error of its own
            codes.add(str(error)[:20])
        else:
            codes.add("accepted")

    assert codes - {"malformed", "too_large"}, "the corpus never gets behind the first check"


def _raises(_: bytes) -> None:
    raise KeyError


def _spins(_: bytes) -> None:
    until = time.process_time() + 1.2
    while time.process_time() < until:
        pass


def _hoards(_: bytes) -> None:
    bytearray(b"x") * (1_500 * 2**20)


@pytest.mark.parametrize("planted", [_raises, _spins, _hoards])
def test_the_probe_sees_a_parser_that_is_broken(planted: object) -> None:
    program = (
        f"from tests.fuzz.test_fuzz import {planted.__name__} as parse\n"  # type: ignore[attr-defined]  # functions
        "from tests.fuzz.probe import probe\nimport sys\nsys.exit(probe('planted', parse, b'x') is None)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=300), chance=st.randoms(use_true_random=False))
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_hypothesis_makes_does_no_harm(name: str, raw: bytes, chance: object) -> None:
    for item in (raw, rebuilt(chance.choice(samples()), chance)):  # type: ignore[attr-defined,arg-type]  # a Random
        assert probe(name, TARGETS[name], item) is None


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=200))
def test_what_the_codec_accepts_it_writes_the_same(raw: bytes) -> None:
    try:
        value = codec.decode(raw, max_bytes=1_000)
    except ProtocolError:
        return
    assert codec.encode(value) == raw
