"""``make screenshots``: draws ``docs/screenshots/`` anew: 1366×768, both themes and languages, in few colours."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from deploy.demo.cast import VILLAGES
from tests.e2e.conftest import ARGUMENTS
from tests.e2e.outbox_states import STATES, StateSite, served
from tests.e2e.tour import COOKIES, LOOKS, Look, Tour, busy_network
from tests.requirements import require
from tests.village_desk import NAME, PIN

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
COLOURS = 96
MAX_BYTES = 6_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw every page in every look; 1 when the pictures are too large for the repository."""
    parser = argparse.ArgumentParser(prog="make screenshots")
    parser.add_argument("--applications", type=int, default=36)
    given = parser.parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="simpul-tour-") as name,
        sync_playwright() as playwright,
        busy_network(Path(name) / "network", VILLAGES, given.applications) as network,
    ):
        browser = playwright.chromium.launch(executable_path=str(require("chromium")), args=ARGUMENTS)
        tour = Tour(network, browser, Path(name))
        for look in LOOKS:
            for stop in tour.stops:
                with tour.page(stop, look) as page:
                    page.goto(tour.address(stop))
                    page.wait_for_load_state("load")
                    file = FOLDER / f"{stop.program}-{stop.name}-{look}.png"
                    file.write_bytes(palette(page.screenshot(animations="disabled")))
        for state in STATES:
            with served(state, Path(name) / state) as site:
                for look in LOOKS:
                    (FOLDER / f"node-outbox-{state}-{look}.png").write_bytes(palette(shot(browser, site, look)))
        browser.close()
    size = sum(file.stat().st_size for file in FOLDER.glob("*.png"))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures, {size / 1e6:.1f} MB in {FOLDER}")
    return 0 if size <= MAX_BYTES else 1


def shot(browser: Browser, site: StateSite, look: Look) -> bytes:
    """Return the picture of the item's page in its state."""
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="id-ID", timezone_id="Asia/Jakarta", color_scheme=look.theme
    )
    context.add_cookies([{"name": COOKIES["node"], "value": look.language, "url": site.url}])
    page = context.new_page()
    page.goto(f"{site.url}/masuk?next={site.item}")
    page.get_by_label(NAME).check()
    page.locator("#pin").fill(PIN)
    page.locator("main form .btn-primary").click()
    page.wait_for_url(f"{site.url}{site.item}")
    picture = page.screenshot(animations="disabled", full_page=True)  # the bars stand below the chain
    context.close()
    return picture


def palette(raw: bytes) -> bytes:
    """Return the picture with few colours: a fifth of the size, and text stays sharp."""
    target = BytesIO()
    with Image.open(BytesIO(raw)) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(target, "PNG", optimize=True)
    return target.getvalue()


if __name__ == "__main__":
    sys.exit(main())
