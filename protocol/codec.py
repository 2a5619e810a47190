"""The strict deterministic CBOR profile: the only bytes that are ever signed or parsed.

Rules (RFC 8949 §4.2.1, narrowed):
1. Definite lengths only, shortest form, no trailing bytes.
2. Types: integers within ±2^53, byte strings, text, arrays, maps, true, false, null. No floats, no tags, no undefined.
3. Map keys are text, or (in COSE headers only) integers of one sign: then bytewise order and length-first order agree.
4. No duplicate keys; text is UTF-8 in NFC without lone surrogates and without U+0000 (PostgreSQL takes none).
5. Depth and size are bounded; size is checked before parsing.
6. Decoding and encoding again gives the same bytes, else the bytes are refused.
"""

import unicodedata
from collections.abc import Iterable
from typing import TypeAlias

import cbor2

from protocol.errors import MalformedError, TooLargeError
from protocol.limits import MAX_DEPTH, MAX_INTEGER, MAX_TEXT_BYTES

Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[str, Value] | dict[int, Value] | None"
"""What the profile can carry."""


_BUILT_IN_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799)
"""Tags that cbor2 would turn into objects (35 compiles a regular expression, 36 parses e-mail, 29 makes cycles)."""


def encode(value: object) -> bytes:
    """Return the one byte string of this value.

    Raises:
        MalformedError: the value is outside of the profile.
    """
    _check(value)
    return cbor2.dumps(value, canonical=True)


def decode(raw: bytes, *, max_bytes: int) -> Value:
    """Return the value of these bytes, which must be at most ``max_bytes`` long.

    Raises:
        TooLargeError: longer than ``max_bytes``.
        MalformedError: outside of the profile.
    """
    if len(raw) > max_bytes:
        raise TooLargeError
    try:
        value = cbor2.loads(
            raw,
            max_depth=MAX_DEPTH + 1,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            semantic_decoders=_REFUSED_TAGS,
            tag_hook=_refuse_tag,
        )
    except MalformedError:
        raise
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        reason = "not CBOR"
        raise MalformedError(reason) from error
    _check(value)
    if cbor2.dumps(value, canonical=True) != raw:
        reason = "not deterministic"
        raise MalformedError(reason)
    return value  # type: ignore[no-any-return]  # _check has proven the type


def decode_map(raw: bytes, *, max_bytes: int) -> dict[str, Value]:
    """Decode bytes that must hold a map with text keys.

    Raises:
        TooLargeError: longer than ``max_bytes``.
        MalformedError: outside of the profile, or not such a map.
    """
    value = decode(raw, max_bytes=max_bytes)
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        reason = "not a map with text keys"
        raise MalformedError(reason)
    return value  # type: ignore[return-value]  # keys were just checked


def _refuse_tag(*_: object) -> object:
    reason = "tag"
    raise MalformedError(reason)


_REFUSED_TAGS = dict.fromkeys(_BUILT_IN_TAGS, _refuse_tag)
NUL = "\x00"
_PLAIN = (bytes, bool, type(None))


def _check(value: object) -> None:
    """Walk a value and refuse what the profile does not have. On the hot path: leaves are judged without a call."""
    _check_items((value,), -1)


def _check_items(items: Iterable[object], depth: int) -> None:
    for item in items:
        kind = type(item)
        if kind is str:
            if len(item) > MAX_TEXT_BYTES or not item.isascii() or NUL in item:  # type: ignore[arg-type, attr-defined, operator]  # it is str
                _check_text(item)  # type: ignore[arg-type]  # kind is str
        elif kind is int:
            if not -MAX_INTEGER <= item <= MAX_INTEGER:  # type: ignore[operator]  # kind is int
                reason = "integer out of range"
                raise MalformedError(reason)
        elif kind is dict or kind is list:
            _check_container(item, depth + 1)  # type: ignore[arg-type]  # kind is one of the two
        elif kind not in _PLAIN:
            reason = "type outside of the profile"
            raise MalformedError(reason)


def _check_container(value: dict[object, object] | list[object], depth: int) -> None:
    if depth > MAX_DEPTH or (depth == MAX_DEPTH and value):
        reason = "too deep"
        raise MalformedError(reason)
    if isinstance(value, dict):
        _check_keys(value)
        _check_items(value.values(), depth)
    else:
        _check_items(value, depth)


def _check_keys(value: dict[object, object]) -> None:
    for key in value:
        if type(key) is not str:
            _check_integer_keys(value)
            return
        if len(key) > MAX_TEXT_BYTES or not key.isascii() or NUL in key:
            _check_text(key)


def _check_integer_keys(value: dict[object, object]) -> None:
    signs = {key < 0 if type(key) is int else None for key in value}
    if len(signs) != 1 or None in signs:
        reason = "map keys must be all text, or integers of one sign"
        raise MalformedError(reason)
    _check_items(value, 0)


def _check_text(value: str) -> None:
    if NUL in value:
        reason = "U+0000"
        raise MalformedError(reason)
    if value.isascii():
        if len(value) > MAX_TEXT_BYTES:
            raise TooLargeError
        return
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        reason = "lone surrogate"
        raise MalformedError(reason) from error
    if size > MAX_TEXT_BYTES:
        raise TooLargeError
    if not unicodedata.is_normalized("NFC", value):
        reason = "text is not NFC"
        raise MalformedError(reason)
