"""The stranger's verifier: takes what is genuine and nothing else, as a lone file too (A08, A09, C11)."""

import ast
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import simpul_verify
from deploy.simpul_verify import Refuted, check_bundle, check_receipt, main, parse_log_key
from protocol import codec, merkle, receipt
from protocol.bundle import sign_manifest
from protocol.checkpoint import LogKey
from protocol.envelope import public_bytes
from protocol.errors import ProtocolError
from protocol.receipt import ReceiptKind, verify_receipt
from protocol.wire import to_bytes
from tests.unit.protocol.builders import (
    HUB_KEY,
    LOG,
    LOG_KEY,
    NODE_KEY,
    OFFICER_KEY,
    SALT,
    a_log,
    a_manifest,
    a_receipt,
    a_signed_manifest,
    a_subject,
    an_entry,
    signing_key,
)

FILE = Path(simpul_verify.__file__)
KEY = parse_log_key(LOG.verifier)
FOREIGN = LogKey(name=LOG.name, public_key=HUB_KEY.public_key())
SIGNERS = [public_bytes(key.public_key()) for key in (NODE_KEY, OFFICER_KEY)]
BUNDLE = a_signed_manifest().signed
GENUINE = [
    *(a_receipt(kind, code="incomplete") for kind in ReceiptKind),
    a_receipt(named=None),
    a_receipt(named=8),
    a_receipt(named=0),
    a_receipt(size=64, index=63),
    a_receipt(size=1, index=0, named=None),
]


def is_refused(raw: bytes) -> bool:
    """Say whether the verifier answers no; any exception but its own is a defect and passes through."""
    try:
        check_receipt(raw, KEY)
    except Refuted:
        return True
    return False


@pytest.mark.parametrize("raw", GENUINE, ids=lambda raw: str(len(raw)))
def test_a_genuine_receipt_holds(raw: bytes) -> None:
    stated = check_receipt(raw, KEY)
    verified = verify_receipt(raw, log=LOG)
    assert (stated["index"], stated["size"]) == (verified.index, verified.checkpoint.size)
    assert (stated["kind"], stated["bundle"]) == (verified.subject.kind, verified.subject.bundle.hex())
    assert stated["time"] == "2026-11-18T11:06:41+00:00"
    assert check_bundle(BUNDLE, SIGNERS, stated)["officer"] == a_manifest().officer


# --- mutations -------------------------------------------------------------------------------------------------------


def flipped(raw: bytes) -> Iterator[bytes]:
    for place in range(len(raw)):
        for bit in range(8):
            yield raw[:place] + bytes([raw[place] ^ 1 << bit]) + raw[place + 1 :]


def spoilt(raw: bytes, chance: random.Random, count: int) -> Iterator[bytes]:
    """Yield messages with bytes deleted, inserted, replaced, moved, repeated, or cut off."""
    for _ in range(count):
        first, second = sorted(chance.randrange(len(raw)) for _ in range(2))
        new = chance.randbytes(chance.randrange(1, 6))
        yield raw[:first] + raw[first + len(new) :]
        yield raw[:first] + new + raw[first:]
        yield raw[:first] + new + raw[first + len(new) :]
        yield raw[:first] + raw[second:] + raw[first:second]
        yield raw[:second] + raw[first:]
        yield raw[:first]


def exchanged(one: bytes, other: bytes) -> Iterator[bytes]:
    """Yield receipts of which a set of fields comes from another genuine receipt."""
    mine, yours = (codec.decode_map(raw, max_bytes=8_000) for raw in (one, other))
    names = sorted(mine)
    for chosen in range(1, 2 ** len(names) - 1):
        yield codec.encode({name: (yours if chosen >> place & 1 else mine)[name] for place, name in enumerate(names)})


def rewritten(raw: bytes, chance: random.Random, count: int) -> Iterator[bytes]:
    """Yield well-formed receipts in which one value, however deep, is another one."""
    for _ in range(count):
        fields = codec.decode_map(raw, max_bytes=8_000)
        name = chance.choice(sorted(fields))
        inner = chance.choice(["entry", "subject"])
        values: list[object] = [None, True, 0, 1, 2**53, b"", chance.randbytes(32), "", "x", [], {}, {"size": 1}]
        yield codec.encode({**fields, name: chance.choice(values)})
        yield codec.encode({**fields, "extra": chance.choice(values)})
        content = fields[inner]
        assert isinstance(content, bytes)
        told = codec.decode_map(content, max_bytes=8_000)
        told[chance.choice(sorted(told))] = chance.choice(values)  # type: ignore[assignment]  # any value of the profile
        yield codec.encode({**fields, inner: codec.encode(told)})


def mutations() -> Iterator[bytes]:
    chance = random.Random(20261124)
    for raw in GENUINE[:1] + GENUINE[-1:]:
        yield from flipped(raw)
    for raw in GENUINE:
        yield from spoilt(raw, chance, 40)
        yield from rewritten(raw, chance, 40)
        yield from exchanged(raw, GENUINE[0])
        yield from exchanged(raw, a_receipt(size=22, code="incomplete"))


def test_ten_thousand_mutations_are_refused() -> None:
    tried = set(mutations()) - set(GENUINE) - {a_receipt(size=22, code="incomplete")}
    accepted = [raw.hex() for raw in tried if not is_refused(raw)]
    assert accepted == []
    assert len(tried) >= 10_000


def test_the_village_program_refuses_the_same() -> None:
    tried = sorted(set(mutations()) - set(GENUINE) - {a_receipt(size=22, code="incomplete")})
    known = [raw for raw in tried if b"eextra" not in raw]  # it ignores fields that it does not know (ADR 0010)
    for raw in random.Random(7).sample(known, 2_000):
        with pytest.raises(ProtocolError):
            verify_receipt(raw, log=LOG)


def test_mutations_of_the_bundle_are_refused() -> None:
    stated = check_receipt(GENUINE[0], KEY)
    chance = random.Random(8)
    for raw in [*list(flipped(BUNDLE))[::7], *spoilt(BUNDLE, chance, 50)]:
        if raw != BUNDLE:
            with pytest.raises(Refuted, match="another bundle"):
                check_bundle(raw, SIGNERS, stated)


# --- the cases of the fault catalogue --------------------------------------------------------------------------------


def refusal(raw: bytes, log: simpul_verify.Log = KEY) -> str:
    with pytest.raises(Refuted) as refuted:
        check_receipt(raw, log)
    return str(refuted.value)


def test_a_receipt_of_another_bundle_is_refused() -> None:
    other = a_signed_manifest(counter=2).signed  # A08
    with pytest.raises(Refuted, match="7: the receipt speaks about another bundle"):
        check_bundle(other, SIGNERS, check_receipt(GENUINE[0], KEY))


def test_a_receipt_under_a_foreign_log_key_is_refused() -> None:
    foreign = parse_log_key(FOREIGN.verifier)  # A09
    assert all(refusal(raw, foreign).startswith(("4:", "5:")) for raw in GENUINE)
    assert (
        refusal(GENUINE[0], parse_log_key(LogKey(name="simpul/3315", public_key=LOG.public_key).verifier))[:2] == "5:"
    )


def forged(size: int, index: int) -> bytes:
    """Make a receipt with the true log key over a tree that does not hold the entry."""
    subject = a_subject()
    held, wished = a_log(b"another entry", size=size, index=index), a_log(an_entry(subject), size=size, index=index)
    root = receipt.sign_root(held.checkpoint(), LOG_KEY)
    return receipt.make_receipt(
        entry=an_entry(subject),
        salt=SALT,
        subject=to_bytes(subject),
        proof=receipt.inclusion_receipt(root, index, merkle.inclusion_path(index, size, wished.read)),
        checkpoint=root.checkpoint,
        link=None,
    )


@pytest.mark.parametrize(("size", "index"), [(1, 0), (2, 1), (21, 12), (64, 0)])
def test_a_stolen_key_without_the_ledger_is_seen(size: int, index: int) -> None:
    assert refusal(forged(size, index)) == "3: signed, but not logged"  # C11


def test_an_index_that_is_not_in_the_tree_is_refused() -> None:
    proof = codec.decode_map(GENUINE[0], max_bytes=8_000)["proof"]
    assert isinstance(proof, bytes)
    for index in (b"\x15", b"\x17", b"\x18\xff"):
        wrong = proof.replace(b"\x83\x15\x0c", b"\x83\x15" + index)  # A09: [21, 12, path] with another index
        parts = codec.decode_map(GENUINE[0], max_bytes=8_000)
        assert wrong != proof
        assert refusal(codec.encode({**parts, "proof": wrong}))[:2] in {"1:", "3:", "4:"}


def test_signatures_of_the_wrong_person_are_refused() -> None:
    stranger = signing_key("stranger")
    for officer, node in ((stranger, NODE_KEY), (OFFICER_KEY, stranger), (stranger, stranger)):
        made = sign_manifest(a_manifest(), officer_key=officer, node_key=node)
        with pytest.raises(Refuted, match="7: another header, or a key that is not in the key file"):
            check_bundle(made.signed, SIGNERS, {"bundle": made.bundle.hex(), "node": a_manifest().node})


def test_a_bundle_of_another_node_than_stated_is_refused() -> None:
    stated = {**check_receipt(GENUINE[0], KEY), "node": "3314012002-01"}
    with pytest.raises(Refuted, match="7: node"):
        check_bundle(BUNDLE, SIGNERS, stated)


@given(st.binary(max_size=300))
def test_random_bytes_are_refuted_and_nothing_else(raw: bytes) -> None:
    fields = codec.decode_map(GENUINE[0], max_bytes=8_000)
    for name in ("entry", "subject", "proof"):
        assert is_refused(codec.encode({**fields, name: raw}))
    assert is_refused(raw)


@given(st.text(min_size=1, max_size=200))
def test_any_checkpoint_text_is_refuted_and_nothing_else(text: str) -> None:
    fields = codec.decode_map(GENUINE[0], max_bytes=8_000)
    note = str(fields["checkpoint"])
    for each in (text, note + text + "\n", text + note):
        assert is_refused(simpul_verify.write({**fields, "checkpoint": each}))


# --- as a program ----------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Return a folder with the lone file and everything that a stranger was handed."""
    shutil.copy(FILE, tmp_path / "verify.py")
    (tmp_path / "keys.json").write_text(json.dumps({"log": LOG.verifier, "signers": [key.hex() for key in SIGNERS]}))
    (tmp_path / "bundle.cbor").write_bytes(BUNDLE)
    (tmp_path / "other.cbor").write_bytes(a_signed_manifest(counter=2).signed)
    (tmp_path / "receipt.cbor").write_bytes(GENUINE[0])
    (tmp_path / "forged.cbor").write_bytes(forged(21, 12))
    (tmp_path / "noise.cbor").write_bytes(b"noise")
    (tmp_path / "broken.json").write_text("{")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--keys", "keys.json", "receipt.cbor"], 0),
        (["--keys", "keys.json", "--bundle", "bundle.cbor", "receipt.cbor"], 0),
        (["--keys", "keys.json", "--bundle", "other.cbor", "receipt.cbor"], 1),
        (["--keys", "keys.json", "forged.cbor"], 1),
        (["--keys", "keys.json", "receipt.cbor", "noise.cbor"], 1),
        (["--keys", "missing.json", "receipt.cbor"], 2),
        (["--keys", "broken.json", "receipt.cbor"], 2),
        (["--keys", "keys.json", "missing.cbor"], 2),
        (["--keys", "keys.json", "--bundle", "missing.cbor", "receipt.cbor"], 2),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else str(value),
)
def test_the_exit_code_says_it_all(desk: Path, arguments: list[str], code: int) -> None:
    assert main([str(desk / word) if word[:2] != "--" else word for word in arguments]) == code


@pytest.mark.parametrize(
    "keys",
    [{}, [], "x", {"log": 1}, {"log": "a+b"}, {"log": FOREIGN.verifier[:-1]}, {"log": LOG.verifier, "signers": ["x"]}],
)
def test_keys_that_are_no_keys_are_a_wrong_input(desk: Path, keys: object) -> None:
    (desk / "keys.json").write_text(json.dumps(keys))
    assert main(["--keys", str(desk / "keys.json"), str(desk / "receipt.cbor")]) == 2


def test_it_runs_as_a_lone_file(desk: Path) -> None:
    command = [sys.executable, "-I", "verify.py", "--keys", "keys.json", "--bundle", "bundle.cbor", "receipt.cbor"]
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("HOLDS     receipt.cbor: kind=arrived bundle=")
    refused = subprocess.run(
        [*command[:-1], "forged.cbor"], cwd=desk, capture_output=True, text=True, timeout=60, check=False
    )
    assert (refused.returncode, refused.stdout) == (1, "REFUTED   forged.cbor: step 3: signed, but not logged\n")


def test_it_says_nothing_personal(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--keys", str(desk / "keys.json"), "--bundle", str(desk / "bundle.cbor"), str(desk / "receipt.cbor")])
    assert not [word for word in ("ruf", "3314990101900001", "Krajan") if word in capsys.readouterr().out]


def test_it_is_short_and_imports_nothing_of_ours() -> None:
    text = FILE.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    tops = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    tops |= {(node.module or ".").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert tops - set(sys.stdlib_module_names) == {"cbor2", "cryptography"}
    assert len(text.splitlines()) < 400
