"""Officers, PINs and vaults on a real disk; the enrolment as seen from the node."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from protocol.catalogue import OfficeCode, service_bytes
from protocol.enrolment import (
    CODE_BYTES,
    EnrolmentAnswer,
    OfficeName,
    authenticate,
    derive_code_keys,
    fingerprint,
    make_code,
    open_request,
    parse_authenticated,
)
from protocol.envelope import Purpose, sign
from protocol.ids import OfficerId
from protocol.mailbox import NumberLease, OfficerCertificate
from protocol.wire import to_bytes
from tests.hub_stand_in import HubStandIn
from tests.node_stand import PIN, NodeStand, a_service
from village_node import PROGRAM
from village_node.catalogue.service import newest_services
from village_node.identity import enrolment
from village_node.identity.certificates import is_certified
from village_node.identity.errors import (
    AlreadyEnrolledError,
    EnrolmentPendingError,
    EnrolmentRefusedError,
    HubUnreachableError,
    KeyFileError,
    OfficerUnknownHereError,
    PinFormError,
    PinLockedError,
    PinWrongError,
    VaultError,
)
from village_node.identity.hub import free_numbers, load_enrolled, newest_checkpoint
from village_node.identity.keys import NodeKeys, load_keys
from village_node.identity.officers import change_pin, list_officers
from village_node.identity.sessions import UnlockSessions
from village_node.identity.web import UrlHubWeb

WRONG = "193750"


@pytest.fixture
def stand(tmp_path: Path) -> NodeStand:
    return NodeStand(tmp_path)


# --- keys ------------------------------------------------------------------------------------------------------------


def test_keys_are_the_owners_alone_and_stay(stand: NodeStand) -> None:
    folder = stand.directory / "keys"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert load_keys(folder).public_signing_key == stand.keys.public_signing_key


def test_a_damaged_key_file_is_refused_and_not_replaced(stand: NodeStand) -> None:
    path = stand.directory / "keys" / "signing.key"
    path.write_bytes(b"torn")
    with pytest.raises(KeyFileError):
        NodeStand(stand.directory)
    assert path.read_bytes() == b"torn"


# --- officers --------------------------------------------------------------------------------------------------------


def test_the_right_pin_opens_the_vault_after_a_restart(stand: NodeStand) -> None:
    officer = stand.add_officer()
    sealed = stand.unlock(officer).vault.seal(b"draft", "draft:1")
    assert NodeStand(stand.directory, seed=2).unlock(officer).vault.open(sealed, "draft:1") == b"draft"


def test_sealed_bytes_do_not_open_elsewhere_or_for_somebody_else(stand: NodeStand) -> None:
    first, second = stand.unlock(stand.add_officer("Bu Siti")), stand.unlock(stand.add_officer("Pak Budi"))
    sealed = first.vault.seal(b"draft", "draft:1")
    for vault, place in ((first.vault, "draft:2"), (second.vault, "draft:1")):
        with pytest.raises(VaultError):
            vault.open(sealed, place)


@pytest.mark.parametrize("pin", ["", "12345", "123456", "654321", "777777", "x" * 65])
def test_a_plain_pin_is_refused(stand: NodeStand, pin: str) -> None:
    with pytest.raises(PinFormError):
        stand.add_officer(pin=pin)
    with stand.database.reading() as session:
        assert list_officers(session) == []


def test_wrong_pins_cost_a_growing_wait_that_a_restart_does_not_end(stand: NodeStand) -> None:
    officer = stand.add_officer()
    for _ in range(5):
        with pytest.raises(PinWrongError):
            stand.unlock(officer, WRONG)
    again = NodeStand(stand.directory, seed=2)
    with pytest.raises(PinLockedError) as caught:
        again.unlock(officer)
    assert 0 < caught.value.wait_s <= 31
    again.clock.pass_s(31)
    assert again.unlock(officer).name == "Bu Siti"


def test_the_wait_doubles_up_to_an_hour(stand: NodeStand) -> None:
    officer = stand.add_officer()
    waits = []
    for _ in range(14):
        with pytest.raises(PinWrongError):
            stand.unlock(officer, WRONG)
        try:
            stand.unlock(officer, WRONG)
        except PinLockedError as error:
            waits.append(error.wait_s)
            stand.clock.pass_s(error.wait_s)
        except PinWrongError:
            pass
    assert waits[:3] == [31, 61, 121]
    assert max(waits) <= 3_601


def test_a_clock_set_back_by_years_does_not_lock_for_years(stand: NodeStand) -> None:
    officer = stand.add_officer()
    for _ in range(5):
        with pytest.raises(PinWrongError):
            stand.unlock(officer, WRONG)
    stand.clock.time -= timedelta(days=3_650)
    assert stand.unlock(officer).officer == officer


def test_the_right_pin_ends_the_counting(stand: NodeStand) -> None:
    officer = stand.add_officer()
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(PinWrongError):
                stand.unlock(officer, WRONG)
        assert stand.unlock(officer).officer == officer


def test_a_changed_pin_opens_the_same_vault(stand: NodeStand) -> None:
    officer = stand.add_officer()
    unlocked = stand.unlock(officer)
    sealed = unlocked.vault.seal(b"draft", "place")
    with stand.database.session() as session:
        change_pin(session, stand.randomness, unlocked, PIN, "504938")
    with pytest.raises(PinWrongError):
        stand.unlock(officer)
    assert stand.unlock(officer, "504938").vault.open(sealed, "place") == b"draft"


def test_an_unknown_officer_is_refused(stand: NodeStand) -> None:
    with pytest.raises(OfficerUnknownHereError):
        stand.unlock(OfficerId("o-0123456789ABCDEF"))


def test_a_session_locks_after_silence(stand: NodeStand) -> None:
    sessions = UnlockSessions(stand.clock, stand.randomness, lock_after_s=600)
    token = sessions.open(stand.unlock(stand.add_officer()))
    stand.clock.pass_s(599)
    assert sessions.find(token) is not None
    stand.clock.pass_s(601)
    assert sessions.find(token) is None


def test_nothing_on_the_disk_holds_pin_or_private_key(stand: NodeStand) -> None:
    unlocked = stand.unlock(stand.add_officer())
    secret = unlocked.key.private_bytes_raw()
    stand.database.dispose()
    for path in (path for path in stand.directory.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert PIN.encode() not in content
        assert secret not in content


# --- enrolment -------------------------------------------------------------------------------------------------------


class HubWebStandIn:
    """A hub's web address that gives an authority's answer; ``change`` spoils it."""

    def __init__(self, hub: HubStandIn, code: str) -> None:
        self.hub, self.code = hub, derive_code_keys(code)
        self.approved = False
        self.answer = b""
        self.authority = ec.generate_private_key(ec.SECP256R1())

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path == enrolment.REQUEST_PATH:
            self.request = open_request(parse_authenticated(body), self.code)
            return 202, b""
        return (200, self.answer) if self.approved else (202, b"")

    def approve(self, **changes: object) -> None:
        values: dict[str, object] = {
            "node": self.hub.node,
            "village": self.hub.node.village,
            "village_name": "Desa Keden",
            "subdistrict_name": "Kecamatan Kalijambe",
            "certificate": self.certify(),
            "authority": "authority",
            "broker_host": "broker.example",
            "broker_port": 8883,
            "keys": self.hub.keys,
            "checkpoint": self.hub.ledger.checkpoint().text,
            "officers": [self._officer(each.officer, each.public_key) for each in self.request.officers],
            "leases": [NumberLease(year=2026, first=11, last=20)],
            "services": [service_bytes(a_service()), b"from a newer hub"],
            "offices": [OfficeName(code=OfficeCode("one-stop"), name="DPMPTSP")],
        }
        answer = EnrolmentAnswer(**(values | changes))  # type: ignore[arg-type]  # the types stand above
        self.answer, self.approved = authenticate(answer, self.code.response_key), True

    def certify(self, name: str = "", keys: NodeKeys | None = None) -> str:
        request = x509.load_der_x509_csr(keys.signing_request() if keys else self.request.csr)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name or str(self.hub.node))])
        now = datetime(2026, 11, 24, tzinfo=UTC)
        builder = x509.CertificateBuilder(subject_name=subject, issuer_name=subject, serial_number=7)
        builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=365))
        certificate = builder.public_key(request.public_key()).sign(self.authority, SHA256())
        return certificate.public_bytes(Encoding.PEM).decode()

    def _officer(self, officer: OfficerId, public_key: bytes) -> bytes:
        certificate = OfficerCertificate(officer=officer, node=self.hub.node, public_key=public_key, issued_at=0)
        return sign(to_bytes(certificate), key=self.hub.message_key, purpose=Purpose.OFFICER)


@pytest.fixture
def code() -> str:
    return make_code(bytes(range(CODE_BYTES)))


@pytest.fixture
def web(code: str) -> HubWebStandIn:
    return HubWebStandIn(HubStandIn(1), code)


def ask(stand: NodeStand, web: HubWebStandIn, code: str) -> enrolment.Asked:
    with stand.database.reading() as session:
        return enrolment.ask(session, web, stand.keys, code, PROGRAM)


def fetch_and_store(stand: NodeStand, web: HubWebStandIn, asked: enrolment.Asked) -> None:
    checked = enrolment.fetch(web, stand.keys, asked)
    with stand.database.session() as session:
        enrolment.store_answer(session, stand.clock.now(), checked)


def test_everything_that_the_hub_answers_is_there_after_the_enrolment(
    stand: NodeStand, web: HubWebStandIn, code: str
) -> None:
    officer = stand.add_officer()
    asked = ask(stand, web, code.lower())
    assert asked.fingerprint == fingerprint(web.request.signing_key)
    with pytest.raises(EnrolmentPendingError):
        enrolment.fetch(web, stand.keys, asked)
    web.approve()
    fetch_and_store(stand, web, asked)
    with stand.database.reading() as session:
        assert load_enrolled(session).node == web.hub.node
        assert free_numbers(session) == 10
        assert is_certified(session, officer)
        assert [service.code for service in newest_services(session)] == ["D-SKU"]
        seen = newest_checkpoint(session)
    assert seen is not None
    assert (seen.size, seen.root) == (web.hub.ledger.ref().size, web.hub.ledger.ref().root)


def test_an_answer_made_with_another_code_is_refused(stand: NodeStand, web: HubWebStandIn, code: str) -> None:
    stand.add_officer()
    asked = ask(stand, web, code)
    web.code = derive_code_keys(make_code(bytes(CODE_BYTES)))
    web.approve()
    with pytest.raises(EnrolmentRefusedError):
        enrolment.fetch(web, stand.keys, asked)


def test_a_certificate_for_another_key_or_name_is_refused(
    stand: NodeStand, web: HubWebStandIn, code: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stand.add_officer()
    asked = ask(stand, web, code)
    other = NodeStand(tmp_path_factory.mktemp("other"), seed=9)
    for certificate in (web.certify(keys=other.keys), web.certify(name="3314012002-01"), "rubbish"):
        web.approve(certificate=certificate)
        with pytest.raises(EnrolmentRefusedError):
            enrolment.fetch(web, stand.keys, asked)


def test_a_checkpoint_that_the_log_did_not_sign_is_refused(stand: NodeStand, web: HubWebStandIn, code: str) -> None:
    stand.add_officer()
    asked = ask(stand, web, code)
    web.approve(checkpoint=HubStandIn(2).ledger.checkpoint().text)
    with pytest.raises(EnrolmentRefusedError):
        enrolment.fetch(web, stand.keys, asked)


def test_a_node_is_enrolled_once(stand: NodeStand, web: HubWebStandIn, code: str) -> None:
    stand.add_officer()
    asked = ask(stand, web, code)
    web.approve()
    fetch_and_store(stand, web, asked)
    with pytest.raises(AlreadyEnrolledError):
        ask(stand, web, code)
    with pytest.raises(AlreadyEnrolledError):
        fetch_and_store(stand, web, asked)


def test_a_code_with_a_slip_of_the_pen_is_refused_before_anything_is_sent(stand: NodeStand, web: HubWebStandIn) -> None:
    with pytest.raises(EnrolmentRefusedError):
        ask(stand, web, "0123")


def test_a_hub_that_does_not_answer_is_said_to_be_unreachable() -> None:
    with pytest.raises(HubUnreachableError):
        UrlHubWeb("http://127.0.0.1:9", timeout_s=2).post("/enrol/request", b"")
