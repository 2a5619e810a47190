"""The audit over everything that a working hub writes: every entry has its opening, every receipt verifies."""

from pathlib import Path

import pytest
from sqlalchemy import text

from hub.ledger.auditor import verify
from hub.ledger.findings import AuditReport
from hub.ledger.openings import stored_openings
from hub.storage.metadata import load_metadata
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import make_hub
from tests.ledgers import flipped


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Scene:
    """A hub with two villages, of which one has sent three applications."""
    made = neighbours(make_hub(tmp_path, database_url))
    for _ in range(3):
        made.hub.deliver(made.village, made.village.seal_application(SERVICE, [b"a scan" * 100]))
    return made


def audit(scene: Scene) -> AuditReport:
    with scene.hub.database.reading() as session:
        return verify(session, scene.hub.log, stored_openings(session, load_metadata()))


def first(scene: Scene) -> dict[str, int]:
    return {str(finding.kind): finding.index for finding in audit(scene).findings}


def tamper(scene: Scene, statement: str, **values: object) -> None:
    with scene.hub.database.engine.begin() as connection:
        suffix = " ON bundle_receipt" if connection.dialect.name == "postgresql" else ""
        for trigger in ("bundle_receipt_keep", "bundle_receipt_fixed"):
            connection.execute(text(f"DROP TRIGGER {trigger}{suffix}"))
        connection.execute(text(statement), values)


def newest_receipt(scene: Scene) -> tuple[int, bytes]:
    query = "SELECT ledger_index, raw FROM bundle_receipt ORDER BY ledger_index DESC LIMIT 1"
    with scene.hub.database.reading() as session:
        index, raw = session.execute(text(query)).one()
    return int(index), bytes(raw)


def test_what_a_hub_writes_is_sound(scene: Scene) -> None:
    report = audit(scene)
    assert report.findings == ()
    assert report.receipts == 6  # each bundle: arrived, whole
    assert report.openings == report.size > report.receipts  # the rest: enrolments and certificates


def test_a_changed_receipt_is_named(scene: Scene) -> None:
    index, raw = newest_receipt(scene)
    tamper(
        scene,
        "UPDATE bundle_receipt SET raw = :raw WHERE ledger_index = :index",
        raw=flipped(raw, len(raw) // 2),
        index=index,
    )
    assert first(scene) == {"receipt": index}


def test_a_receipt_of_another_entry_is_named(scene: Scene) -> None:
    index, _ = newest_receipt(scene)
    query = "SELECT raw FROM bundle_receipt ORDER BY ledger_index LIMIT 1"
    with scene.hub.database.reading() as session:
        other = session.scalar(text(query))
    tamper(scene, "UPDATE bundle_receipt SET raw = :raw WHERE ledger_index = :index", raw=other, index=index)
    assert first(scene) == {"receipt": index}


def test_a_removed_receipt_is_named(scene: Scene) -> None:
    index, _ = newest_receipt(scene)
    tamper(scene, "DELETE FROM bundle_receipt WHERE ledger_index = :index", index=index)
    assert first(scene) == {"opening_missing": index}


def test_a_changed_subject_is_named(scene: Scene) -> None:
    index, _ = newest_receipt(scene)
    tamper(scene, "UPDATE bundle_receipt SET subject = salt WHERE ledger_index = :index", index=index)
    assert first(scene) == {"opening": index, "receipt": index}
