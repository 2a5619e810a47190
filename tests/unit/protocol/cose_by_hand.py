"""COSE_Sign1 after RFC 9052 written out by hand: no CBOR library and none of our code.

The ``cwt`` library would be the oracle, but it pins an old ``cbor2`` and cannot stand in the lock; bytes that it made
are in ``test_envelope.py``. This encoder knows only what an envelope has, and takes any header for hostile ones.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Item = int | bytes | str | list["Item"] | dict["Item", "Item"] | None


def head(major: int, number: int) -> bytes:
    """Return the shortest head of a data item (RFC 8949 §3)."""
    if number < 24:
        return bytes([major << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise AssertionError(number)


def item(value: Item) -> bytes:
    """Return an item; maps keep the order in which they are given."""
    match value:
        case None:
            return b"\xf6"
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return head(4, len(value)) + b"".join(item(part) for part in value)
        case dict():
            return head(5, len(value)) + b"".join(item(key) + item(part) for key, part in value.items())
        case _:
            return head(0, value) if value >= 0 else head(1, -1 - value)


def to_be_signed(protected: bytes, payload: bytes, aad: bytes = b"simpul/v1") -> bytes:
    """Return the Sig_structure (RFC 9052 §4.4)."""
    return item(["Signature1", protected, aad, payload])


def sign1(
    key: Ed25519PrivateKey,
    header: dict[Item, Item],
    payload: bytes,
    *,
    unprotected: Item = None,
    aad: bytes | None = None,
) -> bytes:
    """Return a signed message with any header at all."""
    protected = item(header)
    signature = key.sign(to_be_signed(protected, payload, b"simpul/v1" if aad is None else aad))
    return b"\xd2" + item([protected, {} if unprotected is None else unprotected, payload, signature])
