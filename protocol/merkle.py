"""Merkle tree arithmetic after RFC 6962 §2.1 (same in RFC 9162): root, inclusion, consistency. Standard library only.

Producers read perfect subtrees through a ``NodeReader``; verifiers need nothing but the proof.
"""

import hashlib
from collections.abc import Callable, Sequence

from protocol.errors import ProofError

EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_PATH = 64

NodeReader = Callable[[int, int], bytes]
"""``read(level, index)``: hash of the perfect subtree over the ``2**level`` leaves from ``index * 2**level``."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over these leaf hashes, by the definition. For audits and tests: linear time."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier.root()


class Frontier:
    """The right edge of a tree: roots of its perfect subtrees, largest first. Immutable; at most 64 hashes."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: tuple[bytes, ...] = ()) -> None:
        """Take a size and as many hashes as the size has one-bits."""
        if len(hashes) != size.bit_count():
            reason = "frontier"
            raise ProofError(reason)
        self.size = size
        self.hashes = hashes

    def append(self, leaf: bytes) -> "Frontier":
        """Return the frontier with one more leaf hash."""
        hashes = [*self.hashes, leaf]
        size = self.size
        while size & 1:
            right = hashes.pop()
            hashes.append(node_hash(hashes.pop(), right))
            size >>= 1
        return Frontier(self.size + 1, tuple(hashes))

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        result = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            result = node_hash(left, result)
        return result


def read_frontier(size: int, read: NodeReader) -> Frontier:
    """Return the frontier of the first ``size`` leaves of a stored tree."""
    hashes, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            hashes.append(read(level, start >> level))
            start += 1 << level
    return Frontier(size, tuple(hashes))


def inclusion_path(index: int, size: int, read: NodeReader) -> list[bytes]:
    """Return the audit path for leaf ``index`` in the tree of ``size`` leaves.

    Raises:
        ProofError: no such leaf.
    """
    if not 0 <= index < size:
        reason = "index"
        raise ProofError(reason)
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_hash(middle, high, read))
            high = middle
        else:
            path.append(_range_hash(low, middle, read))
            low = middle
    return path[::-1]


def consistency_path(old: int, new: int, read: NodeReader) -> list[bytes]:
    """Return the proof that the tree of ``old`` leaves is a prefix of the tree of ``new`` leaves.

    Raises:
        ProofError: sizes in the wrong order.
    """
    if not 0 <= old <= new:
        reason = "sizes"
        raise ProofError(reason)
    if old in (0, new):
        return []
    path: list[bytes] = []
    low, high, whole = 0, new, True
    while high != old or not whole:
        if high == old:
            path.append(_range_hash(low, high, read))
            break
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range_hash(middle, high, read))
            high = middle
        else:
            path.append(_range_hash(low, middle, read))
            low, whole = middle, False
    return path[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to (RFC 9162 §2.1.3.2).

    Raises:
        ProofError: the path does not fit index and size.
    """
    if not 0 <= index < size or len(path) > MAX_PATH:
        reason = "index"
        raise ProofError(reason)
    number, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            reason = "path too long"
            raise ProofError(reason)
        if number & 1 or number == last:
            result = node_hash(sibling, result)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        number, last = number >> 1, last >> 1
    if last != 0:
        reason = "path too short"
        raise ProofError(reason)
    return result


def check_consistency(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> None:
    """Check that the tree ``old`` (size, root) is a prefix of the tree ``new`` (RFC 9162 §2.1.4.2).

    Raises:
        ProofError: it is not, or the path does not show it.
    """
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size > new_size or old_size < 0 or len(path) > MAX_PATH:
        reason = "sizes"
        raise ProofError(reason)
    if old_size in (0, new_size):
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if path or old_root != expected:
            reason = "roots differ"
            raise ProofError(reason)
        return
    roots = _roots_from_consistency(old_size, new_size, [*([old_root] if _is_power(old_size) else []), *path])
    if roots != (old_root, new_root):
        reason = "roots differ"
        raise ProofError(reason)


def _roots_from_consistency(old_size: int, new_size: int, path: list[bytes]) -> tuple[bytes, bytes]:
    if not path:
        reason = "path too short"
        raise ProofError(reason)
    number, last = old_size - 1, new_size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old_root = new_root = path[0]
    for sibling in path[1:]:
        if last == 0:
            reason = "path too long"
            raise ProofError(reason)
        if number & 1 or number == last:
            old_root, new_root = node_hash(sibling, old_root), node_hash(sibling, new_root)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            new_root = node_hash(new_root, sibling)
        number, last = number >> 1, last >> 1
    if last != 0:
        reason = "path too short"
        raise ProofError(reason)
    return old_root, new_root


def _range_hash(low: int, high: int, read: NodeReader) -> bytes:
    width = high - low
    if _is_power(width):
        level = width.bit_length() - 1
        return read(level, low >> level)
    middle = low + _split(width)
    return node_hash(_range_hash(low, middle, read), _range_hash(middle, high, read))


def _split(width: int) -> int:
    """Return the largest power of two below ``width``."""
    return 1 << (width - 1).bit_length() - 1


def _is_power(number: int) -> bool:
    return number & (number - 1) == 0
