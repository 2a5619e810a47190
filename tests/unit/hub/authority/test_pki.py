"""Who gets a certificate, what it says, and which certificates are believed."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from hub.authority.pki import (
    CLOCK_SKEW,
    NODE_LIFE,
    REVOCATION_LIST_LIFE,
    CertificateAuthority,
    HubClient,
    Revocation,
    renewal_due_at,
)
from hub.authority.pki_check import (
    CertificateRefusal,
    CertificateRefusedError,
    RequestRefusal,
    RequestRefusedError,
    check_node_certificate,
    check_request,
    fingerprint,
    revoked_serials,
)
from hub.authority.root import found_authority
from protocol.ids import HubId, NodeId

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NODE = NodeId("3314012001-01")
ENTROPY = Random(1).randbytes
AUTHORITY = found_authority(HubId("3314"), now=NOW, entropy=ENTROPY)
KEY = Ed25519PrivateKey.generate()


def a_request(name: str = "anything at all") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(KEY, None).public_bytes(Encoding.DER)


def a_node_certificate(authority: CertificateAuthority = AUTHORITY, *, now: datetime = NOW) -> x509.Certificate:
    return authority.issue_node(NODE, check_request(a_request()), now=now, entropy=ENTROPY)


def pem(certificate: x509.Certificate, authority: CertificateAuthority = AUTHORITY) -> bytes:
    return authority.with_chain(certificate)


def check(raw: bytes, *, now: datetime = NOW, revoked: frozenset[int] = frozenset()) -> NodeId:
    return check_node_certificate(raw, AUTHORITY.trust, now=now, revoked=revoked)


def test_the_hub_decides_the_name_not_the_request() -> None:
    certificate = AUTHORITY.issue_node(NODE, check_request(a_request("hub-intake")), now=NOW, entropy=ENTROPY)
    assert certificate.subject.rfc4514_string() == f"CN={NODE}"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"urn:simpul:node:{NODE}"]


def test_a_node_certificate_serves_clients_for_90_days() -> None:
    certificate = a_node_certificate()
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert certificate.not_valid_before_utc == NOW - CLOCK_SKEW
    assert certificate.not_valid_after_utc == NOW + NODE_LIFE


def test_renewal_is_due_after_two_thirds() -> None:
    assert timedelta(days=59) < renewal_due_at(a_node_certificate()) - NOW < timedelta(days=61)


def test_a_fresh_node_certificate_is_believed() -> None:
    assert check(pem(a_node_certificate())) == NODE


@pytest.mark.parametrize("now", [NOW - timedelta(hours=2), NOW + NODE_LIFE + timedelta(seconds=1)])
def test_a_certificate_outside_its_time_is_not_believed(now: datetime) -> None:
    with pytest.raises(CertificateRefusedError) as refused:
        check(pem(a_node_certificate()), now=now)
    assert refused.value.reason is CertificateRefusal.CHAIN


def test_a_certificate_of_a_look_alike_authority_is_not_believed() -> None:
    impostor = found_authority(HubId("3314"), now=NOW, entropy=ENTROPY)
    with pytest.raises(CertificateRefusedError) as refused:
        check(pem(a_node_certificate(impostor), impostor))
    assert refused.value.reason is CertificateRefusal.CHAIN


def test_a_certificate_of_the_hub_does_not_pass_for_a_node() -> None:
    certificate = AUTHORITY.issue_hub_client(HubClient.INTAKE, KEY.public_key(), now=NOW, entropy=ENTROPY)
    with pytest.raises(CertificateRefusedError) as refused:
        check(pem(certificate))
    assert refused.value.reason is CertificateRefusal.NAME


def test_a_broker_certificate_does_not_pass_for_a_client() -> None:
    certificate = AUTHORITY.issue_broker(["127.0.0.1"], KEY.public_key(), now=NOW, entropy=ENTROPY)
    with pytest.raises(CertificateRefusedError):
        check(pem(certificate))


def test_a_revoked_certificate_is_not_believed() -> None:
    certificate = a_node_certificate()
    with pytest.raises(CertificateRefusedError) as refused:
        check(pem(certificate), revoked=frozenset({certificate.serial_number}))
    assert refused.value.reason is CertificateRefusal.REVOKED


@given(st.binary(max_size=300))
def test_bytes_that_are_no_certificate_are_refused(raw: bytes) -> None:
    with pytest.raises(CertificateRefusedError):
        check(raw)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_request_are_refused(raw: bytes) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        check_request(raw)
    assert refused.value.reason in {RequestRefusal.MALFORMED, RequestRefusal.KEY_TYPE}


def test_a_large_request_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(RequestRefusedError) as refused:
        check_request(a_request() + bytes(4_000))
    assert refused.value.reason is RequestRefusal.TOO_LARGE


def test_a_request_without_proof_of_the_private_key_is_refused() -> None:
    raw = bytearray(a_request())
    raw[-1] ^= 1
    with pytest.raises(RequestRefusedError) as refused:
        check_request(bytes(raw))
    assert refused.value.reason is RequestRefusal.NO_PROOF


def test_another_kind_of_key_is_refused() -> None:
    key = generate_private_key(SECP256R1())
    raw = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    with pytest.raises(RequestRefusedError) as refused:
        check_request(raw.public_bytes(Encoding.DER))
    assert refused.value.reason is RequestRefusal.KEY_TYPE


def test_no_single_changed_byte_of_a_request_brings_another_key() -> None:
    """One byte lies outside what is signed: how many bits of the signature do not count. It changes nothing."""
    good, accepted = a_request(), 0
    for place in range(len(good)):
        changed = bytearray(good)
        changed[place] ^= 0x01
        with suppress(RequestRefusedError):
            assert check_request(bytes(changed)).public_key == KEY.public_key()
            accepted += 1
    assert accepted <= 1


def a_list(authority: CertificateAuthority = AUTHORITY) -> bytes:
    revoked = [Revocation(serial=each, revoked_at=NOW) for each in (7, 5, 7)]
    return authority.issue_revocation_list(revoked, now=NOW).public_bytes(Encoding.PEM)


def test_a_revocation_list_gives_its_serials() -> None:
    assert revoked_serials(a_list(), AUTHORITY.certificate, now=NOW) == {5, 7}


def test_a_stale_revocation_list_is_refused() -> None:
    with pytest.raises(CertificateRefusedError):
        revoked_serials(a_list(), AUTHORITY.certificate, now=NOW + REVOCATION_LIST_LIFE + timedelta(seconds=1))


def test_a_revocation_list_of_another_authority_is_refused() -> None:
    impostor = found_authority(HubId("3314"), now=NOW, entropy=ENTROPY)
    with pytest.raises(CertificateRefusedError):
        revoked_serials(a_list(impostor), AUTHORITY.certificate, now=NOW)


def test_an_authority_comes_back_from_its_files_and_knows_its_hub() -> None:
    again = CertificateAuthority.load(AUTHORITY.key_pem, AUTHORITY.chain_pem, AUTHORITY.trust_pem)
    assert again.hub == "3314"
    assert again.certificate == AUTHORITY.certificate


def test_key_and_certificate_of_different_authorities_are_refused() -> None:
    other = found_authority(HubId("3314"), now=NOW, entropy=ENTROPY)
    with pytest.raises(CertificateRefusedError):
        CertificateAuthority.load(AUTHORITY.key_pem, other.chain_pem, other.trust_pem)


def test_serials_come_from_the_randomness_that_is_handed_in() -> None:
    certificate = AUTHORITY.issue_node(NODE, check_request(a_request()), now=NOW, entropy=lambda count: b"\xff" * count)
    assert certificate.serial_number == 2**159 - 1


def test_a_fingerprint_is_read_aloud_in_six_groups_of_four() -> None:
    assert [len(group) for group in fingerprint(KEY.public_key()).split("-")] == [4] * 6
