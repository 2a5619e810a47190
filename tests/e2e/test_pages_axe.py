"""axe finds nothing on the main pages of both programs at work, in both themes and languages; nothing leaves home."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from deploy.demo.cast import VILLAGES
from tests.e2e.conftest import Check, Watch
from tests.e2e.tour import LOOKS, Look, Tour, busy_network
from tests.requirements import require

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def tour(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    require("nats-server")
    with busy_network(tmp_path_factory.mktemp("tour"), VILLAGES[:1], 12) as network:
        yield Tour(network, browser, tmp_path_factory.mktemp("people"))


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_axe_finds_nothing(tour: Tour, axe: Check, look: Look, watch: Watch) -> None:
    watch.expected = ["postMessage"]  # axe asks the frame of pictures, which as a sandbox answers nobody
    for stop in tour.stops:
        with tour.page(stop, look) as page:
            page.on("request", watch.request)
            page.on("console", watch.console)
            page.on("pageerror", lambda error: watch.errors.append(str(error)))
            page.goto(tour.address(stop))
            page.wait_for_load_state()
            assert page.locator("html").get_attribute("lang") == look.language
            assert page.locator("html").get_attribute("data-bs-theme") == look.theme
            axe(page)
    assert (watch.outside, watch.unexpected()) == ([], [])
