"""Enrolment with one-time codes, both sides, on both databases."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.authority.certification import issue_approved
from hub.authority.enrolment import Reply, refuse
from hub.authority.errors import AuthorityError
from hub.authority.pki_check import check_node_certificate
from hub.authority.rules import ApprovalRule, CodeState, Verdict
from hub.authority.tables import EnrolmentCode
from hub.dispatch.post import Standings, announce
from hub.dispatch.tables import NoticeRow
from hub.registry.errors import RegistryError
from hub.registry.queries import load_node, officers_by_kid
from hub.registry.service import revoke_node
from hub.storage.engine import Database
from protocol.checkpoint import LogKey, verify_checkpoint
from protocol.enrolment import EnrolmentAnswer, authenticate, open_answer
from protocol.envelope import Purpose, load_public_key, one_key, public_bytes, verify
from protocol.errors import EnrolmentError, MalformedError, ProtocolError, TooLargeError, VersionError
from protocol.ids import NodeId, VillageCode, key_id
from protocol.limits import MAX_ENROLMENT_BYTES, MAX_MAIL_BYTES
from protocol.mailbox import NoticeKind, OfficerCertificate
from protocol.wire import from_bytes
from tests.integration.fleet import (
    CATALOGUE,
    HUB,
    NOW,
    HubSide,
    VillagePc,
    a_node,
    an_officer,
    decision,
    fresh_database,
    later,
)

NODE = NodeId("3314052003-01")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        yield made


@pytest.fixture
def hub(database: Database) -> HubSide:
    return HubSide(database)


@pytest.fixture
def pc(hub: HubSide) -> VillagePc:
    """A PC in whose office the code was typed in."""
    return VillagePc(hub.invite())


def answered(hub: HubSide, pc: VillagePc) -> EnrolmentAnswer:
    raw = hub.answer(pc).answer
    assert raw is not None
    return open_answer(raw, pc.keys)


def code_row(session: Session, pc: VillagePc) -> EnrolmentCode:
    return session.scalars(select(EnrolmentCode).where(EnrolmentCode.code_id == pc.keys.code_id)).one()


def test_the_whole_way(hub: HubSide, pc: VillagePc) -> None:
    assert hub.request(pc.request()) is Verdict.PENDING
    assert hub.approve(pc) == NODE
    assert hub.answer(pc) == Reply(verdict=Verdict.PENDING)
    hub.issue()
    answer = answered(hub, pc)
    assert (answer.node, answer.village, answer.keys.hub) == (NODE, "33.14.05.2003", HUB)
    assert (answer.broker_host, answer.broker_port) == ("broker.sragen.example", 8883)
    assert answer.services == list(CATALOGUE.wire_services())
    assert [(lease.year, lease.first, lease.last) for lease in answer.leases] == [(2026, 1, 200)]


def test_the_answer_names_the_village_and_its_offices(hub: HubSide) -> None:
    pc = VillagePc(hub.invite(village=VillageCode("33.14.01.2005")))
    hub.request(pc.request())
    hub.approve(pc)
    hub.issue()
    answer = answered(hub, pc)
    assert (answer.village_name, answer.subdistrict_name) == ("Desa Krikilan", "Kecamatan Kalijambe")
    names = {str(each.code): each.name for each in answer.offices}
    assert names["agency.dinkes"] == "Dinkes"
    local = {code: name for code, name in names.items() if code.startswith(("subdistrict.", "village."))}
    assert local == {"subdistrict.33.14.01": "Kec. Kalijambe", "village.33.14.01.2005": "Desa Krikilan"}


def test_the_hub_decides_the_name(hub: HubSide, pc: VillagePc) -> None:
    pc.claimed_name = "3314012001-01"  # a neighbour's
    hub.request(pc.request())
    hub.approve(pc)
    hub.issue()
    pem = answered(hub, pc).certificate.encode()
    authority = hub.issuer.authority.trust
    assert check_node_certificate(pem, authority, now=NOW, revoked=frozenset()) == NODE
    assert x509.load_pem_x509_certificate(pem).public_key() == pc.key.public_key()


def test_the_answer_lets_the_node_check_everything_later(hub: HubSide, pc: VillagePc) -> None:
    hub.request(pc.request())
    hub.approve(pc)
    hub.issue()
    answer = answered(hub, pc)
    checkpoint = verify_checkpoint(answer.checkpoint, LogKey.parse(answer.keys.log))
    assert checkpoint.size == 1  # the enrolment itself
    find_key = one_key(load_public_key(answer.keys.message_key))
    (raw,) = answer.officers
    payload = verify(raw, purpose=Purpose.OFFICER, find_key=find_key, max_bytes=MAX_MAIL_BYTES).payload
    certificate = from_bytes(payload, OfficerCertificate, max_bytes=MAX_MAIL_BYTES)
    assert (certificate.node, certificate.public_key) == (NODE, pc.officers[0].public_key)


def test_the_hub_knows_the_keys_afterwards(hub: HubSide, database: Database, pc: VillagePc) -> None:
    hub.request(pc.request())
    hub.approve(pc)
    hub.issue()
    with database.reading() as session:
        record = load_node(session, NODE)
        officers = officers_by_kid(session, NODE)
    assert record is not None
    assert record.signing_kid == key_id(public_bytes(pc.key.public_key()))
    assert list(officers) == [key_id(pc.officers[0].public_key)]


def test_the_same_request_again_changes_nothing(hub: HubSide, pc: VillagePc) -> None:
    assert [hub.request(pc.request()) for _ in range(3)] == [Verdict.PENDING] * 3


def test_a_code_is_used_once(hub: HubSide, pc: VillagePc) -> None:
    hub.request(pc.request())
    other = VillagePc(pc.code, seed="another pc")
    assert hub.request(other.request()) is Verdict.USED
    hub.approve(pc)
    assert hub.request(other.request()) is Verdict.USED


def test_a_code_expires(hub: HubSide, pc: VillagePc) -> None:
    assert hub.request(pc.request(), later(hours=24)) is Verdict.EXPIRED
    assert hub.answer(pc, later(hours=24)).verdict is Verdict.EXPIRED


def test_a_code_that_was_never_made(hub: HubSide, pc: VillagePc) -> None:
    stranger = VillagePc("0000000000000000")
    assert hub.request(stranger.request()) is Verdict.UNKNOWN
    assert hub.answer(stranger).verdict is Verdict.UNKNOWN


def test_a_request_made_without_the_code_is_counted_then_blocked(hub: HubSide, pc: VillagePc) -> None:
    forged = pc.request(request_key=b"\0" * 32)
    assert [hub.request(forged) for _ in range(6)] == [Verdict.UNKNOWN] * 5 + [Verdict.BLOCKED]
    assert hub.request(pc.request()) is Verdict.BLOCKED
    assert hub.request(pc.request(), later(minutes=1)) is Verdict.PENDING


def test_who_made_the_code_does_not_approve(hub: HubSide, database: Database, pc: VillagePc) -> None:
    hub.request(pc.request())
    with pytest.raises(AuthorityError) as error:
        hub.approve(pc, by="budi")
    assert error.value.rule is ApprovalRule.SAME_PERSON
    with database.reading() as session:
        assert (load_node(session, NODE), code_row(session, pc).state) == (None, CodeState.REQUESTED)


def refused_approval(hub: HubSide, pc: VillagePc) -> ApprovalRule:
    with pytest.raises(AuthorityError) as error:
        hub.approve(pc)
    return error.value.rule


def test_an_approval_needs_a_request_and_happens_once(hub: HubSide, pc: VillagePc) -> None:
    assert refused_approval(hub, pc) is ApprovalRule.NOT_REQUESTED
    hub.request(pc.request())
    hub.approve(pc)
    assert refused_approval(hub, pc) is ApprovalRule.NOT_REQUESTED
    assert refused_approval(hub, VillagePc("0" * 16)) is ApprovalRule.CODE_UNKNOWN


def test_a_village_of_another_regency_gets_no_code(hub: HubSide) -> None:
    with pytest.raises(AuthorityError) as error:
        hub.invite(village=VillageCode("33.72.01.1001"))
    assert error.value.rule is ApprovalRule.VILLAGE_UNKNOWN


def test_the_code_of_one_village_enrols_no_other(hub: HubSide, pc: VillagePc) -> None:
    other = VillagePc(hub.invite(village=VillageCode("33.14.05.2004")), seed="other", officers=[an_officer("other")])
    assert hub.request(pc.request(request_key=other.keys.request_key)) is Verdict.UNKNOWN
    assert hub.request(other.request()) is Verdict.PENDING
    assert hub.approve(other) == "3314052004-01"


def without_proof(csr: bytes) -> bytes:
    return csr[:-1] + bytes([csr[-1] ^ 1])


def with_a_broker_key() -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(generate_private_key(SECP256R1()), SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("fault", [Verdict.CSR_MALFORMED, Verdict.CSR_NO_PROOF, Verdict.CSR_KEY_TYPE])
def test_a_refused_certificate_request_says_why_and_may_be_corrected(
    hub: HubSide, pc: VillagePc, fault: Verdict
) -> None:
    wrong = {
        Verdict.CSR_MALFORMED: b"no request",
        Verdict.CSR_NO_PROOF: without_proof(pc.csr()),
        Verdict.CSR_KEY_TYPE: with_a_broker_key(),
    }
    assert hub.request(pc.request(csr=wrong[fault])) is fault
    assert hub.request(pc.request()) is Verdict.PENDING


def test_an_enrolled_node_is_welcomed_with_what_holds_for_all(hub: HubSide, database: Database, pc: VillagePc) -> None:
    with database.session() as session:
        announce(session, NOW, Standings(NoticeKind.CALENDAR, {"": b"days off"}))
    hub.request(pc.request())
    node = hub.approve(pc)
    with database.reading() as session:
        rows = session.scalars(select(NoticeRow).where(NoticeRow.node_id == str(node))).all()
    assert [(row.number, row.kind, row.body) for row in rows] == [(1, "calendar", b"days off")]


def test_a_sealing_key_of_small_order_is_refused_and_may_be_corrected(hub: HubSide, pc: VillagePc) -> None:
    for number in (0, 1):
        weak = replace(pc, sealing_key=number.to_bytes(32, "little"))
        assert hub.request(weak.request()) is Verdict.CSR_KEY_TYPE
    assert hub.request(pc.request()) is Verdict.PENDING


def test_a_key_that_is_enrolled_already_is_refused(hub: HubSide, database: Database, pc: VillagePc) -> None:
    with database.session() as session:
        a_node(session, pc.seed)
    assert hub.request(pc.request()) is Verdict.KEY_TAKEN


def test_a_key_enrolled_between_request_and_approval_is_refused(
    hub: HubSide, database: Database, pc: VillagePc
) -> None:
    hub.request(pc.request())
    with database.session() as session:
        a_node(session, pc.seed)
    with pytest.raises(RegistryError):
        hub.approve(pc)


def test_an_officer_who_is_known_already_is_refused(hub: HubSide, pc: VillagePc) -> None:
    hub.request(pc.request())
    hub.approve(pc)
    twin = VillagePc(hub.invite(), seed="another pc")
    assert hub.request(twin.request()) is Verdict.KEY_TAKEN


def test_the_answer_is_the_same_for_an_hour_then_gone(hub: HubSide, database: Database, pc: VillagePc) -> None:
    hub.request(pc.request())
    hub.approve(pc)
    hub.issue()
    first = hub.answer(pc)
    hub.issue(later(minutes=30))
    assert hub.answer(pc, later(minutes=59)) == first
    assert hub.answer(pc, later(minutes=60)).verdict is Verdict.USED
    hub.issue(later(minutes=60))
    with database.reading() as session:
        row = code_row(session, pc)
    assert (row.state, row.request_key, row.response_key, row.request, row.answer) == ("closed", *[None] * 4)


def test_an_answer_of_somebody_else_is_not_believed(hub: HubSide, pc: VillagePc) -> None:
    hub.request(pc.request())
    hub.approve(pc)
    hub.issue()
    forged = authenticate(answered(hub, pc), b"\0" * 32)
    with pytest.raises(EnrolmentError):
        open_answer(forged, pc.keys)


def test_a_refused_request_stays_refused(hub: HubSide, database: Database, pc: VillagePc) -> None:
    hub.request(pc.request())
    with database.session() as session:
        refuse(session, pc.keys.code_id)
    assert hub.request(pc.request()) is Verdict.REFUSED
    assert hub.answer(pc).verdict is Verdict.REFUSED
    with pytest.raises(AuthorityError):
        hub.approve(pc)


def test_a_node_revoked_before_its_answer_gets_none(hub: HubSide, database: Database, pc: VillagePc) -> None:
    hub.request(pc.request())
    node = hub.approve(pc)
    with database.session() as session:
        revoke_node(session, node, decision())
    hub.issue()
    assert hub.answer(pc).answer is None


def test_answers_wait_for_the_first_checkpoint(hub: HubSide, database: Database, pc: VillagePc) -> None:
    hub.request(pc.request())
    hub.approve(pc)
    assert issue_approved(database, NOW, hub.issuer).nodes == ()
    hub.issue()
    assert hub.answer(pc).answer is not None


@pytest.mark.parametrize(
    ("raw", "error"),
    [(b"", MalformedError), (b"\xa0", VersionError), (b"\0" * (MAX_ENROLMENT_BYTES + 1), TooLargeError)],
)
def test_bytes_that_are_no_request(hub: HubSide, raw: bytes, error: type[ProtocolError]) -> None:
    with pytest.raises(error):
        hub.request(raw)


def test_the_code_itself_is_not_stored(database: Database, pc: VillagePc) -> None:
    with database.reading() as session:
        row = code_row(session, pc)
    stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in vars(row).values())
    assert pc.code.encode() not in stored
