"""simpul-witness: somebody outside of the hub who remembers what its ledger looked like, and signs that it only grew.

For an inspectorate, a university, a newspaper. This file shares no code with the hub; it needs Python and
``cryptography``. It speaks the C2SP witness protocol (c2sp.org/tlog-witness): the hub sends a checkpoint with a proof
from the one that this witness saw last; the witness checks the log's signature and the proof, writes the checkpoint
down durably, and answers with its cosignature (c2sp.org/tlog-cosignature).

What it refuses, it keeps: a checkpoint that the log signed and that does not extend the one before is evidence against
the log, and lies as a file in the folder ``evidence``.

Usage: ``simpul-witness init FOLDER --name inspectorate.example/1`` makes the key and prints its public form;
``simpul-witness trust FOLDER VERIFIER`` adds a log (``simpul-hub ledger key`` prints it);
``simpul-witness serve FOLDER [--host 127.0.0.1] [--port 8090]`` answers; put a web server with TLS before it;
``simpul-witness show FOLDER`` prints what was seen last. Exit code 1: something is refused; 3: there is evidence.
"""

import argparse
import base64
import binascii
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_BODY = 64 * 1024
MAX_PROOF = 63
MAX_SIZE = 2**63
TIMEOUT_S = 20
LOG_KEY, WITNESS_KEY = b"\x01", b"\x04"
DASH = "— "
OK, BAD, FORBIDDEN, UNKNOWN, CONFLICT, UNPROVEN = 200, 400, 403, 404, 409, 422


class Refused(Exception):  # noqa: N818  # not an error of the program: the answer "no"
    """The request is refused with this HTTP status."""

    def __init__(self, status: int, text: str = "", media_type: str = "text/plain") -> None:
        """Keep status and body."""
        super().__init__(text)
        self.status, self.text, self.media_type = status, text, media_type


@dataclass(frozen=True, kw_only=True)
class Note:
    """A checkpoint as it was sent. The signature is not verified yet."""

    text: str
    body: str
    origin: str
    size: int
    root: bytes
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The newest checkpoint of a log that this witness signed."""

    size: int
    root: str
    note: str


class Witness:
    """The memory of one witness, in a folder."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        """Load key and trusted logs."""
        self._folder = folder
        self._clock = clock
        self._turn = threading.Lock()
        settings = json.loads((folder / "witness.json").read_text(encoding="utf-8"))
        self.name: str = settings["name"]
        self._logs: dict[str, str] = settings["logs"]
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex((folder / "witness.key").read_text().strip()))

    @property
    def verifier(self) -> str:
        """The public key in the text form of signed notes."""
        raw = WITNESS_KEY + self._key.public_key().public_bytes_raw()
        return f"{self.name}+{key_hash(self.name, raw).hex()}+{base64.b64encode(raw).decode()}"

    def add_checkpoint(self, request: bytes) -> str:
        """Return the cosignature for a checkpoint that extends the last one.

        Raises:
            Refused: it does not, or is no request.
        """
        old, proof, note = parse_request(request)
        log_key = self._logs.get(note.origin)
        if log_key is None:
            raise Refused(UNKNOWN, "log not trusted here\n")
        check_signature(note, log_key)
        with self._turn:
            seen = self.seen(note.origin)
            self._compare(old, proof, note, seen)
            if seen is None or note.size > seen.size:
                self._remember(note)
        return self._cosign(note)

    def seen(self, origin: str) -> Seen | None:
        """Return what was signed last of a log."""
        path = self._path(origin)
        return Seen(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def logs(self) -> Sequence[str]:
        """Return the names of the trusted logs."""
        return sorted(self._logs)

    def _compare(self, old: int, proof: list[bytes], note: Note, seen: Seen | None) -> None:
        size, root = (0, b"") if seen is None else (seen.size, bytes.fromhex(seen.root))
        if note.size < old:
            raise Refused(BAD, "old size beyond the checkpoint\n")
        if old != size:
            if note.size == size and note.root != root:
                self._accuse(note, seen)
            raise Refused(CONFLICT, f"{size}\n", "text/x.tlog.size")
        if old == note.size and old and note.root != root:
            self._accuse(note, seen)
            raise Refused(CONFLICT, f"{size}\n", "text/x.tlog.size")
        if not is_consistent((size, root), (note.size, note.root), proof):
            self._accuse(note, seen)
            raise Refused(UNPROVEN, "the proof does not hold\n")

    def _remember(self, note: Note) -> None:
        """Write the checkpoint down before the signature is given away: a witness never signs two histories."""
        seen = {"size": note.size, "root": note.root.hex(), "note": note.text}
        write_durably(self._path(note.origin), json.dumps(seen))

    def _accuse(self, note: Note, seen: Seen | None) -> None:
        """Keep what the log signed against itself; the same twice is one file."""
        folder = self._folder / "evidence"
        folder.mkdir(exist_ok=True)
        name = hashlib.sha256(note.text.encode()).hexdigest()[:24]
        before = "" if seen is None else seen.note
        write_durably(folder / f"{name}.txt", f"{before}\n--- does not fit ---\n\n{note.text}")

    def _cosign(self, note: Note) -> str:
        now = int(self._clock())
        signature = self._key.sign(f"cosignature/v1\ntime {now}\n{note.body}\n".encode())
        raw = WITNESS_KEY + self._key.public_key().public_bytes_raw()
        stamp = key_hash(self.name, raw) + now.to_bytes(8, "big") + signature
        return f"{DASH}{self.name} {base64.b64encode(stamp).decode()}\n"

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:24]}.json"


def parse_request(raw: bytes) -> tuple[int, list[bytes], Note]:
    """Return old size, proof and checkpoint.

    Raises:
        Refused: not of that form.
    """
    try:
        head, gap, text = raw.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Refused(BAD, "not UTF-8\n") from None
    first, *steps = head.split("\n")
    if not gap or not first.startswith("old ") or len(steps) > MAX_PROOF:
        raise Refused(BAD, "not a request\n")
    proof = [unbase64(step) for step in steps]
    if any(len(step) != hashlib.sha256().digest_size for step in proof):
        raise Refused(BAD, "proof\n")
    return number(first.removeprefix("old ")), proof, parse_note(text)


def parse_note(text: str) -> Note:
    """Return a checkpoint; its signature is not verified yet.

    Raises:
        Refused: not a checkpoint.
    """
    body, gap, signatures = text.partition("\n\n")
    lines = body.split("\n")
    if not gap or not signatures.endswith("\n") or len(lines) < 3:  # noqa: PLR2004  # origin, size, root
        raise Refused(BAD, "not a checkpoint\n")
    root = unbase64(lines[2])
    if len(root) != hashlib.sha256().digest_size:
        raise Refused(BAD, "root\n")
    signed = tuple(signatures[:-1].split("\n"))
    return Note(text=text, body=body, origin=lines[0], size=number(lines[1]), root=root, lines=signed)


def check_signature(note: Note, verifier: str) -> None:
    """Check that the log signed the checkpoint.

    Raises:
        Refused: it did not.
    """
    name, _, rest = verifier.partition("+")
    raw = unbase64(rest.partition("+")[2])
    found = [line.rpartition(" ")[2] for line in note.lines if line.startswith(f"{DASH}{name} ")]
    for encoded in found:
        stamp = unbase64(encoded)
        if stamp[:4] != key_hash(name, raw):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(stamp[4:], f"{note.body}\n".encode())
        except (InvalidSignature, ValueError):
            raise Refused(FORBIDDEN, "signature\n") from None
        return
    raise Refused(FORBIDDEN, "no signature of the log\n")


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: list[bytes]) -> bool:
    """Check a consistency proof (RFC 9162 §2.1.4.2)."""
    (first, first_root), (second, second_root) = old, new
    if first in {0, second}:
        return not proof and (first == 0 or first_root == second_root)
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    small = large = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            small, large = parent(step, small), parent(step, large)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            large = parent(large, step)
        place, last = place >> 1, last >> 1
    return last == 0 and (small, large) == (first_root, second_root)


def parent(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def key_hash(name: str, raw: bytes) -> bytes:
    """Return the four bytes that name a key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]


def number(text: str) -> int:
    """Read a decimal number that has one spelling.

    Raises:
        Refused: another text.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 20 and str(int(text)) == text):  # noqa: PLR2004
        raise Refused(BAD, "number\n")
    return int(text)


def unbase64(text: str) -> bytes:
    """Decode base64 that has one spelling.

    Raises:
        Refused: another text.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refused(BAD, "base64\n") from None
    if base64.b64encode(raw).decode() != text:
        raise Refused(BAD, "base64\n")
    return raw


def write_durably(path: Path, text: str) -> None:
    """Write a file so that after a power cut there is the old one or the new one."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def make_server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server that is bound and not running yet."""

    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S  # type: ignore[mutable-override]  # a float or None in the standard library

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint" or not length.isdigit() or int(length) > MAX_BODY:
                self.answer(UNKNOWN if self.path != "/add-checkpoint" else BAD, "", "text/plain")
                return
            try:
                self.answer(OK, witness.add_checkpoint(self.rfile.read(int(length))), "text/plain")
            except Refused as refused:
                self.answer(refused.status, refused.text, refused.media_type)

        def answer(self, status: int, text: str, media_type: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing about who asked."""

    return ThreadingHTTPServer((host, port), Handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="simpul-witness", description="Remembers and cosigns checkpoints of ledgers.")
    commands = parser.add_subparsers(dest="command", required=True)
    programs: dict[str, Callable[[argparse.Namespace], int]] = {
        "init": init,
        "trust": trust,
        "serve": serve,
        "show": show,
    }
    parsers = {name: commands.add_parser(name) for name in programs}
    for command in parsers.values():
        command.add_argument("folder", type=Path)
    parsers["init"].add_argument("--name", required=True)
    parsers["trust"].add_argument("verifier")
    parsers["serve"].add_argument("--host", default="127.0.0.1")
    parsers["serve"].add_argument("--port", type=int, default=8090)
    given = parser.parse_args(arguments)
    return programs[given.command](given)


def init(given: argparse.Namespace) -> int:
    """Make folder and key."""
    name: str = given.name
    if name.split() != [name] or "+" in name or (given.folder / "witness.key").exists():
        print("the name has a blank or a plus, or there is a key already", file=sys.stderr)
        return 1
    given.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(given.folder / "witness.json", json.dumps({"name": name, "logs": {}}))
    (given.folder / "witness.key").touch(mode=0o600)
    write_durably(given.folder / "witness.key", Ed25519PrivateKey.generate().private_bytes_raw().hex() + "\n")
    (given.folder / "witness.key").chmod(0o600)
    print(Witness(given.folder).verifier)
    return 0


def trust(given: argparse.Namespace) -> int:
    """Add a log that may be cosigned."""
    name, _, rest = given.verifier.partition("+")
    digest, _, encoded = rest.partition("+")
    try:
        raw = unbase64(encoded)
    except Refused:
        raw = b""
    if raw[:1] != LOG_KEY or key_hash(name, raw).hex() != digest:
        print("not a verifier key of a log", file=sys.stderr)
        return 1
    path = given.folder / "witness.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    if settings["logs"].get(name, given.verifier) != given.verifier:
        print("this log has another key here; a log never changes its key", file=sys.stderr)
        return 1
    settings["logs"][name] = given.verifier
    write_durably(path, json.dumps(settings))
    return 0


def serve(given: argparse.Namespace) -> int:
    """Answer until stopped."""
    with make_server(Witness(given.folder), given.host, given.port) as server:
        print(f"http://{given.host}:{server.server_address[1]}", flush=True)
        server.serve_forever()
    return 0


def show(given: argparse.Namespace) -> int:
    """Print what was seen, and whether there is evidence."""
    witness = Witness(given.folder)
    print(witness.verifier)
    for origin in witness.logs():
        seen = witness.seen(origin)
        print(f"{origin}  {'nothing yet' if seen is None else f'{seen.size} entries, root {seen.root}'}")
    evidence = sorted((given.folder / "evidence").glob("*.txt"))
    for path in evidence:
        print(f"EVIDENCE  {path}")
    return 3 if evidence else 0


if __name__ == "__main__":
    sys.exit(main())
