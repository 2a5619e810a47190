"""The self-test of the road: each way in which a connection fails has its own code, by real sockets and TLS."""

import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from village_node.health.road import RoadStep, StepResult, classify, validity_of, walk
from village_node.identity.keys import TlsFiles

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
GOOD = (NOW - DAY, NOW + DAY)


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.key, self.name, self.folder = (
            Ed25519PrivateKey.generate(),
            x509.Name.from_rfc4514_string(f"CN={name}"),
            folder,
        )
        self.file = folder / f"{name}.crt"
        made = self._build(self.key, self.name, GOOD).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), True
        )
        self.file.write_bytes(made.sign(self.key, None).public_bytes(Encoding.PEM))

    def issue(self, name: str, when: tuple[datetime, datetime] = GOOD, host: str = "127.0.0.1") -> tuple[Path, Path]:
        """Return the files of certificate and key."""
        key = Ed25519PrivateKey.generate()
        subject = x509.Name.from_rfc4514_string(f"CN={name}")
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        made = self._build(key, subject, when).add_extension(names, critical=False).sign(self.key, None)
        certificate, private = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(made.public_bytes(Encoding.PEM))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, private

    def _build(
        self, key: Ed25519PrivateKey, subject: x509.Name, when: tuple[datetime, datetime]
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(subject_name=subject, issuer_name=self.name, public_key=key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(when[0]).not_valid_after(when[1])


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "theirs")


def node_files(trust: Authority, issuer: Authority, when: tuple[datetime, datetime] = GOOD) -> TlsFiles:
    certificate, key = issuer.issue("node", when)
    return TlsFiles(key=key, certificate=certificate, authority=trust.file)


@contextmanager
def broker(server: tuple[Path, Path], trust: Authority, *, hangs_up: bool = False) -> Iterator[int]:
    """Serve TLS that asks for a client's certificate, and say nothing, as a broker does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server)
    context.load_verify_locations(trust.file)
    context.verify_mode = ssl.CERT_REQUIRED
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            opened, _ = listening.accept()
            with context.wrap_socket(opened, server_side=True) as secured:
                if not hangs_up:
                    secured.recv(1)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    yield listening.getsockname()[1]
    listening.close()


def last(host: str, port: int, files: TlsFiles) -> StepResult:
    return list(walk(host, port, files))[-1]


def test_a_good_road_is_good_to_its_end(ours: Authority) -> None:
    files = node_files(ours, ours)
    with broker(ours.issue("hub"), ours) as port:
        steps = list(walk("127.0.0.1", port, files))
    assert steps == [StepResult(step=step) for step in RoadStep]


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ((NOW - 9 * DAY, NOW - DAY), "hub_certificate_expired"),
        ((NOW + DAY, NOW + 9 * DAY), "hub_certificate_not_yet"),
    ],
)
def test_dates_of_the_hubs_certificate_are_told(ours: Authority, when: tuple[datetime, datetime], code: str) -> None:
    files = node_files(ours, ours)
    with broker(ours.issue("hub", when), ours) as port:
        assert last("127.0.0.1", port, files) == StepResult(step=RoadStep.TLS, code=code)


def test_somebody_elses_hub_is_told(ours: Authority, theirs: Authority) -> None:
    files = node_files(ours, ours)
    with broker(theirs.issue("hub"), ours) as port:
        assert last("127.0.0.1", port, files).code == "wrong_authority"


def test_a_hub_of_another_name_is_told(ours: Authority) -> None:
    files = node_files(ours, ours)
    with broker(ours.issue("hub", host="127.0.0.9"), ours) as port:
        assert last("127.0.0.1", port, files).code == "wrong_name"


def test_a_refused_certificate_of_ours_is_told_though_the_handshake_was_over(
    ours: Authority, theirs: Authority
) -> None:
    files = node_files(ours, theirs)
    with broker(ours.issue("hub"), ours) as port:
        assert last("127.0.0.1", port, files).code == "our_certificate_refused"


def test_our_expired_certificate_is_told(ours: Authority) -> None:
    files = node_files(ours, ours, (NOW - 9 * DAY, NOW - DAY))
    with broker(ours.issue("hub"), ours) as port:
        assert last("127.0.0.1", port, files).code == "our_certificate_expired"


def test_a_server_that_hangs_up_is_told(ours: Authority) -> None:
    files = node_files(ours, ours)
    with broker(ours.issue("hub"), ours, hangs_up=True) as port:
        assert last("127.0.0.1", port, files).code == "cut_early"


def test_a_missing_certificate_of_ours_is_told(ours: Authority, tmp_path: Path) -> None:
    key = ours.issue("node")[1]
    files = TlsFiles(key=key, certificate=tmp_path / "none", authority=ours.file)
    with broker(ours.issue("hub"), ours) as port:
        assert last("127.0.0.1", port, files).code == "certificate_missing"


def test_a_closed_port_and_an_unknown_name_are_told(ours: Authority) -> None:
    files = node_files(ours, ours)
    assert last("127.0.0.1", 9, files) == StepResult(step=RoadStep.PORT, code="refused")
    assert last("no.such.host.invalid", 9, files) == StepResult(step=RoadStep.NAME, code="name")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENETUNREACH, ""), "no_network"),
        (OSError(errno.EHOSTUNREACH, ""), "no_network"),
        (TimeoutError(), "timeout"),
        (OSError(errno.ECONNRESET, ""), "network"),
        (ssl.SSLError(1, "odd"), "tls"),
    ],
)
def test_errors_of_the_system_have_codes(error: OSError, code: str) -> None:
    assert classify(error) == code


def test_the_dates_of_our_own_certificate_are_read(ours: Authority) -> None:
    validity = validity_of(ours.issue("node")[0].read_text())
    assert validity is not None
    codes = [validity.code(at) for at in (NOW, NOW + 2 * DAY, NOW - 2 * DAY)]
    assert codes == ["", "our_certificate_expired", "our_certificate_not_yet"]
    assert validity_of("rubbish") is None
