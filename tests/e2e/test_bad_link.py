"""The whole way over a bad link in a real browser: offline, slip printed, power cut, reconnected, "diterima".

A seeded sample of the moments for the power cut; all of them with SIMPUL_ALL_GAPS=1, which ``make faults`` sets.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.e2e.bad_link import Journey
from tests.e2e.conftest import Watch
from tests.link.site import Site, open_site
from tests.requirements import require

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CLICKS = 11
EVERY = os.environ.get("SIMPUL_ALL_GAPS", "") == "1"
MOMENTS = list(range(CLICKS)) if EVERY else sorted(Random(20261124).sample(range(CLICKS), 2))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    require("nats-server")
    with open_site(tmp_path_factory.mktemp("site")) as made:
        print(f"\nlink emulator: {made.link.place.kind} {made.link.place.why_no_tunnel}")
        yield made


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "ktp.jpg"
    Image.effect_noise((320, 240), 40).convert("RGB").save(path, quality=60)
    return path


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_application_is_received_whenever_the_power_was_cut(
    site: Site, page: Page, watch: Watch, scan: Path, moment: int
) -> None:
    journey = Journey(site, page, watch, scan)
    assert len(journey.clicks) == CLICKS
    site.link.cut()
    journey.walk(power_cut_after=moment)
    journey.reconnect()
    journey.see_received()
