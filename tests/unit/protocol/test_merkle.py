"""Tree arithmetic against the definition of RFC 6962 §2.1, known answers, and wrong proofs of every kind."""

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import merkle
from protocol.errors import ProofError
from protocol.merkle import (
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    consistency_path,
    inclusion_path,
    leaf_hash,
    read_frontier,
    root_from_inclusion,
)

LARGEST = 70
LEAVES = [leaf_hash(b"%d" % number) for number in range(LARGEST)]

# Inputs and answers that the Certificate Transparency implementations share for RFC 6962.
CT_ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION = {
    (0, 1): [],
    (0, 2): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CT_CONSISTENCY = {
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def reader(leaves: list[bytes]) -> merkle.NodeReader:
    return lambda level, index: defined_root(leaves[index << level : (index + 1) << level])


def split(size: int) -> int:
    """Return the largest power of two below a size, the slow way."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def defined_root(leaves: list[bytes]) -> bytes:
    """Return MTH, word for word after RFC 6962 §2.1, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    at = split(len(leaves))
    return hashlib.sha256(b"\x01" + defined_root(leaves[:at]) + defined_root(leaves[at:])).digest()


def defined_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Return PATH, word for word after RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    at = split(len(leaves))
    if index < at:
        return [*defined_path(index, leaves[:at]), defined_root(leaves[at:])]
    return [*defined_path(index - at, leaves[at:]), defined_root(leaves[:at])]


def defined_proof(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """Return SUBPROOF, word for word after RFC 6962 §2.1.2."""
    if old == len(leaves):
        return [] if whole else [defined_root(leaves)]
    at = split(len(leaves))
    if old <= at:
        return [*defined_proof(old, leaves[:at], whole), defined_root(leaves[at:])]
    return [*defined_proof(old - at, leaves[at:], False), defined_root(leaves[:at])]


ROOTS = [defined_root(LEAVES[:size]) for size in range(LARGEST + 1)]


def spoilt(path: list[bytes]) -> Iterator[list[bytes]]:
    """Yield wrong neighbours of a path."""
    yield [*path, bytes(32)]
    for place in range(len(path)):
        yield path[:place] + path[place + 1 :]
        yield [*path[:place], bytes([path[place][0] ^ 1]) + path[place][1:], *path[place + 1 :]]
    if len(path) > 1:
        yield [path[1], path[0], *path[2:]]


@pytest.mark.parametrize("size", range(LARGEST + 1))
def test_roots_follow_the_definition(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]) == ROOTS[size]
    frontier = read_frontier(size, reader(LEAVES))
    assert (frontier.size, frontier.root()) == (size, ROOTS[size])
    assert len(frontier.hashes) == size.bit_count()


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_inclusion_follows_the_definition(size: int) -> None:
    leaves = LEAVES[:size]
    for index in range(size):
        path = inclusion_path(index, size, reader(leaves))
        assert path == defined_path(index, leaves)
        assert root_from_inclusion(leaves[index], index, size, path) == ROOTS[size]


@pytest.mark.parametrize("new", range(LARGEST + 1))
def test_consistency_follows_the_definition(new: int) -> None:
    for old in range(new + 1):
        path = consistency_path(old, new, reader(LEAVES[:new]))
        assert path == (defined_proof(old, LEAVES[:new]) if 0 < old < new else [])
        check_consistency((old, ROOTS[old]), (new, ROOTS[new]), path)


def leads_to(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    try:
        return root_from_inclusion(leaf, index, size, path) == root
    except ProofError:
        return False


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_wrong_inclusion_proofs_lead_elsewhere(size: int) -> None:
    for index in range(size):
        path = defined_path(index, LEAVES[:size])
        wrong = [(LEAVES[index], index, size, other) for other in spoilt(path)]
        wrong += [
            (LEAVES[index], other, size, path)
            for other in (index - 1, index + 1, index ^ 1, size, -1)
            if other != index
        ]
        wrong += [(LEAVES[(index + 1) % LARGEST], index, size, path), (leaf_hash(b"x"), index, size, path)]
        assert not any(leads_to(*each, ROOTS[size]) for each in wrong)


@pytest.mark.parametrize("new", range(2, LARGEST + 1))
def test_wrong_consistency_proofs_are_refused(new: int) -> None:
    for old in range(1, new):
        path = defined_proof(old, LEAVES[:new])
        wrong = [((old, ROOTS[old]), (new, ROOTS[new]), other) for other in spoilt(path)]
        wrong += [
            ((old, ROOTS[old - 1]), (new, ROOTS[new]), path),
            ((old, ROOTS[old]), (new, ROOTS[new - 1]), path),
            ((old, ROOTS[new]), (new, ROOTS[old]), path),
            ((new, ROOTS[new]), (old, ROOTS[old]), path),
        ]
        for first, second, other in wrong:
            with pytest.raises(ProofError):
                check_consistency(first, second, other)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ((0, bytes(32)), (5, ROOTS[5]), []),
        ((0, EMPTY_ROOT), (5, ROOTS[5]), [bytes(32)]),
        ((5, ROOTS[5]), (5, ROOTS[4]), []),
        ((5, ROOTS[5]), (5, ROOTS[5]), [bytes(32)]),
        ((-1, EMPTY_ROOT), (5, ROOTS[5]), []),
        ((3, ROOTS[3]), (5, ROOTS[5]), []),
        ((3, ROOTS[3]), (5, ROOTS[5]), [bytes(32)] * 65),
    ],
)
def test_consistency_at_the_edges(old: tuple[int, bytes], new: tuple[int, bytes], path: list[bytes]) -> None:
    with pytest.raises(ProofError):
        check_consistency(old, new, path)


def test_known_answers_of_certificate_transparency() -> None:
    leaves = [leaf_hash(entry) for entry in CT_ENTRIES]
    assert [merkle.root_of(leaves[:size]).hex() for size in range(9)] == CT_ROOTS
    for (index, size), path in CT_INCLUSION.items():
        assert [step.hex() for step in inclusion_path(index, size, reader(leaves))] == path
    for (old, new), path in CT_CONSISTENCY.items():
        assert [step.hex() for step in consistency_path(old, new, reader(leaves))] == path


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 5), (5, 5), (6, 5)])
def test_no_path_to_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        inclusion_path(index, size, reader(LEAVES))
    with pytest.raises(ProofError):
        root_from_inclusion(bytes(32), index, size, [])


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_no_consistency_backwards(old: int, new: int) -> None:
    with pytest.raises(ProofError):
        consistency_path(old, new, reader(LEAVES))


def test_a_frontier_knows_its_own_form() -> None:
    for size, hashes in ((3, ()), (4, (bytes(32),) * 2), (0, (bytes(32),))):
        with pytest.raises(ProofError):
            Frontier(size, hashes)
    before = Frontier().append(LEAVES[0])
    before.append(LEAVES[1])
    assert (before.size, before.hashes) == (1, (LEAVES[0],))


def test_a_leaf_never_passes_for_an_inner_node() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != merkle.node_hash(LEAVES[0], LEAVES[1])


@given(st.integers(0, 2**53), st.integers(0, 2**53), st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_any_proof_ends(index: int, size: int, path: list[bytes]) -> None:
    assert not leads_to(LEAVES[0], index, size, path, ROOTS[9])
    with pytest.raises(ProofError):
        check_consistency((index, ROOTS[1]), (size, ROOTS[2]), path)


@given(st.integers(1, 2**40), st.data())
def test_paths_are_short_in_large_trees(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))

    def same(level: int, index: int) -> bytes:
        return bytes(32)

    assert len(inclusion_path(index, size, same)) <= 41
    assert len(consistency_path(index, size, same)) <= 42
