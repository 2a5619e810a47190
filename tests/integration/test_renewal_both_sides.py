"""A node's next certificate, made by the hub's own program and kept by the node's, over the link and at the door."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509

from hub.authority.certification import Issuer
from hub.authority.pki_check import check_node_certificate, proven_before
from hub.authority.pki_files import load_pki
from hub.authority.queries import nodes_behind
from hub.authority.renewal import issue_renewals, spread_roots
from hub.authority.root import found_authority
from hub.dispatch.service import pending_notices
from hub.network.mail import record_mail
from hub.registry.service import Decision, note_mail, revoke_node
from hub.registry.suspension import suspend_node
from hub.storage.ports import SystemRandomness
from protocol.envelope import Purpose, sign
from protocol.errors import SchemaError
from protocol.ids import NodeId
from protocol.mailbox import Mail, Notice, NoticeKind
from protocol.renewal import RENEWAL_PATH, RenewalRequest, verify_certificate
from protocol.wire import to_bytes
from tests.integration.fleet import NOW
from tests.integration.network_site import CATALOGUE, Site, open_site
from tests.integration.test_enrolment_both_sides import Wire, ask, decide, typed_code
from tests.node_stand import NodeStand
from village_node.identity import enrolment
from village_node.identity.door import Door
from village_node.identity.hub import Enrolled, load_enrolled
from village_node.identity.renewal import read_next, wish
from village_node.inbox.service import store_notice

NODE = NodeId("3314052003-01")
HUB_URL = "https://hub.sragen.example"


@dataclass
class Pair:
    """A hub and a node that it enrolled."""

    site: Site
    pc: NodeStand
    posted: int = 0

    @property
    def issuer(self) -> Issuer:
        return Issuer.load(self.site.settings, CATALOGUE, SystemRandomness())

    def enrolled(self) -> Enrolled:
        with self.pc.database.reading() as session:
            return load_enrolled(session)

    def at(self, days: float) -> datetime:
        """Let both clocks be so many days after the enrolment."""
        moment = NOW + timedelta(days=days)
        self.site.clock.moment = self.pc.clock.time = moment
        self.pc.clock.elapsed += 120_000
        return moment

    def write(self, renewal: RenewalRequest | None) -> None:
        with self.site.database.session() as session:
            mail = Mail(node=NODE, cursor=0, free_numbers=200, renewal=renewal)
            record_mail(session, self.site.clock.now(), mail)

    def wish(self) -> RenewalRequest | None:
        return wish(self.enrolled(), self.pc.keys, self.pc.clock.now())

    def work(self) -> tuple[NodeId, ...]:
        return issue_renewals(self.site.database, self.site.clock.now(), self.issuer)

    def certificates(self) -> list[bytes]:
        with self.site.database.reading() as session:
            rows = pending_notices(session, NODE, 0, 1_000)
            return [row.body for row in rows if row.kind == NoticeKind.CERTIFICATE]

    def deliver(self, body: bytes) -> None:
        notice = Notice(node=NODE, number=1, kind=NoticeKind.CERTIFICATE, time=0, body=body)
        with self.pc.database.session() as session:
            store_notice(session, self.pc.clock.now(), load_enrolled(session), notice, b"")

    def knock(self) -> str:
        door = Door(
            database=self.pc.database, keys=self.pc.keys, clock=self.pc.clock, open_web=lambda _: self, hub_url=""
        )
        return door.knock()

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        self.posted += 1
        assert path == RENEWAL_PATH
        return Wire(self.site).post(path, body)

    def days_left(self) -> int:
        ends = x509.load_pem_x509_certificate(self.enrolled().certificate.encode()).not_valid_after_utc
        return (ends - self.pc.clock.now()).days

    def is_believed(self) -> bool:
        trust = load_pki(self.site.settings.pki_dir).authority.trust
        chain = self.enrolled().certificate.encode()
        return check_node_certificate(chain, trust, now=self.site.clock.now(), revoked=frozenset()) == NODE


@pytest.fixture
def pair(database_url: str, tmp_path: Path) -> Iterator[Pair]:
    with open_site(database_url, tmp_path / "hub") as site:
        pc = NodeStand(tmp_path / "node")
        pc.clock.time = NOW
        pc.add_officer()
        asked = ask(site, pc, typed_code(site))
        decide(site, asked, "approve")
        checked = enrolment.fetch(Wire(site), pc.keys, asked)
        with pc.database.session() as session:
            enrolment.store_answer(session, NOW, checked, hub_url=HUB_URL)
        yield Pair(site, pc)


def test_from_two_thirds_of_its_life_a_certificate_is_renewed_over_the_link(pair: Pair) -> None:
    pair.at(59)
    assert pair.wish() is None
    pair.at(61)
    for _ in range(3):
        pair.write(pair.wish())
    assert pair.work() == (NODE,)
    pair.write(pair.wish())
    assert pair.work() == ()
    (body,) = pair.certificates()
    pair.deliver(body)
    assert pair.days_left() == 90
    assert pair.is_believed()
    assert pair.wish() is None


def test_a_node_that_asks_too_early_gets_nothing(pair: Pair) -> None:
    pair.at(30)
    pair.write(RenewalRequest(csr=pair.pc.keys.signing_request()))
    assert pair.work() == ()


def test_a_request_that_proves_no_key_changes_nothing(pair: Pair) -> None:
    pair.at(61)
    pair.write(RenewalRequest(csr=b"no request at all"))
    assert pair.work() == ()


def test_c01_a_pc_back_from_a_drawer_renews_at_the_door(pair: Pair) -> None:
    pair.at(150)
    assert pair.knock() == "pending"
    assert pair.knock() == "pending"
    assert pair.work() == (NODE,)
    assert pair.knock() == "renewed"
    assert pair.days_left() == 90
    assert pair.is_believed()
    assert pair.pc.keys.tls_files.certificate.read_text() == pair.enrolled().certificate
    assert (pair.knock(), pair.posted) == ("", 3)


def test_c01_what_was_answered_over_the_link_is_had_at_the_door_too(pair: Pair) -> None:
    """The node asked in time and was switched off before the answer came."""
    pair.at(85)
    pair.write(pair.wish())
    pair.work()
    pair.at(95)
    assert pair.knock() == "renewed"
    assert pair.days_left() == 80
    assert len(pair.certificates()) == 1


def suspended(pair: Pair) -> None:
    with pair.site.database.session() as session:
        suspend_node(session, NODE, Decision(now=NOW, by="", randomness=SystemRandomness()))


def revoked(pair: Pair) -> None:
    with pair.site.database.session() as session:
        revoke_node(session, NODE, Decision(now=NOW, by="budi", randomness=SystemRandomness()))


def nothing(_: Pair) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "days", "word"),
    [
        (nothing, 271, "renewal_too_late"),
        (suspended, 100, "node_suspended"),
        (revoked, 100, "node_revoked"),
    ],
)
def test_who_gets_nothing_at_the_door(pair: Pair, before: Callable[[Pair], None], days: int, word: str) -> None:
    before(pair)
    pair.at(days)
    assert pair.knock() == word
    assert pair.work() == ()


def test_a_stranger_at_the_door_learns_nothing(pair: Pair, tmp_path: Path) -> None:
    stranger = NodeStand(tmp_path / "stranger", seed=2)
    pair.at(100)
    pair.pc.keys = stranger.keys
    assert pair.knock() == "enrolment"
    status, _ = pair.post(RENEWAL_PATH, b"\x00" * 200)
    assert status == 400
    assert pair.work() == ()


def test_new_roots_are_told_to_every_node_once(pair: Pair) -> None:
    keys = load_pki(pair.site.settings.pki_dir).keys
    keys.roll_over(keys.root(), pair.site.settings.hub, now=NOW, entropy=SystemRandomness().token)
    assert spread_roots(pair.site.database, NOW, pair.issuer) == 1
    assert pair.work() == (NODE,)
    assert spread_roots(pair.site.database, NOW, pair.issuer) == 0
    (body,) = pair.certificates()
    pair.deliver(body)
    assert pair.enrolled().authority.count("BEGIN CERTIFICATE") == 2
    assert pair.is_believed()
    with pair.site.database.session() as session:
        assert nodes_behind(session, pair.issuer.authority.trust_digest) == [NODE]  # its cursor says so
        note_mail(session, NODE, cursor=10_000, free_numbers=200)
        assert nodes_behind(session, pair.issuer.authority.trust_digest) == []


def a_false_hub(pair: Pair, path: str, body: bytes) -> tuple[int, bytes]:
    """Answer what a hub with other keys would answer."""
    status, raw = Wire(pair.site).post(path, body)
    if status != 200:
        return status, raw
    message = verify_certificate(raw, node=NODE, find_key=pair.enrolled().find_message_key)
    return 200, sign(to_bytes(message), key=pair.pc.keys.signing_key, purpose=Purpose.CERTIFICATE)


def test_only_the_hubs_own_answer_is_taken_at_the_door(pair: Pair) -> None:
    pair.at(100)
    pair.knock()
    pair.work()
    before = pair.enrolled().certificate
    door = Door(database=pair.pc.database, keys=pair.pc.keys, clock=pair.pc.clock, open_web=lambda _: FalseHub(pair))
    assert door.knock() == "key_unknown"
    assert pair.enrolled().certificate == before


@dataclass
class FalseHub:
    """Sits between the node and its hub, with a key of its own."""

    pair: Pair

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        return a_false_hub(self.pair, path, body)


def spoilt(pair: Pair, **changes: str) -> bytes:
    """Return the hub's own answer with something changed in it, signed by the hub: as if it had erred."""
    message = verify_certificate(pair.certificates()[0], node=NODE, find_key=pair.enrolled().find_message_key)
    return sign(
        to_bytes(msgspec.structs.replace(message, **changes)), key=pair.issuer.message_key, purpose=Purpose.CERTIFICATE
    )


@pytest.mark.parametrize("field", ["certificate", "authority"])
def test_a_chain_that_leads_nowhere_is_not_kept(pair: Pair, field: str) -> None:
    pair.at(61)
    pair.write(pair.wish())
    pair.work()
    other = found_authority(pair.site.settings.hub, now=NOW, entropy=SystemRandomness().token)
    stranger = other.issue_node(
        NODE, proven_before(pair.pc.keys.public_tls_key), now=pair.pc.clock.now(), entropy=SystemRandomness().token
    )
    value = other.with_chain(stranger).decode() if field == "certificate" else other.trust_pem.decode()
    with pytest.raises(SchemaError):
        read_next(spoilt(pair, **{field: value}), pair.enrolled())
