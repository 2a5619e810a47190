"""simpul-verify: checks a receipt of a Simpul hub, off-line and alone.

This one file shares no code with the hub or with the village program. It needs Python, ``cryptography`` and ``cbor2``.
Whoever holds a receipt and the public keys can check, for ever and with no link:

1. the receipt is strict deterministic CBOR (RFC 8949 §4.2) of the form that ``protocol/SPEC.md`` describes;
2. its salt and its subject open the commitment in the ledger entry: this entry speaks about this bundle;
3. the entry lies in the ledger at the index that the receipt states (RFC 9162 §2.1.3.2 inclusion proof);
4. the hub's log key signed the root of that ledger (COSE receipt, RFC 9942);
5. the same root stands in the hub's checkpoint (C2SP signed note);
6. the checkpoint that the bundle named is an older state of the same ledger: the bundle is younger than it;
7. with ``--bundle``: the bundle is the one that the receipt speaks about, signed by the village's node and the officer.

Usage: ``simpul-verify --keys keys.json [--bundle bundle.cbor] receipt.cbor [receipt.cbor ...]``
keys.json: ``{"log": "name+hash+base64", "signers": ["hex of an Ed25519 public key", ...]}``
Exit code: 0 all hold, 1 at least one does not, 2 files or arguments cannot be read.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_FILE = 100_000
MAX_DEPTH = 9
ED25519 = -19
TAG = 0xD2
AAD = b"simpul/v1"
NODE_PURPOSE = "application/simpul-bundle+cbor"
OFFICER_PURPOSE = "application/simpul-manifest+cbor"
KINDS = {"arrived", "whole", "complete", "returned", "custody", "rejected"}


class Refuted(Exception):  # noqa: N818  # not an error of the program: the answer "no"
    """The receipt does not hold; the text says at which step."""


def need(condition: object, step: str) -> None:
    """Refute the receipt unless the condition holds."""
    if not condition:
        raise Refuted(step)


def _no_tag(*_: object) -> object:
    raise Refuted("1: CBOR tag")


_TAGS = dict.fromkeys(
    (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799), _no_tag
)


def read(raw: bytes) -> object:
    """Decode strict CBOR: what is decoded must encode to the same bytes."""
    need(len(raw) <= MAX_FILE, "1: size")
    try:
        value = cbor2.loads(
            raw,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            tag_hook=_no_tag,
            semantic_decoders=_TAGS,
        )
        same = cbor2.dumps(value, canonical=True) == raw
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Refuted("1: not CBOR") from error
    need(same and plain(value), "1: not deterministic")
    return value


def plain(value: object) -> bool:
    """Say whether a value is made of the profile's types alone."""
    if isinstance(value, dict):
        return all(isinstance(key, str | int) and plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(plain(item) for item in value)
    return value is None or type(value) in (int, str, bytes, bool)


def field(holder: object, name: str | int, kind: type) -> object:
    """Return a field of a map, which must have this very type."""
    need(isinstance(holder, dict) and type(holder.get(name)) is kind, f"1: field {name}")
    return holder[name]  # type: ignore[index]  # it is a dict


def digest_field(holder: object, name: str) -> bytes:
    """Return a 32-byte field."""
    value = field(holder, name, bytes)
    need(len(value) == 32, f"1: field {name}")  # type: ignore[arg-type]  # it is bytes
    return value  # type: ignore[return-value]


def check_signature(key: bytes, signature: bytes, message: bytes, step: str) -> None:
    """Verify Ed25519 (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Refuted(step) from error


def sign1(raw: bytes, step: str) -> list[object]:
    """Split a COSE_Sign1 (RFC 9052 §4.2) into its four parts."""
    need(raw[:1] == bytes([TAG]), f"{step}: no COSE_Sign1")
    parts = read(raw[1:])
    need(isinstance(parts, list) and len(parts) == 4, f"{step}: no COSE_Sign1")
    need(type(parts[0]) is bytes and type(parts[3]) is bytes, f"{step}: no COSE_Sign1")  # type: ignore[index]
    return parts  # type: ignore[return-value]


def parse_log_key(text: str) -> tuple[str, bytes, bytes]:
    """Return name, 4-byte hash and public key of a verifier key (C2SP signed-note)."""
    name, hexadecimal, encoded = text.split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    if key[:1] != b"\x01" or len(key) != 33:
        raise ValueError("log key: not Ed25519")
    digest = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if digest.hex() != hexadecimal:
        raise ValueError("log key: hash")
    return name, digest, key[1:]


def join(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Climb from a leaf to the root (RFC 9162 §2.1.3.2)."""
    need(0 <= index < size and len(path) <= 64, "3: index")
    number, last, result = index, size - 1, leaf
    for step in path:
        need(last > 0 and type(step) is bytes and len(step) == 32, "3: path")
        if number % 2 or number == last:
            result = join(step, result)
            while number % 2 == 0 and number:
                number, last = number // 2, last // 2
        else:
            result = join(result, step)
        number, last = number // 2, last // 2
    need(last == 0, "3: path")
    return result


def check_inclusion(proof: bytes, entry: bytes, log_key: bytes) -> tuple[int, int, bytes]:
    """Check steps 3 and 4; return index, size and root."""
    protected, unprotected, payload, signature = sign1(proof, "4")
    kid = hashlib.sha256(log_key).digest()[:16]
    need(read(protected) == {1: ED25519, 4: kid, 395: 1}, "4: header")  # type: ignore[arg-type]
    need(payload is None and isinstance(unprotected, dict) and list(unprotected) == [396], "4: header")
    inner = unprotected[396]  # type: ignore[index]
    need(isinstance(inner, dict) and list(inner) == [-1] and isinstance(inner[-1], list), "4: header")
    need(len(inner[-1]) == 1 and type(inner[-1][0]) is bytes, "4: header")
    parts = read(inner[-1][0])
    need(isinstance(parts, list) and len(parts) == 3, "3: proof")
    size, index, path = parts  # type: ignore[misc]
    need(type(size) is int and type(index) is int and isinstance(path, list), "3: proof")
    root = root_from_path(hashlib.sha256(b"\x00" + entry).digest(), index, size, path)
    signed = cbor2.dumps(["Signature1", protected, b"", root], canonical=True)
    check_signature(log_key, signature, signed, "4: the log key did not sign this root")  # type: ignore[arg-type]
    return index, size, root


def check_note(text: str, log: tuple[str, bytes, bytes], size: int, root: bytes) -> None:
    """Check step 5."""
    name, digest, key = log
    body, gap, signatures = text.partition("\n\n")
    lines = body.split("\n")
    need(gap and len(lines) >= 3 and lines[0] == name and lines[1] == str(size), "5: checkpoint")
    need(lines[2] == base64.b64encode(root).decode(), "5: checkpoint names another root")
    found = False
    need(signatures.endswith("\n"), "5: checkpoint")
    for line in signatures[:-1].split("\n"):
        mark, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        need(mark == "—" and signer, "5: signature line")
        try:
            stamp = base64.b64decode(encoded.encode("ascii"), validate=True)
        except ValueError as error:
            raise Refuted("5: signature line") from error
        need(base64.b64encode(stamp).decode() == encoded, "5: signature line")
        if signer == name and stamp[:4] == digest:
            check_signature(key, stamp[4:], (body + "\n").encode(), "5: checkpoint signature")
            found = True
    need(found, "5: checkpoint not signed by the log")


def check_younger(link: object, named: object, size: int, root: bytes) -> None:
    """Check step 6: the ledger of the checkpoint that the bundle names is a prefix of this one (RFC 9162 §2.1.4.2)."""
    if link is None and named is None:
        return
    old, old_root = field(named, "size", int), digest_field(named, "root")
    need(field(link, "size", int) == old and len(link) == len(named) == 2, "6: link")  # type: ignore[arg-type]
    path = list(field(link, "path", list))  # type: ignore[call-overload]
    need(0 <= old <= size and len(path) <= 64, "6: sizes")  # type: ignore[operator]
    if old in (0, size):
        need(not path and old_root == (root if old else hashlib.sha256(b"").digest()), "6: roots differ")
        return
    steps = [old_root, *path] if old & (old - 1) == 0 else path  # type: ignore[operator]
    need(steps and all(type(step) is bytes and len(step) == 32 for step in steps), "6: path")
    number, last = old - 1, size - 1  # type: ignore[operator]
    while number % 2:
        number, last = number // 2, last // 2
    first = second = steps[0]
    for step in steps[1:]:
        need(last > 0, "6: path")
        if number % 2 or number == last:
            first, second = join(step, first), join(step, second)
            while number % 2 == 0 and number:
                number, last = number // 2, last // 2
        else:
            second = join(second, step)
        number, last = number // 2, last // 2
    need(last == 0 and first == old_root and second == root, "6: roots differ")


def check_receipt(raw: bytes, log: tuple[str, bytes, bytes]) -> dict[str, object]:
    """Check steps 1 to 5 and return what the receipt states."""
    receipt = read(raw)
    need(field(receipt, "v", int) == 1, "1: version")
    names = {"v", "entry", "salt", "subject", "proof", "checkpoint", "consistency"}
    need(isinstance(receipt, dict) and set(receipt) == names, "1: fields")
    entry, subject = field(receipt, "entry", bytes), field(receipt, "subject", bytes)
    told, said = read(entry), read(subject)  # type: ignore[arg-type]
    need(field(told, "v", int) == 1 and field(said, "v", int) == 1, "1: version")
    salt = digest_field(receipt, "salt")
    opened = hashlib.sha256(b"simpul/v1/commitment\0" + salt + subject).digest()  # type: ignore[operator]
    need(opened == digest_field(told, "commitment"), "2: salt and subject do not open the entry")
    kind = field(said, "kind", str)
    need(kind in KINDS and field(told, "kind", str) == f"bundle.{kind}", "2: kind")
    index, size, root = check_inclusion(field(receipt, "proof", bytes), entry, log[2])  # type: ignore[arg-type]
    check_note(field(receipt, "checkpoint", str), log, size, root)  # type: ignore[arg-type]
    check_younger(receipt["consistency"], said.get("named"), size, root)  # type: ignore[index, attr-defined]
    return {
        "kind": kind,
        "bundle": digest_field(said, "bundle").hex(),
        "node": field(said, "node", str),
        "number": said.get("registration_no") or "-",  # type: ignore[attr-defined]
        "code": said.get("code") or "-",  # type: ignore[attr-defined]
        "time": datetime.fromtimestamp(field(told, "time", int) / 1000, UTC).isoformat(),  # type: ignore[operator]
        "index": index,
        "size": size,
    }


def check_envelope(raw: bytes, purpose: str, signers: dict[bytes, bytes]) -> bytes:
    """Check one signature of the bundle and return what is inside."""
    protected, unprotected, payload, signature = sign1(raw, "7")
    header = read(protected)  # type: ignore[arg-type]
    need(unprotected == {} and type(payload) is bytes and isinstance(header, dict), "7: envelope")
    need(set(header) == {1, 3, 4} and header[1] == ED25519 and header[3] == purpose, "7: header")  # type: ignore
    key = signers.get(header[4])  # type: ignore[index]
    need(key, "7: signed by a key that is not in the key file")
    signed = cbor2.dumps(["Signature1", protected, AAD, payload], canonical=True)
    check_signature(key, signature, signed, "7: signature")  # type: ignore[arg-type]
    return payload  # type: ignore[return-value]


def check_bundle(raw: bytes, signers: dict[bytes, bytes], stated: dict[str, object]) -> dict[str, object]:
    """Check step 7 and return who signed what."""
    need(hashlib.sha256(raw).hexdigest() == stated["bundle"], "7: the receipt speaks about another bundle")
    inner = check_envelope(raw, NODE_PURPOSE, signers)
    manifest = read(check_envelope(inner, OFFICER_PURPOSE, signers))
    need(field(manifest, "node", str) == stated["node"], "7: node")
    return {name: field(manifest, name, str) for name in ("village", "officer", "service", "registration_no")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the named receipts and print one line each."""
    parser = argparse.ArgumentParser(prog="simpul-verify", description="Check receipts of a Simpul hub, off-line.")
    parser.add_argument("receipts", nargs="+", type=Path)
    parser.add_argument("--keys", required=True, type=Path, help="JSON with the public keys")
    parser.add_argument("--bundle", type=Path, help="the signed bundle that the receipt speaks about")
    given = parser.parse_args(arguments)
    try:
        keys = json.loads(given.keys.read_text(encoding="utf-8"))
        log = parse_log_key(keys["log"])
        signers = {hashlib.sha256(key).digest()[:16]: key for key in map(bytes.fromhex, keys.get("signers", []))}
        bundle = given.bundle.read_bytes() if given.bundle else None
        files = [(path, path.read_bytes()) for path in given.receipts]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"simpul-verify: cannot read the input: {type(error).__name__}", file=sys.stderr)
        return 2
    failed = 0
    for path, raw in files:
        try:
            stated = check_receipt(raw, log)
            who = check_bundle(raw=bundle, signers=signers, stated=stated) if bundle is not None else {}
        except Refuted as refutation:
            failed += 1
            print(f"REFUTED   {path.name}: step {refutation}")
        else:
            print(f"HOLDS     {path.name}: " + " ".join(f"{name}={value}" for name, value in {**stated, **who}.items()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
