"""Who owns the database and every key of the hub cannot rewrite history unseen: 520 crimes, all found and located.

A hub with four villages has worked; the villages hold their receipts and the newest checkpoint that they linked. Then
an insider changes the past (``insider.py``), in each of three degrees of care, and goes on as if nothing had been: the
next beacon is signed by the genuine key. The villages are the shipped ``Witness``; the hub answers them with its own
shipped code. What must be found: that it happened, by somebody outside of the hub, and where.
"""

import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.ledger.auditor import verify
from hub.ledger.errors import LedgerCorruptError
from hub.ledger.service import consistency, ledger_size, sign_head
from hub.storage.engine import Database
from protocol import merkle
from protocol.checkpoint import Checkpoint, CheckpointRef
from protocol.errors import ProofError
from protocol.ids import NodeId
from protocol.mailbox import Control
from protocol.receipt import VerifiedReceipt
from tests.faults.insider import DEEDS, Care, Crime, commit
from tests.hostile import SERVICE
from tests.hubs import HUB, TestHub, make_hub
from village_node.sync.rules.witness import Finding, Witness

VILLAGES = ("33.14.01.2001", "33.14.02.2001", "33.14.05.2003", "33.14.10.1003")
ROUNDS = 12
CRIMES = 520
ORIGIN = f"simpul/{HUB}"
NODE = NodeId("3314012001-01")


@dataclass(frozen=True, kw_only=True)
class Past:
    """What had been before, as the villages remember it."""

    hub: TestHub
    database: Path
    entries: list[bytes]
    remembered: list[Checkpoint]
    """The newest checkpoint of each village, smallest first."""
    receipts: list[VerifiedReceipt]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    directory = tmp_path_factory.mktemp("past")
    hub = make_hub(directory, f"sqlite:///{directory / 'hub.db'}")
    villages = [hub.enrol(code) for code in VILLAGES]
    receipts: list[VerifiedReceipt] = []
    newest: dict[str, Checkpoint] = {}
    for number in range(ROUNDS * len(VILLAGES)):
        village = villages[number % len(villages)]
        hub.clock.time += timedelta(minutes=1)
        got = hub.deliver(village, village.seal_application(SERVICE, [b"a scan" * 50]))
        receipts += got
        newest[str(village.node)] = got[-1].checkpoint
    with hub.database.reading() as session:
        entries = [bytes(row[0]) for row in session.execute(text('SELECT body FROM ledger_entry ORDER BY "index"'))]
    hub.database.dispose()
    remembered = sorted(newest.values(), key=lambda checkpoint: checkpoint.size)
    return Past(hub=hub, database=directory / "hub.db", entries=entries, remembered=remembered, receipts=receipts)


@pytest.mark.faults
@pytest.mark.parametrize("care", list(Care))
def test_every_crime_is_found_and_located(past: Past, care: Care, tmp_path: Path) -> None:
    share = [number for number in range(CRIMES) if list(Care)[number % 3] is care]
    missed = [name for number in share if (name := unseen(past, care, number, tmp_path / "crime.db"))]
    assert missed == []
    assert len(share) >= CRIMES // 3


def test_an_honest_hub_is_not_accused(past: Past, tmp_path: Path) -> None:
    copy = tmp_path / "honest.db"
    shutil.copyfile(past.database, copy)
    with Database(f"sqlite:///{copy}").session() as session:
        assert suspicions(session, past) == []
        assert audit(session, past) == []


def unseen(past: Past, care: Care, seed: int, copy: Path) -> str:
    """Commit one crime; return what it was when nobody noticed or nobody can say where, empty otherwise."""
    random = Random(seed)
    deed = DEEDS[seed // 3 % len(DEEDS)]
    crime = deed(random, past.entries, past.remembered[0].size)
    shutil.copyfile(past.database, copy)
    database = Database(f"sqlite:///{copy}")
    try:
        with database.engine.begin() as connection:
            commit(connection, crime, care, past.hub.context.secrets.log.key, ORIGIN)
        with database.session() as session:
            found, place = suspicions(session, past), located(session, past, crime)
            at_hub = audit(session, past)
    finally:
        database.dispose()
    name = f"{crime.name} with {care} (seed {seed})"
    if not at_hub or not place:
        return f"{name}: not located" if at_hub else f"{name}: the audit with remembered checkpoints is content"
    return "" if found or care is not Care.SIGNED else f"{name}: no village noticed"


def suspicions(session: Session, past: Past) -> list[str]:
    """Return what the villages notice when the hub goes on: it signs a head, beacons it, answers their questions."""
    log = past.hub.context.secrets.log
    try:
        fresh = sign_head(session, past.hub.clock.now(), log.key, log.origin).checkpoint
    except LedgerCorruptError:
        return ["the hub itself refuses to sign"]
    found = []
    for checkpoint in past.remembered:
        witness = Witness(CheckpointRef(size=checkpoint.size, root=checkpoint.root))
        if notices(witness, fresh, session):
            found.append(f"village at {checkpoint.size}")
    return found


def notices(witness: Witness, fresh: Checkpoint, session: Session) -> bool:
    """Show a village the beacon, and let the hub answer what it asks; a proof that never comes is noticed, too."""
    if witness.hear(fresh).finding is Finding.SPLIT:
        return True
    asked = witness.question()
    if asked is None:
        return False
    try:
        path = consistency(session, asked.old_size, asked.new_size) if asked.new_size <= ledger_size(session) else None
    except (LedgerCorruptError, ProofError):
        path = None
    if path is None:
        return True  # the engine raises proof_withheld: tests/unit/village_node/sync/test_engine.py
    outcome = witness.answer(Control(node=NODE, old_size=asked.old_size, new_size=asked.new_size, path=path))
    return outcome is not None and outcome.finding is Finding.SPLIT


def located(session: Session, past: Past, crime: Crime) -> bool:
    """Tell whether receipts and their checkpoints, against what the hub shows in public, lead to the place.

    Somebody with all receipts of the villages compares roots: the last receipt whose checkpoint still fits and the
    first that does not enclose the first changed leaf, and the entries of one batch at most lie between them.
    """
    shown = [bytes(row[0]) for row in session.execute(text('SELECT body FROM ledger_entry ORDER BY "index"'))]
    roots = {0: merkle.EMPTY_ROOT}
    frontier = merkle.Frontier()
    for body in shown:
        frontier = frontier.append(merkle.leaf_hash(body))
        roots[frontier.size] = frontier.root()
    fits = {
        receipt.checkpoint.size: roots.get(receipt.checkpoint.size) == receipt.checkpoint.root
        for receipt in past.receipts
    }
    low = max([0, *(size for size, good in fits.items() if good)])
    high = min((size for size, good in fits.items() if not good), default=0)
    return low <= crime.first < high and high == min(size for size in fits if size > low)


def audit(session: Session, past: Past) -> list[str]:
    """Return what the hub's own auditor says, given the checkpoints that the villages remember."""
    report = verify(session, past.hub.log, None, past.remembered)
    return [str(finding.kind) for finding in report.findings]


def test_a_blind_village_would_miss_it(past: Past, tmp_path: Path) -> None:
    """The suite can fail: without a memory nobody outside notices a thorough insider."""
    copy = tmp_path / "blind.db"
    shutil.copyfile(past.database, copy)
    crime = DEEDS[1](Random(7), past.entries, past.remembered[0].size)
    database = Database(f"sqlite:///{copy}")
    with database.engine.begin() as connection:
        commit(connection, crime, Care.SIGNED, past.hub.context.secrets.log.key, ORIGIN)
    with database.session() as session:
        assert verify(session, past.hub.log, None).is_sound
        assert suspicions(session, replace(past, remembered=[])) == []
        assert suspicions(session, past) != []
    database.dispose()
