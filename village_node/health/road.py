"""The road to the hub, step by step: name, port, TLS, both certificates. What fails gets a stable code.

Rules:
1. Codes are told apart by types and numbers of the libraries, never by their sentences.
2. In TLS 1.3 a broker refuses our certificate *after* the handshake: the first read tells (RFC 8446 §4.4.2.4).
3. The test talks to nobody but the broker of the enrolment, sends nothing, and ends within its time.
"""

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from village_node.identity.keys import TlsFiles

CONNECT_S = 8.0
"""Name, port and TLS each: a link with 0.7 s round trip and losses needs 5 s."""

LISTEN_S = 2.0
"""How long a refusal of our certificate is waited for."""


class RoadStep(StrEnum):
    """One step of the road."""

    NAME = "name"
    PORT = "port"
    TLS = "tls"


@dataclass(frozen=True, kw_only=True, slots=True)
class StepResult:
    """How a step went; ``code`` is empty when well."""

    step: RoadStep
    code: str = ""


_VERIFY_CODES: Mapping[int, str] = {
    9: "hub_certificate_not_yet",
    10: "hub_certificate_expired",
    62: "wrong_name",
    64: "wrong_name",
}
"""X509_V_ERR_* of OpenSSL that mean something else than an authority that is not ours."""

_ALERTS: Mapping[str, str] = {
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "our_certificate_expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "our_certificate_refused",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "our_certificate_refused",
    "SSLV3_ALERT_BAD_CERTIFICATE": "our_certificate_refused",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "our_certificate_refused",
    "TLSV1_ALERT_UNKNOWN_CA": "our_certificate_refused",
    "TLSV1_ALERT_ACCESS_DENIED": "our_certificate_refused",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "our_certificate_refused",
}

_NUMBERS: Mapping[int, str] = {
    errno.ECONNREFUSED: "refused",
    errno.ENETUNREACH: "no_network",
    errno.EHOSTUNREACH: "no_network",
    errno.ENETDOWN: "no_network",
    errno.EADDRNOTAVAIL: "no_network",
    errno.ETIMEDOUT: "timeout",
}


def classify(error: OSError) -> str:
    """Return the stable code for why a connection could not be opened."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY_CODES.get(error.verify_code, "wrong_authority")
    if isinstance(error, ssl.SSLError):
        return _ALERTS.get(getattr(error, "reason", None) or "", "tls")  # one that Python made itself has none
    kinds: tuple[tuple[type[OSError], str], ...] = (
        (socket.gaierror, "name"),
        (TimeoutError, "timeout"),
        (FileNotFoundError, "certificate_missing"),
    )
    found = next((code for kind, code in kinds if isinstance(error, kind)), None)
    return found or _NUMBERS.get(error.errno or 0, "network")


def open_context(files: TlsFiles) -> ssl.SSLContext:
    """Return how this node speaks TLS: our authority alone, our certificate, nothing older than TLS 1.2.

    Raises:
        OSError: a file is missing or is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks chain and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=files.authority)  # our authority alone, never the system's store
    context.load_cert_chain(certfile=files.certificate, keyfile=files.key)
    return context


def walk(host: str, port: int, files: TlsFiles) -> Iterator[StepResult]:
    """Go the road until a step fails; each step is told when it is done."""
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        yield StepResult(step=RoadStep.NAME, code=classify(error))
        return
    yield StepResult(step=RoadStep.NAME)
    try:
        opened = socket.create_connection((str(address[4][0]), port), timeout=CONNECT_S)
    except OSError as error:
        yield StepResult(step=RoadStep.PORT, code=classify(error))
        return
    yield StepResult(step=RoadStep.PORT)
    with opened:
        yield StepResult(step=RoadStep.TLS, code=_greet(opened, host, files))


def _greet(opened: socket.socket, host: str, files: TlsFiles) -> str:
    """Shake hands and listen whether our certificate is refused (rule 2); return the code."""
    try:
        with open_context(files).wrap_socket(opened, server_hostname=host) as secured:
            secured.settimeout(LISTEN_S)
            return "" if _stays_open(secured) else "cut_early"
    except OSError as error:
        return classify(error)


def _stays_open(secured: ssl.SSLSocket) -> bool:
    try:
        return bool(secured.recv(1))
    except TimeoutError:
        return True  # the broker waits for us to speak first: it has taken the certificate


@dataclass(frozen=True, kw_only=True, slots=True)
class Validity:
    """From when until when a certificate holds."""

    begins: datetime
    ends: datetime

    def code(self, now: datetime) -> str:
        """Return what is wrong with it at this time, by a code; empty when nothing is."""
        if now < self.begins:
            return "our_certificate_not_yet"
        return "our_certificate_expired" if now > self.ends else ""


def validity_of(certificate: str) -> Validity | None:
    """Return from when until when a certificate in PEM holds, or None when it cannot be read."""
    try:
        read = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        return None
    return Validity(begins=read.not_valid_before_utc, ends=read.not_valid_after_utc)
