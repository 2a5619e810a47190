"""A process in which an officer does one application, step by step, and says after each answer what was confirmed."""

import sys
from pathlib import Path

from tests.integration.node_pages import ROAD, Browser, photo
from tests.village_desk import PIN, open_desk
from village_node.web.app import create_app


def main(folder: Path) -> None:
    """Say each step on standard output, without a buffer, when its answer is there."""
    desk = open_desk(folder)
    browser = Browser(create_app(desk.context))
    step(browser.sign_in(desk.officer).status_code == 302, "ready")
    draft = browser.start()
    step(bool(draft), f"draft {draft}")
    saved = browser.script(f"/isian/{draft}/simpan", {"key": "purpose_detail", "value": "Resepsi putra pertama"})
    step(saved.status_code == 200, "saved")
    step(browser.post(f"/isian/{draft}", **ROAD).status_code == 302, "filled")
    for kind in ("village_letter", "id_card", "road_map"):
        step(browser.upload(draft, kind, photo()).status_code == 200, f"attached {kind}")
    signed = browser.post(f"/isian/{draft}/tanda-tangan", pin=PIN)
    step(signed.status_code == 302, f"sealed {signed.headers.get('Location', '//').split('/')[2]}")


def step(is_confirmed: bool, line: str) -> None:
    """Tell a confirmed step; end at one that was refused."""
    if not is_confirmed:
        sys.stdout.write("refused\n")
        sys.stdout.flush()
        raise SystemExit(3)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
