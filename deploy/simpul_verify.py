"""simpul-verify: checks a receipt or a permit of a Simpul hub, off-line and alone.

This file shares no code with the hub or the village program; it needs Python, ``cryptography`` and ``cbor2``.
Whoever holds a receipt and the public keys can check, for ever and with no link:

1. the receipt is strict deterministic CBOR (RFC 8949 §4.2) of the form that ``protocol/SPEC.md`` describes;
2. its salt and its subject open the commitment in the ledger entry: this entry speaks about this bundle;
3. the entry lies in the ledger at the index that the receipt states (RFC 9162 §2.1.3.2 inclusion proof);
4. the hub's log key signed the root of that ledger (COSE receipt, RFC 9942);
5. the same root stands in the hub's checkpoint (C2SP signed note);
6. the checkpoint that the bundle named is an older state of the same ledger: the bundle is younger than it;
7. with ``--bundle``: the bundle is the one that the receipt speaks about, signed by the village's node and the officer.

Whoever holds a permit on paper, and so the text of its QR code, can check:
8. the text is base 45 (RFC 9285) of an envelope of facts that the hub's permit key signed;
9. the day lies between its first and its last day;
10. with ``--revoked``, all parts of one list: signed by the same key, and this permit is not in it;
11. with ``--pdf`` and ``--seal``: the file is the one that the hub issued with these facts.

Usage: ``simpul-verify --keys keys.json [--bundle bundle.cbor] receipt.cbor [receipt.cbor ...]``
Usage: ``simpul-verify permit --keys keys.json --qr TEXT [--on DAY] [--revoked list.cbor ...] [--pdf FILE --seal FILE]``
keys.json: ``{"log": "name+hash+base64", "signers": ["hex of an Ed25519 public key", ...], "permit": "hex"}``
Exit code: 0 all hold, 1 at least one does not, 2 files or arguments cannot be read.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_FILE = 100_000
MAX_PATH = 64
MAX_TIME_MS = 253_402_300_800_000  # the year 10000
HASH_BYTES = 32
ED25519 = -19
SIGN1_TAG = b"\xd2"
NODE_PURPOSE = "application/simpul-bundle+cbor"
OFFICER_PURPOSE = "application/simpul-manifest+cbor"
KINDS = {"arrived", "whole", "complete", "returned", "custody", "decided", "handed_over", "rejected"}
PERMIT_PURPOSE = "application/simpul-permit+cbor"
LIST_PURPOSE, SEAL_PURPOSE = "application/simpul-revocations+cbor", "application/simpul-document+cbor"
QR_PREFIX, BASE45 = "SIMPUL1:", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
RECEIPT_FIELDS = {"v", "entry", "salt", "subject", "proof", "checkpoint", "consistency"}
Log = tuple[str, bytes, bytes]  # name, the four bytes that name its key in a note, public key
T = TypeVar("T")


class Refuted(Exception):  # noqa: N818  # not an error of the program: the answer "no"
    """The receipt does not hold; the text says at which step."""


def need(condition: object, step: str) -> None:
    """Refute the receipt unless the condition holds."""
    if not condition:
        raise Refuted(step)


def no_tag(*_: object) -> object:
    """Refuse a tagged item before anything is made of it."""
    raise Refuted("1: CBOR tag")


TAGS = dict.fromkeys((*range(6), 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799), no_tag)


def write(value: object) -> bytes:
    """Encode deterministic CBOR."""
    return cbor2.dumps(value, canonical=True)


def read(raw: bytes) -> object:
    """Decode strict CBOR: what is decoded must encode to the same bytes."""
    need(len(raw) <= MAX_FILE, "1: size")
    try:
        value: object = cbor2.loads(
            raw,
            max_depth=9,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            tag_hook=no_tag,
            semantic_decoders=TAGS,
        )
        same = write(value) == raw
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Refuted("1: not CBOR") from error
    need(same and plain(value), "1: not deterministic")
    return value


def plain(value: object) -> bool:
    """Say whether a value is made of the profile's types alone."""
    if isinstance(value, dict):
        return all(type(key) in (str, int) and plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(plain(item) for item in value)
    return value is None or type(value) in (int, str, bytes, bool)


def field(holder: object, name: str, kind: type[T]) -> T:
    """Return a field of a map, which must have this very type."""
    value = holder.get(name) if isinstance(holder, dict) else None
    if isinstance(value, kind) and type(value) is kind:
        return value
    raise Refuted(f"1: field {name}")


def optional(holder: object, name: str) -> object:
    """Return a field of a map, or None where there is none."""
    return holder.get(name) if isinstance(holder, dict) else None


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Verify Ed25519 (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign1(raw: bytes, step: str) -> tuple[bytes, object, object, bytes]:
    """Split a COSE_Sign1 (RFC 9052 §4.2): protected header, unprotected header, payload, signature."""
    if raw[:1] == SIGN1_TAG:
        match read(raw[1:]):
            case [bytes() as protected, unprotected, payload, bytes() as signature]:
                return protected, unprotected, payload, signature
    raise Refuted(f"{step}: no COSE_Sign1")


def climb(number: int, last: int, start: bytes, path: Sequence[object], step: str) -> tuple[bytes, bytes]:
    """Climb to the roots of an older and of a newer tree (RFC 9162 §2.1.3.2 and §2.1.4.2)."""
    need(len(path) <= MAX_PATH, step)
    older = newer = start
    for sibling in path:
        if last <= 0 or not isinstance(sibling, bytes) or len(sibling) != HASH_BYTES:
            raise Refuted(step)
        if number % 2 or number == last:
            older, newer = (hashlib.sha256(b"\x01" + sibling + side).digest() for side in (older, newer))
            while number % 2 == 0 and number:
                number, last = number // 2, last // 2
        else:
            newer = hashlib.sha256(b"\x01" + newer + sibling).digest()
        number, last = number // 2, last // 2
    need(last == 0, step)
    return older, newer


def check_inclusion(proof: bytes, entry: bytes, key: bytes, noted: tuple[str, bytes]) -> tuple[int, int]:
    """Check steps 3 and 4 against size and root of the checkpoint; return index and size."""
    protected, unprotected, payload, signature = sign1(proof, "4")
    kid = hashlib.sha256(key).digest()[:16]
    need(protected == write({1: ED25519, 4: kid, 395: 1}) and payload is None, "4: header")
    match unprotected:
        case {396: {-1: [bytes() as inner]}} if unprotected == {396: {-1: [inner]}}:
            parts = read(inner)
        case _:
            raise Refuted("4: header")
    match parts:
        case [int() as size, int() as index, list() as path] if type(size) is type(index) is int:
            need(0 <= index < size, "3: index")
        case _:
            raise Refuted("3: proof")
    need(is_signed(key, signature, write(["Signature1", protected, b"", noted[1]])), "4: not the checkpoint's root")
    leaf = hashlib.sha256(b"\x00" + entry).digest()
    _, root = climb(index, size - 1, leaf, path, "3: path")
    need((str(size), root) == noted, "3: signed, but not logged")
    return index, size


def check_note(text: str, log: Log) -> tuple[str, bytes]:
    """Check step 5 and return size and root of the checkpoint."""
    body, gap, signatures = text.partition("\n\n")
    name, size, root = [*body.split("\n"), "", ""][:3]
    need(gap and signatures.endswith("\n") and name == log[0], "5: checkpoint")
    lines = [[*line.split(" ", 2), "", ""][:3] for line in signatures[:-1].split("\n")]
    need(all(mark == "—" and name for mark, name, _ in lines), "5: signature line")
    stamps = [(name, unbase64(encoded)) for _, name, encoded in lines]
    ours = [stamp[4:] for name, stamp in stamps if (name, stamp[:4]) == log[:2]]
    need(len(ours) == 1 and is_signed(log[2], ours[0], f"{body}\n".encode()), "5: checkpoint not signed by the log")
    return size, unbase64(root)


def unbase64(text: str) -> bytes:
    """Decode base64, of which every value has one form."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refuted("5: base64") from error
    need(base64.b64encode(raw).decode() == text, "5: base64")
    return raw


def check_younger(link: object, named: object, size: int, root: bytes) -> None:
    """Check step 6: the ledger of the checkpoint that the bundle names is a prefix of this one (RFC 9162 §2.1.4.2)."""
    if link is None and named is None:
        return
    old, old_root = field(named, "size", int), field(named, "root", bytes)
    need(isinstance(link, dict) and set(link) == {"size", "path"} and field(link, "size", int) == old, "6: link")
    path = field(link, "path", list)
    need(0 <= old <= size, "6: sizes")
    if old in (0, size):
        need(not path and old_root == (root if old else hashlib.sha256(b"").digest()), "6: roots differ")
        return
    steps = [old_root, *path] if old & (old - 1) == 0 else path
    need(steps and type(steps[0]) is bytes, "6: path")
    shift = (old & -old).bit_length() - 1
    roots = climb(old - 1 >> shift, size - 1 >> shift, steps[0], steps[1:], "6: path")
    need(roots == (old_root, root), "6: roots differ")


def check_receipt(raw: bytes, log: Log) -> dict[str, object]:
    """Check steps 1 to 6 and return what the receipt states."""
    receipt = read(raw)
    need(isinstance(receipt, dict) and set(receipt) == RECEIPT_FIELDS, "1: fields")
    entry, subject = field(receipt, "entry", bytes), field(receipt, "subject", bytes)
    told, said = read(entry), read(subject)
    need(all(field(part, "v", int) == 1 for part in (receipt, told, said)), "1: version")
    salt, note = field(receipt, "salt", bytes), field(receipt, "checkpoint", str)
    opened = hashlib.sha256(b"simpul/v1/commitment\0" + salt + subject).digest()
    need(len(salt) == HASH_BYTES and opened == field(told, "commitment", bytes), "2: they do not open the entry")
    kind, time_ms = field(said, "kind", str), field(told, "time", int)
    need(kind in KINDS and field(told, "kind", str) == f"bundle.{kind}", "2: kind")
    need(0 <= time_ms < MAX_TIME_MS, "1: field time")
    noted = check_note(note, log)
    index, size = check_inclusion(field(receipt, "proof", bytes), entry, log[2], noted)
    check_younger(optional(receipt, "consistency"), optional(said, "named"), size, noted[1])
    return {
        "kind": kind,
        "bundle": field(said, "bundle", bytes).hex(),
        "node": field(said, "node", str),
        "number": optional(said, "registration_no") or "-",
        "code": optional(said, "code") or "-",
        "time": datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(),
        "index": index,
        "size": size,
    }


def check_envelope(raw: bytes, purpose: str, signers: Sequence[bytes], step: str = "7") -> bytes:
    """Check one signature and return what is inside."""
    protected, unprotected, payload, signature = sign1(raw, step)
    if unprotected != {} or not isinstance(payload, bytes):
        raise Refuted(f"{step}: envelope")
    for key in signers:
        if protected == write({1: ED25519, 3: purpose, 4: hashlib.sha256(key).digest()[:16]}):
            message = write(["Signature1", protected, b"simpul/v1", payload])
            need(is_signed(key, signature, message), f"{step}: signature")
            return payload
    raise Refuted(f"{step}: another header, or a key that is not in the key file")


def check_bundle(raw: bytes, signers: Sequence[bytes], stated: Mapping[str, object]) -> dict[str, str]:
    """Check step 7 and return who signed what."""
    need(hashlib.sha256(raw).hexdigest() == stated["bundle"], "7: the receipt speaks about another bundle")
    inner = check_envelope(raw, NODE_PURPOSE, signers)
    manifest = read(check_envelope(inner, OFFICER_PURPOSE, signers))
    need(field(manifest, "node", str) == stated["node"], "7: node")
    return {name: field(manifest, name, str) for name in ("village", "officer", "service", "registration_no")}


def unbase45(text: str) -> bytes:
    """Decode base 45 (RFC 9285 §4), of which every value has one form."""
    out = bytearray()
    for place in range(0, len(text), 3):
        group = [BASE45.find(letter) for letter in text[place : place + 3]]
        number, size = sum(value * 45**power for power, value in enumerate(group)), len(group) - 1
        need(min(group) >= 0 and size and not number >> 8 * size, "8: base 45")
        out += number.to_bytes(size, "big")
    return bytes(out)


def check_permit(text: str, key: bytes, on: date) -> dict[str, object]:
    """Check steps 8 and 9 and return what the permit states."""
    line = text.strip("\r\n\t")
    need(line.startswith(QR_PREFIX) and len(line) <= 1_000, "8: no text of a permit")
    payload = check_envelope(unbase45(line.removeprefix(QR_PREFIX)), PERMIT_PURPOSE, [key], "8")
    need(field(facts := read(payload), "v", int) == 1, "8: version")
    names = {"number": "n", "kind": "k", "title": "t", "holder": "p", "office": "o", "registration": "r", "issued": "d"}
    stated: dict[str, object] = {name: field(facts, letter, str) for name, letter in names.items()}
    last = optional(facts, "e")
    try:
        first_day, last_day = (date.fromisoformat(str(each)) for each in (stated["issued"], last or date.max))
    except ValueError as error:
        raise Refuted("8: day") from error
    need(first_day <= on <= last_day, "9: expired" if on > last_day else "9: not valid yet")
    mark = hashlib.sha256(payload).digest()[:16]
    return {**stated, "until": last or "-", "index": field(facts, "l", int), "mark": mark.hex()}


def check_not_revoked(parts: Sequence[bytes], key: bytes, mark: str) -> dict[str, object]:
    """Check step 10 and return which list it was checked against."""
    lists = [read(check_envelope(raw, LIST_PURPOSE, [key], "10")) for raw in parts]
    numbers = {(field(each, "number", int), field(each, "parts", int)) for each in lists}
    need(all(field(each, "v", int) == 1 for each in lists) and len(numbers) == 1, "10: parts of several lists")
    ((number, count),) = numbers
    need({field(each, "part", int) for each in lists} == set(range(1, count + 1)), "10: a part is missing")
    for item in (item for each in lists for item in field(each, "revoked", list)):
        match item:
            case [bytes() as revoked, int(), str() as code, *_]:
                need(revoked.hex() != mark, f"10: revoked ({code})")
            case _:
                raise Refuted("10: list")
    issued_ms = min(MAX_TIME_MS - 1, *(abs(field(each, "issued_at", int)) for each in lists))
    return {"list": number, "list_of": datetime.fromtimestamp(issued_ms / 1000, UTC).date()}


def check_file(files: Sequence[bytes], key: bytes, mark: str) -> dict[str, object]:
    """Check step 11 for a file and its seal."""
    content, stated = files[0], read(check_envelope(files[1], SEAL_PURPOSE, [key], "11"))
    need(field(stated, "v", int) == 1 and field(stated, "mark", bytes).hex() == mark, "11: the seal of another permit")
    digest = hashlib.sha256(content).digest()
    need((field(stated, "sha256", bytes), field(stated, "size", int)) == (digest, len(content)), "11: another file")
    return {"file": "issued"}


def parse_log_key(text: str) -> Log:
    """Read a verifier key: name, 4-byte hash and public key (C2SP signed-note)."""
    name, hexadecimal, encoded = text.split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    mark = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if key[:1] != b"\x01" or len(key) != HASH_BYTES + 1 or mark.hex() != hexadecimal:
        raise ValueError("log key")
    return name, mark, key[1:]


def permit_main(arguments: Sequence[str]) -> int:
    """Check one permit and print one line."""
    parser = argparse.ArgumentParser(prog="simpul-verify permit", description="Check a permit of a hub, off-line.")
    parser.add_argument("--keys", required=True, type=Path, help="JSON with the public keys")
    parser.add_argument("--qr", required=True, help="text of the QR code")
    parser.add_argument("--on", type=date.fromisoformat, default=datetime.now(UTC).date(), help="day, default today")
    parser.add_argument("--revoked", nargs="+", type=Path, default=[], help="all parts of a revocation list")
    parser.add_argument("--pdf", type=Path, help="the file; needs --seal")
    parser.add_argument("--seal", type=Path, help="the seal of the file")
    given = parser.parse_args(arguments)
    try:
        key = bytes.fromhex(json.loads(given.keys.read_text(encoding="utf-8"))["permit"])
        parts = [path.read_bytes() for path in given.revoked]
        files = [path.read_bytes() for path in (given.pdf, given.seal) if path is not None]
        if len(files) == 1 or len(key) != HASH_BYTES:
            raise ValueError("--pdf and --seal go together; a key has 32 bytes")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"simpul-verify: cannot read the input: {type(error).__name__}", file=sys.stderr)
        return 2
    try:
        stated = check_permit(given.qr, key, given.on)
        mark = str(stated["mark"])
        stated |= check_not_revoked(parts, key, mark) if parts else {"list": "unchecked"}
        stated |= check_file(files, key, mark) if files else {}
    except Refuted as refutation:
        print(f"REFUTED   permit: step {refutation}")
        return 1
    print("HOLDS     permit: " + " ".join(f"{name}={value}" for name, value in stated.items()))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the named receipts and print one line each; ``permit`` as the first word checks a permit instead."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] == ["permit"]:
        return permit_main(words[1:])
    parser = argparse.ArgumentParser(prog="simpul-verify", description="Check receipts of a Simpul hub, off-line.")
    parser.add_argument("receipts", nargs="+", type=Path)
    parser.add_argument("--keys", required=True, type=Path, help="JSON with the public keys")
    parser.add_argument("--bundle", type=Path, help="the signed bundle that the receipt speaks about")
    given = parser.parse_args(words)
    try:
        keys = json.loads(given.keys.read_text(encoding="utf-8"))
        log = parse_log_key(keys["log"])
        signers = [bytes.fromhex(key) for key in keys.get("signers", [])]
        bundle = given.bundle.read_bytes() if given.bundle else None
        files = [(path, path.read_bytes()) for path in given.receipts]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"simpul-verify: cannot read the input: {type(error).__name__}", file=sys.stderr)
        return 2
    failed = 0
    for path, raw in files:
        try:
            stated = check_receipt(raw, log)
            who = check_bundle(bundle, signers, stated) if bundle is not None else {}
        except Refuted as refutation:
            failed += 1
            print(f"REFUTED   {path.name}: step {refutation}")
        else:
            print(f"HOLDS     {path.name}: " + " ".join(f"{name}={value}" for name, value in {**stated, **who}.items()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
