"""Signed notes: known answers of C2SP and Go, and what is no checkpoint of this log."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.checkpoint import LogKey, sign_checkpoint, verify_checkpoint
from protocol.envelope import SMALL_ORDER
from protocol.errors import KeyUnknownError, MalformedError, ProtocolError, SignatureError, TooLargeError
from tests.unit.protocol.builders import HUB_KEY, LOG, LOG_KEY

# The key and the note of the reference implementation (golang.org/x/mod/sumdb/note).
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_STAMP = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="

ROOT = hashlib.sha256(b"root").digest()
ROOT_LINE = base64.b64encode(ROOT).decode()
MADE = sign_checkpoint(LOG.name, 21, ROOT, LOG_KEY)
BODY = f"{LOG.name}\n21\n{ROOT_LINE}\n"
WITNESS = "— witness.example/w1 " + base64.b64encode(bytes(76)).decode() + "\n"


def note(body: str, key: Ed25519PrivateKey = LOG_KEY, name: str = LOG.name, stamp: bytes | None = None) -> str:
    """Sign any body at all, by the rules of signed-note, without the code under test."""
    raw = key.public_key().public_bytes_raw()
    head = hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4] if stamp is None else stamp
    return f"{body}\n— {name} {base64.b64encode(head + key.sign(body.encode())).decode()}\n"


def test_the_key_of_the_reference_implementation_is_read() -> None:
    key = LogKey.parse(GO_VERIFIER)
    assert (key.name, key.hash.hex(), key.verifier) == ("PeterNeumann", "c74f20a3", GO_VERIFIER)
    stamp = base64.b64decode(GO_STAMP)
    assert stamp[:4] == key.hash
    key.public_key.verify(stamp[4:], GO_TEXT.encode())


def test_a_note_is_signed_as_the_reference_implementation_does() -> None:
    assert note(GO_TEXT, Ed25519PrivateKey.from_private_bytes(GO_SEED), "PeterNeumann").endswith(f" {GO_STAMP}\n")


def test_the_reference_note_is_no_checkpoint() -> None:
    with pytest.raises(MalformedError):
        verify_checkpoint(f"{GO_TEXT}\n— PeterNeumann {GO_STAMP}\n", LogKey.parse(GO_VERIFIER))


def test_the_key_id_of_the_specification() -> None:
    raw = bytes.fromhex("e932791ae6e7a840a46164c904786426d5e7821dd8b29a00d61cae72afdd4da4")
    encoded = base64.b64encode(b"\x01" + raw).decode()
    assert LogKey.parse(f"example.com/foo+530d903a+{encoded}").hash.hex() == "530d903a"


def test_a_checkpoint_has_the_form_of_c2sp() -> None:
    assert MADE.text == note(BODY)
    read = verify_checkpoint(MADE.text, LOG)
    assert (read.origin, read.size, read.root, read.text) == ("simpul/3314", 21, ROOT, MADE.text)


def test_cosignatures_and_extension_lines_are_kept() -> None:
    assert verify_checkpoint(MADE.text + WITNESS, LOG).text == MADE.text + WITNESS
    first = MADE.text.replace("\n\n", f"\n\n{WITNESS}")
    assert verify_checkpoint(first, LOG).size == 21
    assert verify_checkpoint(note(f"{BODY}extension\n"), LOG).root == ROOT


LINE = MADE.text.split("\n")[-2]
MALFORMED = {
    "empty": "",
    "no signature": BODY,
    "no gap": BODY + LINE + "\n",
    "no last line end": MADE.text[:-1],
    "two lines": note(f"{LOG.name}\n21\n"),
    "no origin": note(f"\n21\n{ROOT_LINE}\n"),
    "size with zero": note(f"{LOG.name}\n021\n{ROOT_LINE}\n"),
    "size with sign": note(f"{LOG.name}\n+21\n{ROOT_LINE}\n"),
    "negative size": note(f"{LOG.name}\n-1\n{ROOT_LINE}\n"),
    "size in Arabic-Indic digits": note(f"{LOG.name}\n\u0662\u0661\n{ROOT_LINE}\n"),
    "size of 10^4000": note(f"{LOG.name}\n1{'0' * 1200}\n{ROOT_LINE}\n"),
    "empty size": note(f"{LOG.name}\n\n{ROOT_LINE}\n"),
    "short root": note(f"{LOG.name}\n21\n{base64.b64encode(bytes(31)).decode()}\n"),
    "root without padding": note(f"{LOG.name}\n21\n{ROOT_LINE[:-1]}\n"),
    "root with spare bits": note(f"{LOG.name}\n21\n{ROOT_LINE[:-2]}{chr(ord(ROOT_LINE[-2]) + 1)}=\n"),
    "root with a space": note(f"{LOG.name}\n21\n {ROOT_LINE}\n"),
    "carriage returns": MADE.text.replace("\n", "\r\n"),
    "hyphen for the dash": MADE.text.replace("— ", "- "),
    "junk between the signatures": MADE.text + "junk\n",
    "empty line after the signatures": MADE.text + "\n",
    "nameless signature": MADE.text + "— " + GO_STAMP + "\n",
    "witness not in base64": MADE.text + "— witness.example/w1 ####\n",
    "signature with spare bits": MADE.text.replace(LINE, LINE[:-2] + chr(ord(LINE[-2]) + 1) + "="),
    "two signatures of the log": MADE.text + LINE + "\n",
    "line separator of Unicode": MADE.text + WITNESS[:-1] + "\u2028junk\n",
    "form feed": MADE.text + WITNESS[:-1] + "\x0c" + LINE + "\n",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        verify_checkpoint(text, LOG)


REFUSED: dict[str, tuple[str, type[ProtocolError]]] = {
    "signed by another key": (note(BODY, HUB_KEY), KeyUnknownError),
    "another key under this key's hash": (note(BODY, HUB_KEY, stamp=LOG.hash), SignatureError),
    "another name": (note(BODY, name="simpul/3315"), KeyUnknownError),
    "another origin": (note(f"simpul/3315\n21\n{ROOT_LINE}\n"), KeyUnknownError),
    "witness alone": (f"{BODY}\n{WITNESS}", KeyUnknownError),
    "another size": (MADE.text.replace("\n21\n", "\n22\n"), SignatureError),
    "another root": (MADE.text.replace(ROOT_LINE, base64.b64encode(bytes(32)).decode()), SignatureError),
    "extension line added": (MADE.text.replace("\n\n", "\nmore\n\n"), SignatureError),
    "signature cut short": (
        f"{BODY}\n— {LOG.name} {base64.b64encode(LOG.hash + bytes(63)).decode()}\n",
        SignatureError,
    ),
    "signature too long": (
        f"{BODY}\n— {LOG.name} {base64.b64encode(LOG.hash + LOG_KEY.sign(BODY.encode()) + b'x').decode()}\n",
        SignatureError,
    ),
    "too long": (MADE.text + WITNESS * 30, TooLargeError),
    "surrogate": (MADE.text.replace("\n\n", "\n\ud800\n\n"), SignatureError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_this_log_did_not_sign_is_refused(name: str) -> None:
    text, error = REFUSED[name]
    with pytest.raises(error):
        verify_checkpoint(text, LOG)


VERIFIER = LOG.verifier
SMALL = base64.b64encode(b"\x01" + min(SMALL_ORDER)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "++",
        VERIFIER[1:],
        VERIFIER[:-1],
        VERIFIER.replace("+", "-", 1),
        VERIFIER.upper(),
        "\ud800" + VERIFIER,
        "a name" + VERIFIER,
        GO_VERIFIER.replace("c74f20a3", "C74F20A3"),
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        f"a+{hashlib.sha256(b'a' + bytes([10, 1]) + min(SMALL_ORDER)).hexdigest()[:8]}+{SMALL}",
    ],
    ids=ascii,
)
def test_a_wrong_key_text_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        LogKey.parse(text)


def test_every_part_of_a_key_text_is_not_a_key_text() -> None:
    for start in range(len(GO_VERIFIER)):
        for end in range(start + 1, len(GO_VERIFIER) + 1):
            if (start, end) != (0, len(GO_VERIFIER)):
                with pytest.raises(ProtocolError):
                    LogKey.parse(GO_VERIFIER[start:end])


@given(st.text(max_size=200))
def test_random_text_raises_only_protocol_errors(text: str) -> None:
    for each in (text, f"{LOG.name}\n{text}\n\n{LINE}\n", f"{BODY}\n{text}\n"):
        with pytest.raises(ProtocolError):
            verify_checkpoint(each, LOG)
    with pytest.raises(ProtocolError):
        LogKey.parse(text)


@given(st.integers(0, len(MADE.text) - 1), st.characters())
def test_no_changed_letter_passes(place: int, letter: str) -> None:
    if letter != MADE.text[place]:
        with pytest.raises(ProtocolError):
            verify_checkpoint(MADE.text[:place] + letter + MADE.text[place + 1 :], LOG)
