"""How often visitors without an account may ask a public page: counted in the database, for all web processes together.

A visitor who asked too often waits until the window is over, and costs one read until then. The limit of all together
keeps a flood from many addresses away from those who work on cases (fault F15).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.accounts.tables import AskedCount
from hub.storage.base import table_of
from hub.storage.bulk import new_insert
from hub.storage.engine import Database

WINDOW_S = 600


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """What a page answers within ``WINDOW_S``."""

    page: str
    visitor: int
    all: int


def take_turn(database: Database, now: datetime, quota: Quota, network: str) -> int:
    """Count one question; return the seconds to wait when there were too many, which are not counted."""
    with database.reading() as session:
        wait = wait_s(session, now, quota, network)
    if not wait:
        with database.session() as session:
            count(session, now, quota, network)
    return wait


def wait_s(session: Session, now: datetime, quota: Quota, network: str) -> int:
    """Return the seconds after which this network may ask again; 0 when it may now."""
    moment = int(now.timestamp())
    wanted = select(AskedCount.name_hash, AskedCount.asked).where(
        AskedCount.page == quota.page,
        AskedCount.window == moment // WINDOW_S,
        AskedCount.name_hash.in_(_names(network)),
    )
    asked = {row.name_hash: row.asked for row in session.execute(wanted)}
    one, everybody = _names(network)
    is_over = asked.get(one, 0) >= quota.visitor or asked.get(everybody, 0) >= quota.all
    return WINDOW_S - moment % WINDOW_S if is_over else 0


def count(session: Session, now: datetime, quota: Quota, network: str) -> None:
    """Count one question, and forget those of windows that are over."""
    window = int(now.timestamp()) // WINDOW_S
    session.execute(delete(AskedCount).where(AskedCount.page == quota.page, AskedCount.window < window))
    for name in _names(network):
        row = new_insert(session, table_of(AskedCount)).values(page=quota.page, window=window, name_hash=name, asked=1)
        keys = [AskedCount.page, AskedCount.window, AskedCount.name_hash]
        session.execute(row.on_conflict_do_update(index_elements=keys, set_={"asked": AskedCount.asked + 1}))


def _names(network: str) -> tuple[bytes, bytes]:
    """Return the names under which a network, and everybody, are counted."""
    everybody = hashlib.sha256(b"simpul/asked\0").digest()
    return hashlib.sha256(b"simpul/asked\0" + network.encode()).digest(), everybody
