"""The mailbox key: no disk holds it in clear, every certified officer gets it, nobody else does."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from sqlalchemy import select

from protocol.errors import SealError
from protocol.ids import OfficerId
from protocol.sealing import BodyContext, open_body, seal_body
from tests.hub_stand_in import HubStandIn
from tests.node_stand import NodeStand
from village_node.identity.certificates import CertifiedOfficer, store_certificates
from village_node.identity.mailbox import Mailbox, find_mailbox, find_mailbox_key, public_mailbox_key
from village_node.identity.tables import Officer


@pytest.fixture
def hub() -> HubStandIn:
    return HubStandIn(5)


@pytest.fixture
def stand(tmp_path: Path, hub: HubStandIn) -> NodeStand:
    """A node with one officer, enrolled."""
    made = NodeStand(tmp_path)
    made.add_officer("Bu Siti")
    made.enrol(hub)
    return made


def officers_of(stand: NodeStand) -> list[OfficerId]:
    with stand.database.reading() as session:
        return [OfficerId(each) for each in session.scalars(select(Officer.officer_id).order_by(Officer.created_at))]


def mailbox_of(stand: NodeStand, officer: OfficerId) -> Mailbox | None:
    unlocked = stand.unlock(officer)
    with stand.database.reading() as session:
        return find_mailbox(session, unlocked)


def certify(stand: NodeStand, hub: HubStandIn, officer: OfficerId) -> None:
    with stand.database.session() as session:
        public = session.get_one(Officer, officer).public_key
        raw = hub.certify(officer, public)
        store_certificates(session, stand.clock.now(), [CertifiedOfficer(officer=officer, public_key=public, raw=raw)])


def letter(stand: NodeStand, hub: HubStandIn, text: bytes = b"rahasia warga") -> tuple[bytes, BodyContext]:
    context = BodyContext(hub=hub.hub, node=hub.node, kind="correction")
    with stand.database.reading() as session:
        public = X25519PublicKey.from_public_bytes(public_mailbox_key(session))
    return seal_body(text, public, context), context


def test_the_first_officer_opens_letters_after_a_restart(stand: NodeStand, hub: HubStandIn) -> None:
    raw, context = letter(stand, hub)
    key = mailbox_of(NodeStand(stand.directory, seed=2), officers_of(stand)[0])
    assert key is not None
    assert key.open(raw, context) == b"rahasia warga"


def test_a_certified_colleague_gets_the_key_when_somebody_who_has_it_signs_in(
    stand: NodeStand, hub: HubStandIn
) -> None:
    first, second = officers_of(stand)[0], stand.add_officer("Pak Budi")
    stand.unlock(first)
    assert mailbox_of(stand, second) is None  # not certified yet
    certify(stand, hub, second)
    assert mailbox_of(stand, second) is None  # nobody who has it was here since
    stand.unlock(first)
    found, own = mailbox_of(stand, second), mailbox_of(stand, first)
    assert found is not None
    assert own is not None
    raw, context = letter(stand, hub)
    assert found.open(raw, context) == own.open(raw, context)


def test_a_box_key_that_somebody_wrote_into_the_database_gets_nothing(stand: NodeStand, hub: HubStandIn) -> None:
    first, second = officers_of(stand)[0], stand.add_officer("Pak Budi")
    certify(stand, hub, second)
    with stand.database.session() as session:
        session.get_one(Officer, second).box_key = X25519PrivateKey.generate().public_key().public_bytes_raw()
    stand.unlock(first)
    with stand.database.reading() as session:
        assert session.get_one(Officer, second).wrapped_mailbox_key is None


def test_an_officer_whom_another_hub_certified_gets_nothing(stand: NodeStand) -> None:
    first, second = officers_of(stand)[0], stand.add_officer("Pak Budi")
    certify(stand, HubStandIn(6), second)
    stand.unlock(first)
    with stand.database.reading() as session:
        assert session.get_one(Officer, second).wrapped_mailbox_key is None


def test_the_disk_without_a_pin_opens_no_letter(stand: NodeStand, hub: HubStandIn) -> None:
    """Every 32 bytes in a row of every file are tried as the key, and the PIN-less officers' fields too."""
    raw, context = letter(stand, hub)
    unlocked = stand.unlock(officers_of(stand)[0])
    with stand.database.reading() as session:
        key = find_mailbox_key(session, unlocked)
    assert key is not None
    secret = key.private_bytes_raw()
    stand.database.dispose()
    files = [path.read_bytes() for path in stand.directory.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert not any(secret in content for content in files)
    for path in (stand.directory / "keys").iterdir():
        for start in range(0, len(path.read_bytes()) - 32, 32):
            candidate = X25519PrivateKey.from_private_bytes(path.read_bytes()[start : start + 32])
            with pytest.raises(SealError):
                open_body(raw, candidate, context)
