"""The facts that the outbox doctor wants, out of the local tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from village_node.inbox.tables import Flag, LinkRecord, StoredReceipt
from village_node.outbox.doctor import Patient, Road, Stage
from village_node.outbox.queries import ItemRow, ItemStep
from village_node.outbox.tables import OutboxAttempt, OutboxItem

DAMAGED, REFUSED = "files_damaged", "refused_"

_STAGES = {
    ItemStep.SAVED: Stage.NEVER_SENT,
    ItemStep.SENT: Stage.SENT,
    ItemStep.ARRIVED: Stage.ARRIVED,
    ItemStep.RETURNED: Stage.RETURNED,
    ItemStep.REJECTED: Stage.REJECTED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalFacts:
    """What this PC knows of itself, gathered by whoever may look at disk, clock and certificate."""

    now: datetime
    is_enrolled: bool
    is_disk_well: bool
    is_clock_wrong: bool
    certificate: str


def road_of(session: Session, local: LocalFacts) -> Road:
    """Return what is known about the road to the hub."""
    link = session.get(LinkRecord, 1)
    return Road(
        now=local.now,
        is_enrolled=local.is_enrolled,
        is_connected=link is not None and link.connected,
        reason=link.reason if link is not None else "starting",
        last_answer_at=link.last_answer_at if link is not None else None,
        last_beacon_at=link.last_beacon_at if link is not None else None,
        is_disk_well=local.is_disk_well,
        is_clock_wrong=local.is_clock_wrong,
        certificate=local.certificate,
    )


def patient_of(session: Session, row: ItemRow) -> Patient:
    """Return what is known about one item."""
    flags = session.scalars(select(Flag).where(Flag.about == row.bundle).order_by(Flag.last_at)).all()
    heard = session.scalar(select(func.max(StoredReceipt.received_at)).where(StoredReceipt.bundle_id == row.bundle))
    refusals = [each for each in flags if each.code.startswith(REFUSED) and (heard is None or each.last_at >= heard)]
    return Patient(
        stage=_STAGES.get(row.step, Stage.AT_HUB),
        code=row.code,
        attempts=row.attempts,
        last_sent_at=row.last_sent_at,
        is_damaged=any(each.code == DAMAGED for each in flags),
        refusal=refusals[-1].code.removeprefix(REFUSED) if refusals else "",
        percent=row.percent,
    )


def attempts_of(session: Session, bundle: bytes) -> list[datetime]:
    """Return when the manifest of a bundle went, the last few times, newest first."""
    query = select(OutboxAttempt.at).where(OutboxAttempt.bundle_id == bundle).order_by(OutboxAttempt.id.desc())
    return list(session.scalars(query))


def latest_next_try(last: datetime, tries: int, *, first_s: float, longest_s: float) -> datetime:
    """Return when the next try comes at the latest: doubled each time, with half as much again for the jitter."""
    return last + timedelta(seconds=min(longest_s, first_s * 2 ** min(max(tries - 1, 0), 30)) * 1.5)


def claim_bounds(session: Session, bundle: bytes) -> tuple[datetime | None, datetime | None]:
    """Return the log times between which a bundle was made: after the checkpoint it names, before its first receipt.

    The checkpoint's time is the newest log time of a receipt that it covers; without one it is not known here.
    """
    item = session.get(OutboxItem, bundle)
    below = None
    if item is not None and item.named_size:
        covered = StoredReceipt.log_index < item.named_size
        below = session.scalar(select(func.max(StoredReceipt.log_time)).where(covered))
    above = session.scalar(select(func.min(StoredReceipt.log_time)).where(StoredReceipt.bundle_id == bundle))
    return below, above
