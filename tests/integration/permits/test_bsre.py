"""The provider for BSrE against a stand-in of its client service on loopback."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hub.permits.bsre import BsreAccount, BsreProvider
from hub.permits.paper import draw
from hub.permits.signing import (
    Passphrase,
    PassphraseRefusedError,
    ProviderAwayError,
    ProviderError,
    ProviderRefusedError,
    Signer,
    SignerUnknownError,
)
from tests.integration.permits.papers import NOW, SIGNER, a_paper, a_provider

ORIGINAL = draw(a_paper())
LOCAL = a_provider()
SECRET = "rahasia-uji-coba"
OFFICIAL = Signer(name=SIGNER.name, capacity=SIGNER.capacity, office=SIGNER.office, nik="3314990101800001")

Answer = tuple[int, bytes]


class StandIn:
    """Answers as the client service does; ``answer`` may be replaced."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []
        self.paths: list[str] = []
        self.credentials: list[str] = []
        self.answer: Callable[[dict[str, object]], Answer] = self.sign

    def sign(self, wanted: dict[str, object]) -> Answer:
        if wanted["nik"] != OFFICIAL.nik:
            return 400, json.dumps({"error": "User tidak terdaftar", "status_code": 2011}).encode()
        if wanted["passphrase"] != SECRET:
            return 400, json.dumps({"error": "Passphrase anda salah", "status_code": 2031}).encode()
        files = wanted["file"]
        assert isinstance(files, list)
        signed = LOCAL.sign_pdf(base64.b64decode(str(files[0])), SIGNER, Passphrase(""), NOW)
        return 200, json.dumps({"time": 812, "file": [base64.b64encode(signed).decode()]}).encode()


@pytest.fixture
def stand_in() -> Iterator[tuple[StandIn, BsreProvider]]:
    made = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.paths.append(self.path)
            made.credentials.append(self.headers["Authorization"])
            made.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, body = made.answer(made.asked[-1])
            with suppress(ConnectionError):  # the one who asked may have left
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield made, BsreProvider(BsreAccount(url=url, user="simpul", password="kunci", timeout_s=2))
    server.shutdown()
    server.server_close()


def test_the_request_has_the_shape_of_the_service(stand_in: tuple[StandIn, BsreProvider]) -> None:
    service, provider = stand_in
    signed = provider.sign_pdf(ORIGINAL, OFFICIAL, Passphrase(SECRET), NOW)
    (wanted,) = service.asked
    assert signed.startswith(ORIGINAL)
    assert service.paths == ["/api/v2/sign/pdf"]
    assert base64.b64decode(service.credentials[0].removeprefix("Basic ")) == b"simpul:kunci"
    assert set(wanted) == {"nik", "passphrase", "signatureProperties", "file"}
    assert wanted["signatureProperties"] == [
        {"tampilan": "INVISIBLE", "location": OFFICIAL.office, "reason": OFFICIAL.capacity}
    ]


def test_a_wrong_passphrase_is_told_apart(stand_in: tuple[StandIn, BsreProvider]) -> None:
    with pytest.raises(PassphraseRefusedError) as refused:
        stand_in[1].sign_pdf(ORIGINAL, OFFICIAL, Passphrase("salah-sekali"), NOW)
    assert "salah-sekali" not in str(refused.value) + repr(refused.value.__context__)


def test_no_passphrase_is_not_even_sent(stand_in: tuple[StandIn, BsreProvider]) -> None:
    with pytest.raises(PassphraseRefusedError):
        stand_in[1].sign_pdf(ORIGINAL, OFFICIAL, Passphrase(""), NOW)
    assert stand_in[0].asked == []


def test_a_person_without_a_certificate_is_told_apart(stand_in: tuple[StandIn, BsreProvider]) -> None:
    with pytest.raises(SignerUnknownError):
        stand_in[1].sign_pdf(ORIGINAL, SIGNER, Passphrase(SECRET), NOW)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"<html>Bad gateway</html>", ProviderAwayError),
        (503, b"{}", ProviderAwayError),
        (500, b'{"status_code": 2031}', PassphraseRefusedError),
        (401, b'{"error": "Unauthorized"}', ProviderRefusedError),
        (302, b"{}", ProviderRefusedError),
        (200, b"not json", ProviderRefusedError),
        (200, b"[]", ProviderRefusedError),
        (200, b'{"file": []}', ProviderRefusedError),
        (200, b'{"file": ["%%%"]}', ProviderRefusedError),
        (200, json.dumps({"file": [base64.b64encode(ORIGINAL).decode()]}).encode(), ProviderRefusedError),
        (200, b"x" * (10 * 1024 * 1024 + 1), ProviderRefusedError),
    ],
)
def test_every_other_answer_has_its_error(
    stand_in: tuple[StandIn, BsreProvider], status: int, body: bytes, error: type[ProviderError]
) -> None:
    stand_in[0].answer = lambda _: (status, body)
    with pytest.raises(error):
        stand_in[1].sign_pdf(ORIGINAL, OFFICIAL, Passphrase(SECRET), NOW)


def test_another_document_signed_is_not_ours(stand_in: tuple[StandIn, BsreProvider]) -> None:
    other = LOCAL.sign_pdf(draw(a_paper(holder="Orang Lain")), SIGNER, Passphrase(""), NOW)
    stand_in[0].answer = lambda _: (200, json.dumps({"file": [base64.b64encode(other).decode()]}).encode())
    with pytest.raises(ProviderRefusedError):
        stand_in[1].sign_pdf(ORIGINAL, OFFICIAL, Passphrase(SECRET), NOW)


def test_a_service_that_is_too_slow_is_away(stand_in: tuple[StandIn, BsreProvider]) -> None:
    gate = threading.Event()

    def slow(_: dict[str, object]) -> Answer:
        gate.wait(5)
        return 200, b"{}"

    stand_in[0].answer = slow
    with pytest.raises(ProviderAwayError):
        stand_in[1].sign_pdf(ORIGINAL, OFFICIAL, Passphrase(SECRET), NOW)
    gate.set()


def test_nobody_listening_is_away() -> None:
    nowhere = BsreProvider(BsreAccount(url="http://127.0.0.1:9", user="u", password="p", timeout_s=1))
    with pytest.raises(ProviderAwayError):
        nowhere.sign_pdf(ORIGINAL, OFFICIAL, Passphrase(SECRET), NOW)


@pytest.mark.parametrize("url", ["http://esign.example.id", "ftp://x", "", "https://x/path", "esign.example.id"])
def test_a_passphrase_travels_nowhere_else(url: str) -> None:
    with pytest.raises(ValueError, match="bsre_url"):
        BsreProvider(BsreAccount(url=url, user="u", password="p"))


def test_secrets_show_in_no_text() -> None:
    account = BsreAccount(url="https://esign.example.id", user="u", password="kunci-rahasia")
    shown = f"{account!r} {Passphrase(SECRET)!r} {OFFICIAL!r}"
    assert "kunci-rahasia" not in shown
    assert SECRET not in shown
    assert str(OFFICIAL.nik) not in shown
