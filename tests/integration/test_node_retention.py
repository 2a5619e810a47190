"""Sealed files are deleted only when a verified backup of the hub covers them, and never sooner than a month."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from protocol.notices import BackedUp
from protocol.wire import to_bytes
from tests.hub_stand_in import HubStandIn
from tests.node_stand import NodeStand
from village_node.drafts.folder import DraftFolder
from village_node.inbox.backup import backed_up_entries, store_backup
from village_node.inbox.tables import StoredReceipt
from village_node.outbox.retention import KEPT_AFTER, delete_backed_up
from village_node.outbox.selfcheck import find_faults
from village_node.outbox.tables import OutboxAttachment, OutboxItem

INDEX = 41


@pytest.fixture
def stand(tmp_path: Path) -> NodeStand:
    made = NodeStand(tmp_path / "node")
    made.add_officer()
    made.enrol(HubStandIn(1))
    return made


def sealed(stand: NodeStand, *, state: str = "whole", receipt: str = "whole") -> bytes:
    """Seal an item and let the hub say that it is whole, with the ledger entry INDEX."""
    with stand.database.reading() as session:
        officer = session.execute(text("SELECT officer_id FROM officer")).scalar_one()
    bundle = stand.seal(stand.unlock(officer)).bundle
    now = stand.clock.now()
    with stand.database.session() as session:
        session.get_one(OutboxItem, bundle).state = state
        session.add(
            StoredReceipt(digest=bundle, bundle_id=bundle, kind=receipt, raw=b"", log_index=INDEX, log_time=now,
                          code="", office="", received_at=now)
        )  # fmt: skip
    return bundle


def backed_up(stand: NodeStand, through: int) -> None:
    with stand.database.session() as session:
        store_backup(session, stand.clock.now(), to_bytes(BackedUp(through=through, at=0)))


def run(stand: NodeStand, *, days: int = 31) -> int:
    stand.clock.pass_s(timedelta(days=days).total_seconds())
    return delete_backed_up(stand.database, stand.files, stand.clock.now())


def is_there(stand: NodeStand, bundle: bytes) -> bool:
    return not stand.files.damaged(bundle, 0)


def test_without_a_backup_everything_is_kept(stand: NodeStand) -> None:
    bundle = sealed(stand)
    assert (run(stand, days=400), is_there(stand, bundle)) == (0, True)


@pytest.mark.parametrize(("through", "deleted"), [(INDEX, 0), (INDEX + 1, 1)])
def test_the_backup_must_cover_the_entry_that_says_whole(stand: NodeStand, through: int, deleted: int) -> None:
    bundle = sealed(stand)
    backed_up(stand, through)
    assert (run(stand), is_there(stand, bundle)) == (deleted, not deleted)


@pytest.mark.parametrize(("state", "receipt"), [("arrived", "arrived"), ("rejected", "rejected"), ("waiting", "whole")])
def test_what_is_not_whole_is_kept(stand: NodeStand, state: str, receipt: str) -> None:
    bundle = sealed(stand, state=state, receipt=receipt)
    backed_up(stand, 10_000)
    assert (run(stand), is_there(stand, bundle)) == (0, True)


def test_a_month_must_have_passed(stand: NodeStand) -> None:
    bundle = sealed(stand)
    backed_up(stand, 10_000)
    assert (run(stand, days=KEPT_AFTER.days - 1), is_there(stand, bundle)) == (0, True)
    assert (run(stand, days=1), is_there(stand, bundle)) == (1, False)


def test_a_crash_between_mark_and_deletion_is_finished_later(stand: NodeStand) -> None:
    bundle = sealed(stand)
    with stand.database.session() as session:
        session.get_one(OutboxItem, bundle).files_deleted_at = stand.clock.now()
    assert (run(stand, days=0), is_there(stand, bundle)) == (0, False)


def test_number_message_and_receipts_stay_and_nothing_is_at_fault(stand: NodeStand) -> None:
    bundle = sealed(stand)
    backed_up(stand, 10_000)
    run(stand)
    with stand.database.reading() as session:
        assert session.get_one(OutboxItem, bundle).message
        assert session.scalars(text("SELECT count(*) FROM stored_receipt")).one() == 1
        assert find_faults(session, stand.files, DraftFolder(stand.directory / "drafts")) == []


def test_a_backup_that_says_less_changes_nothing(stand: NodeStand) -> None:
    for through in (500, 300):
        backed_up(stand, through)
    with stand.database.reading() as session:
        assert backed_up_entries(session) == 500


def test_a_removed_row_is_found_by_counter_and_number(stand: NodeStand) -> None:
    gone = sealed(stand)
    sealed(stand)
    with stand.database.session() as session:
        for table in (OutboxAttachment, StoredReceipt, OutboxItem):
            session.execute(delete(table).where(table.bundle_id == gone))
    with stand.database.reading() as session:
        faults = find_faults(session, stand.files, DraftFolder(stand.directory / "drafts"))
    assert faults == ["item of counter 1", "numbers without item 2026/1"]
