"""Signing through a service that asks for a passphrase: what is asked, what is refused, what is never shown again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hub.accounts.access import TOOLS
from hub.permits.service import PermitTools
from hub.permits.signing import (
    Passphrase,
    PassphraseRefusedError,
    ProviderAwayError,
    ProviderError,
    ProviderRefusedError,
    Signer,
    SignerUnknownError,
)
from hub.settings import Settings
from hub.storage.errors import StorageError
from hub.wiring.equipment import make_ports, make_stores
from hub.wiring.web import make_room_tools
from tests.hubs import CATALOGUE
from tests.integration.permits.desk import PROVIDER
from tests.webs import HubWeb, make_web, post

SECRET = "rahasia-penanda-tangan"
NIK = "3314990101800001"


class Asking:
    """A provider that knows one person and one passphrase, or fails as it is told."""

    asks_passphrase = True

    def __init__(self) -> None:
        self.fails: type[ProviderError] | None = None

    def sign_pdf(self, pdf: bytes, signer: Signer, passphrase: Passphrase, now: datetime) -> bytes:
        if self.fails is not None:
            raise self.fails
        if signer.nik != NIK:
            raise SignerUnknownError
        if passphrase.value != SECRET:
            raise PassphraseRefusedError
        return PROVIDER.sign_pdf(pdf, signer, passphrase, now)


@pytest.fixture
def provider() -> Asking:
    return Asking()


@pytest.fixture
def web(tmp_path: Path, provider: Asking) -> Iterator[HubWeb]:
    made = make_web(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}")
    made.app.extensions[TOOLS][PermitTools] = replace(made.desk.tools, provider=provider)
    yield made
    made.hub.database.dispose()


def sign(web: HubWeb, browser: FlaskClient, case_id: str, **typed: str) -> tuple[int, str]:
    form = {"nik": NIK, "passphrase": SECRET} | typed
    answer = post(browser, f"/cases/{case_id}/letter/sign", version=web.town.load(case_id).version_id, **form)
    return answer.status_code, answer.text


def test_the_page_asks_and_the_letter_is_signed(web: HubWeb) -> None:
    case_id, browser = web.desk.ready("PM"), web.browser_of(web.desk.head())
    assert 'type="password"' in browser.get(f"/cases/{case_id}/letter").text
    assert sign(web, browser, case_id)[0] == 303
    assert web.desk.permits(case_id)[0].state == "issued"


@pytest.mark.parametrize(
    ("typed", "status", "says"),
    [
        ({"passphrase": "salah-ketik"}, 422, "Frasa sandi tanda tangan salah"),
        ({"nik": "3314990101800002"}, 422, "belum punya sertifikat"),
        ({"nik": "123"}, 422, "16 angka"),
        ({"passphrase": ""}, 422, "Isi frasa sandi"),
    ],
)
def test_a_refusal_says_why_and_never_shows_the_secret(
    web: HubWeb, typed: dict[str, str], status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case_id, browser = web.desk.ready("PM"), web.browser_of(web.desk.head())
    found, shown = sign(web, browser, case_id, **typed)
    assert (found, says in shown) == (status, True)
    seen = shown + capsys.readouterr().out
    assert SECRET not in seen
    assert "salah-ketik" not in seen
    assert sign(web, browser, case_id)[0] == 303
    assert web.desk.numbers() == ["500.16.7/001/DPMPTSP/XI/2026"]


@pytest.mark.parametrize("error", [ProviderAwayError, ProviderRefusedError])
def test_a_service_that_fails_keeps_the_number(web: HubWeb, provider: Asking, error: type[ProviderError]) -> None:
    case_id, browser = web.desk.ready("PM"), web.browser_of(web.desk.head())
    provider.fails = error
    status, shown = sign(web, browser, case_id)
    assert (status, "Nomor surat tetap dipesan" in shown) == (503, True)
    assert "500.16.7/001/DPMPTSP/XI/2026" in shown


def test_the_program_is_built_with_the_provider_of_the_settings(tmp_path: Path, web: HubWeb) -> None:
    secret = tmp_path / "bsre.password"
    secret.write_text("kunci\n")
    secret.chmod(0o600)
    settings = Settings(
        data_dir=tmp_path,
        signature_provider="bsre",
        bsre_url="https://esign.example.id",
        bsre_user="simpul",
        bsre_password_file=str(secret),
    )
    ports = make_ports(settings)
    _, permits, _ = make_room_tools(settings, CATALOGUE, make_stores(settings), ports)
    assert permits.provider.asks_passphrase
    with pytest.raises(StorageError):  # no authority was made here
        make_room_tools(Settings(data_dir=tmp_path), CATALOGUE, make_stores(settings), ports)
