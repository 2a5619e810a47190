"""Fixtures for the node's pages: a desk with a clock that a test can move, and a browser inside this process."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.village_desk import PIN, VillageDesk, open_desk
from village_node.web.app import create_app


@dataclass
class MovingClock:
    """Stands still until told otherwise."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 2, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def now_ms(self) -> int:
        return int(self.at.timestamp() * 1000)

    def elapsed_ms(self) -> int:
        return self.now_ms()

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Browser:
    """A signed-in browser with its CSRF token."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def token(self) -> str:
        return str(self.client.get("/kunci").get_json()["token"])

    def sign_in(self, officer: str, pin: str = PIN, **more: str) -> TestResponse:
        return self.post("/masuk", officer=officer, pin=pin, **more)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, **values: str) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **values})

    def script(self, path: str, body: dict[str, str]) -> TestResponse:
        return self.client.post(path, json=body, headers={"X-CSRFToken": self.token(), "X-Requested-With": "simpul"})

    def upload(self, draft: str, requirement: str, content: bytes, name: str = "ktp.jpg") -> TestResponse:
        data = {"csrf_token": self.token(), "requirement": requirement, "file": (BytesIO(content), name)}
        return self.client.post(f"/isian/{draft}/berkas/tambah", data=data, headers={"X-Requested-With": "simpul"})

    def start(self, service: str = "JALAN") -> str:
        """Begin an application and return its draft id."""
        return re.sub(r".*/", "", self.post(f"/layanan/{service}/mulai").headers["Location"])


ROAD = {
    "pemohon.name": "Suparmi",
    "pemohon.nik": "3314994503850002",
    "pemohon.address": "Dukuh Krajan",
    "purpose": "feast",
    "purpose_detail": "Resepsi",
    "road_name": "Jalan Raya",
    "road_village": "33.14.01.2001",
    "length": "12,5",
    "width": "5",
    "closure": "partial",
    "start_date": "05-12-2026",
    "end_date": "06-12-2026",
    "start_time": "07.00",
    "end_time": "17.00",
    "guard_count": "4",
    "guard_phone": "081234567890",
}


def photo(width: int = 400, height: int = 300) -> bytes:
    target = BytesIO()
    Image.new("RGB", (width, height), "white").save(target, "JPEG")
    return target.getvalue()


def fill(browser: Browser, **changes: str) -> str:
    """Fill in a whole application for a road and return its draft id."""
    draft = browser.start()
    assert browser.post(f"/isian/{draft}", **{**ROAD, **changes}).status_code == 302
    for requirement in ("village_letter", "id_card", "road_map"):
        assert browser.upload(draft, requirement, photo()).status_code == 200
    return draft


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node made once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("furnished") / "node"
    open_desk(folder, MovingClock()).context.database.dispose()
    return folder


@pytest.fixture
def desk(furnished: Path, tmp_path: Path, clock: MovingClock) -> Iterator[VillageDesk]:
    shutil.copytree(furnished, tmp_path / "node")
    opened = open_desk(tmp_path / "node", clock)
    yield opened
    opened.context.database.dispose()


@pytest.fixture
def app(desk: VillageDesk) -> Flask:
    return create_app(desk.context)


@pytest.fixture
def browser(app: Flask, desk: VillageDesk) -> Browser:
    opened = Browser(app)
    assert opened.sign_in(desk.officer).status_code == 302
    return opened
