"""The six states of a sealed item that the outbox pages must explain, each made on a node of its own without any hub.

The pages are served inside this process: no sync thread changes what was set up.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from protocol.limits import CHUNK_BYTES
from tests.integration.node_pages import Browser, fill
from tests.village_desk import PIN, VillageDesk, open_desk
from village_node.inbox.link import note_answer, note_beacon, set_link
from village_node.inbox.tables import StoredReceipt
from village_node.outbox.progress import mark_state, record_sent
from village_node.outbox.tables import OutboxAttachment, OutboxItem, SendRate
from village_node.web.app import create_app

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a state is made with."""

    session: Session
    now: datetime
    bundle: bytes

    def link(self, *, connected: bool, reason: str, ago: timedelta) -> None:
        set_link(self.session, self.now - ago, connected=connected, reason=reason)

    def sent(self, *ago: int) -> None:
        for minutes in ago:
            record_sent(self.session, self.now - minutes * MINUTE, self.bundle)

    def beacon(self, ago: timedelta) -> None:
        note_beacon(self.session, self.now - ago, int((self.now - ago).timestamp() * 1_000))

    def receipt(self, kind: str, index: int, code: str = "") -> None:
        at = self.now - 30 * MINUTE + index % 10 * MINUTE
        self.session.add(
            StoredReceipt(digest=index.to_bytes(32, "big"), bundle_id=self.bundle, kind=kind, raw=b"", log_index=index,
                          log_time=at, code=code, office="", received_at=at)
        )  # fmt: skip
        self.session.flush()
        mark_state(self.session, self.bundle, kind)
        note_answer(self.session, at)


def waiting(scene: Scene) -> None:
    scene.link(connected=True, reason="", ago=300 * MINUTE)
    scene.link(connected=False, reason="lost", ago=120 * MINUTE)
    for minutes in (118, 112, 60, 2):
        scene.link(connected=False, reason="name", ago=minutes * MINUTE)


def sending(scene: Scene) -> None:
    scene.link(connected=True, reason="", ago=36 * MINUTE)
    scene.beacon(2 * MINUTE)
    scene.sent(35)
    scene.receipt("arrived", 1_203)
    scene.session.add(
        SendRate(id=1, bits_per_second=58_000, measured_at=scene.now, window_from=scene.now, window_bytes=0)
    )
    for position, (chunks, delivered) in enumerate(((14, 14), (22, 9), (31, 0))):
        row = scene.session.get_one(OutboxAttachment, (scene.bundle, position))
        row.size, row.chunks, row.delivered = chunks * CHUNK_BYTES, chunks, delivered


def silent(scene: Scene) -> None:
    scene.link(connected=True, reason="", ago=40 * MINUTE)
    scene.link(connected=True, reason="hub_silent", ago=30 * MINUTE)
    scene.beacon(50 * MINUTE)
    scene.sent(38, 37, 35, 12)


def dropped(scene: Scene) -> None:
    silent(scene)
    scene.beacon(MINUTE)


def rejected(scene: Scene) -> None:
    scene.link(connected=True, reason="", ago=40 * MINUTE)
    scene.beacon(MINUTE)
    scene.sent(35)
    scene.receipt("rejected", 1_204, "attachments_invalid")


def whole(scene: Scene) -> None:
    scene.link(connected=True, reason="", ago=40 * MINUTE)
    scene.beacon(MINUTE)
    scene.sent(35)
    scene.receipt("arrived", 1_203)
    scene.receipt("whole", 1_207)


STATES: Mapping[str, Callable[[Scene], None]] = {
    "waiting": waiting,
    "sending": sending,
    "hub-silent": silent,
    "uplink-dropped": dropped,
    "rejected": rejected,
    "whole": whole,
}


@dataclass(frozen=True, kw_only=True)
class StateSite:
    """Pages of a node whose one item is in a state."""

    url: str
    item: str
    """Path of the item's page."""


@contextmanager
def served(state: str, folder: Path) -> Iterator[StateSite]:
    """Make a node in this state and serve its pages."""
    desk = open_desk(folder)
    app = create_app(desk.context)
    browser = Browser(app)
    browser.sign_in(desk.officer)
    slip = browser.post(f"/isian/{fill(browser)}/tanda-tangan", pin=PIN).headers["Location"]
    set_up(desk, state, bytes.fromhex(slip.split("/")[2]))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield StateSite(url=f"http://127.0.0.1:{server.server_port}", item=slip.removesuffix("/tanda-terima"))
    finally:
        server.shutdown()
        desk.context.database.dispose()


def set_up(desk: VillageDesk, state: str, bundle: bytes) -> None:
    """Bring the item into the state."""
    with desk.context.database.session() as session:
        session.get_one(OutboxItem, bundle).sealed_at = desk.context.clock.now() - 130 * MINUTE
        STATES[state](Scene(session=session, now=desk.context.clock.now(), bundle=bundle))
