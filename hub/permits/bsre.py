"""The signature provider for BSrE, the state's certificate authority for civil servants (PP 71/2019 article 60(2)).

An office hosts BSrE's *Esign Client Service* itself; its version 2 takes ``POST /api/v2/sign/pdf`` with Basic
authentication and JSON ``{nik, passphrase, signatureProperties, file: [base64]}`` and answers ``{file: [base64]}``, or
an error with ``status_code`` (2011: this person has no certificate, 2031: wrong passphrase). Never tried against the
real service: only against a stand-in of this shape (tests), because an account there belongs to an office.

Rules:
1. The passphrase lives in one request: it is in no object that outlives the call, no log, no error.
2. Each step has a time-out; a redirect is not followed; an answer has a bound. What cannot be told is *away*, and the
   number stays reserved for the next attempt.
3. An answer counts only when it is our very file with one signature over the whole of it.
"""

import base64
import binascii
import http.client
import json
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from hub.permits.signing import (
    Passphrase,
    PassphraseRefusedError,
    ProviderAwayError,
    ProviderRefusedError,
    Signer,
    SignerUnknownError,
    is_signed_copy,
)
from protocol.limits import MAX_DOCUMENT_BYTES

PATH = "/api/v2/sign/pdf"
MAX_ANSWER_BYTES = MAX_DOCUMENT_BYTES * 2
"""Base64 of the largest document, with room for the frame."""

OK, SERVER_ERROR = 200, 500
NOT_REGISTERED, WRONG_PASSPHRASE = 2011, 2031


@dataclass(frozen=True, kw_only=True, slots=True)
class BsreAccount:
    """Where the office's client service is, and how the hub presents itself to it."""

    url: str
    """``https://host[:port]``; plain http only on this machine."""
    user: str
    password: str = field(repr=False)
    timeout_s: float = 20.0


class BsreProvider:
    """Signs through an Esign Client Service."""

    def __init__(self, account: BsreAccount) -> None:
        """Take the account.

        Raises:
            ValueError: an address that the passphrase must not travel to.
        """
        parts = urlsplit(account.url)
        is_here = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if not parts.hostname or parts.path.strip("/") or parts.scheme not in {"https", "http"}:
            raise ValueError("bsre_url: https://host[:port] is wanted")
        if parts.scheme == "http" and not is_here:
            raise ValueError("bsre_url: plain http would show the passphrase to the network")
        self._account = account
        self._host, self._port, self._is_tls = parts.hostname, parts.port, parts.scheme == "https"

    @property
    def asks_passphrase(self) -> bool:
        """The service wants the person's passphrase for each signature."""
        return True

    def sign_pdf(self, pdf: bytes, signer: Signer, passphrase: Passphrase, now: datetime) -> bytes:  # noqa: ARG002  # interface
        """Return the signed file.

        Raises:
            PassphraseRefusedError, SignerUnknownError: what the service says about the person.
            ProviderAwayError: not reachable, too slow, or broken.
            ProviderRefusedError: anything else, also an answer that is not our file, signed.
        """
        if not passphrase.is_given:
            raise PassphraseRefusedError
        status, body = self._post(_request(pdf, signer, passphrase))
        answer = _parse(body, status)
        if status != OK or "file" not in answer:
            raise _refusal(answer, status)
        signed = _signed_file(answer)
        if not is_signed_copy(signed, pdf):
            raise ProviderRefusedError("the answer is not our document, signed")
        return signed

    def _post(self, body: bytes) -> tuple[int, bytes]:
        account = self._account
        token = base64.b64encode(f"{account.user}:{account.password}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json", "Accept": "application/json"}
        connection = self._connect()
        try:
            connection.request("POST", PATH, body=body, headers=headers)
            answer = connection.getresponse()
            raw = answer.read(MAX_ANSWER_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise ProviderAwayError(type(error).__name__) from None
        finally:
            connection.close()
        if len(raw) > MAX_ANSWER_BYTES:
            raise ProviderRefusedError("answer too large")
        return answer.status, raw

    def _connect(self) -> http.client.HTTPConnection:
        timeout_s = self._account.timeout_s
        if self._is_tls:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout_s, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)


def _request(pdf: bytes, signer: Signer, passphrase: Passphrase) -> bytes:
    look = {"tampilan": "INVISIBLE", "location": signer.office, "reason": signer.capacity}
    wanted = {
        "nik": signer.nik,
        "passphrase": passphrase.value,
        "signatureProperties": [look],
        "file": [base64.b64encode(pdf).decode()],
    }
    return json.dumps(wanted).encode()


def _parse(body: bytes, status: int) -> dict[str, object]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        return answer
    if status >= SERVER_ERROR:  # a proxy in front of the service answers with a page of its own
        raise ProviderAwayError(f"HTTP {status}")
    raise ProviderRefusedError("answer is no JSON object")


def _refusal(answer: dict[str, object], status: int) -> Exception:
    """Return the error for what the service says; its words may quote the person, so only the code is kept."""
    code = answer.get("status_code")
    if code == WRONG_PASSPHRASE:
        return PassphraseRefusedError()
    if code == NOT_REGISTERED:
        return SignerUnknownError()
    if status >= SERVER_ERROR:
        return ProviderAwayError(f"HTTP {status}")
    return ProviderRefusedError(f"status_code {code}" if isinstance(code, int) else "refused")


def _signed_file(answer: dict[str, object]) -> bytes:
    files = answer["file"]
    if not isinstance(files, list) or len(files) != 1 or not isinstance(files[0], str):
        raise ProviderRefusedError("answer holds no file")
    try:
        return base64.b64decode(files[0], validate=True)
    except (binascii.Error, ValueError):
        raise ProviderRefusedError("answer holds no base64") from None
