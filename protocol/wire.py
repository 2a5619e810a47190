"""From strict CBOR to typed messages and back: the one place where msgspec meets the codec.

Unknown fields are ignored here and kept in the bytes: a signature is always checked over the bytes received, and those
bytes are what is stored, so an older reader loses nothing (ADR 0010). A message of another version is refused.
"""

from typing import TypeVar

import msgspec

from protocol import codec
from protocol.errors import SchemaError, VersionError
from protocol.limits import PROTOCOL_VERSION


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every message: carries the protocol version."""

    v: int = PROTOCOL_VERSION


T = TypeVar("T")


def to_bytes(message: msgspec.Struct) -> bytes:
    """Return the deterministic bytes of a message."""
    return codec.encode(msgspec.to_builtins(message, builtin_types=(bytes,), enc_hook=_to_builtin))


def from_bytes(raw: bytes, kind: type[T], *, max_bytes: int) -> T:
    """Parse bytes into a message of this type.

    Raises:
        TooLargeError: longer than ``max_bytes``.
        MalformedError: not the strict profile.
        VersionError: another protocol version.
        SchemaError: a field is missing, or has the wrong type or size.
    """
    return from_value(codec.decode_map(raw, max_bytes=max_bytes), kind)


def from_value(value: object, kind: type[T]) -> T:
    """Check an already decoded value against a type. Keys of a map are not checked beyond being text: the caller does.

    Raises:
        VersionError: another protocol version.
        SchemaError: a field is missing, or has the wrong type or size.
    """
    if issubclass(kind, Wire) and isinstance(value, dict) and value.get("v") != PROTOCOL_VERSION:
        raise VersionError
    try:
        return msgspec.convert(value, kind, strict=True, builtin_types=(bytes,), dec_hook=_from_builtin)
    except msgspec.ValidationError as error:
        raise SchemaError(_path_of(error)) from None


def _path_of(error: msgspec.ValidationError) -> str:
    """Name the place of a schema error without any value that the message held."""
    text = str(error)
    return text[text.rfind("`$") :].strip("`") if "`$" in text else "$"


def _to_builtin(value: object) -> object:
    if isinstance(value, str):
        return str(value)
    message = f"no wire form for {type(value).__name__}"
    raise NotImplementedError(message)


def _from_builtin(kind: type, value: object) -> object:
    if issubclass(kind, str) and isinstance(value, str):
        return kind(value)
    message = f"expected {kind.__name__}"
    raise ValueError(message)
