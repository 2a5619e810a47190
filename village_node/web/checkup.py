"""What a page tells about the health of this PC and of its sendings: facts are gathered here, and put into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from village_node.drafts.rules import send_seconds
from village_node.health.clock import ClockFinding, hub_times, judge_clock
from village_node.health.place import look_at
from village_node.inbox.link import list_attempts
from village_node.outbox.casebook import attempts_of, claim_bounds, patient_of
from village_node.outbox.doctor import Road, Whose, diagnose, diagnose_road
from village_node.outbox.queries import ItemRow, ItemStep
from village_node.outbox.rate import measured_rate
from village_node.web.desk import desk, local, now
from village_node.web.diagnosis import (
    Finding,
    clock_words,
    finding_of,
    item_retry,
    link_retry,
    run_words,
    space_words,
)
from village_node.web.drawing import LINK_BITS_PER_S
from village_node.web.language import say
from village_node.web.words import duration, moment


@dataclass(frozen=True, kw_only=True)
class Warned:
    """One thing that every page tells: how bad it is, and what."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """The doctor's answer about one item."""

    finding: Finding
    tried: tuple[str, ...]
    next_try: str
    is_aside: bool
    """The item steps aside: something is wrong with it alone, and the others go on."""


@dataclass(frozen=True, kw_only=True)
class FileBar:
    """One file on its way, for a progress bar."""

    position: int
    name: str
    percent: int
    left: str
    """How long it still takes at the measured speed, or empty."""


def link_speed(db: Session) -> int:
    """Return what the link carries, in bits per second: measured, or what it gives on a bad day."""
    return measured_rate(db, now()) or LINK_BITS_PER_S


def file_bars(row: ItemRow, names: Mapping[str, str], speed: int) -> tuple[FileBar, ...]:
    """Return the bars of an item's files; one file goes after the other."""
    bars, ahead = [], 0
    for each in row.attachments:
        rest = each.size * (each.chunks - min(each.delivered, each.chunks)) // max(1, each.chunks)
        ahead += rest
        left = duration(send_seconds(ahead, bits_per_second=speed)) if rest and not row.is_closed else ""
        name = names.get(each.requirement, each.requirement)
        bars.append(FileBar(position=each.position, name=name, percent=each.percent, left=left))
    return tuple(bars)


def clock_finding(db: Session) -> ClockFinding:
    """Return whether this PC's clock can be right."""
    return judge_clock(now(), hub_times(db))


def road_now(db: Session) -> Road:
    """Return what is known about the road to the hub."""
    return look_at(db, desk().context.place(desk().space)).road


def warnings(db: Session) -> list[Warned]:
    """Return what every page tells at its head."""
    found = space_warning()
    clock = clock_finding(db)
    if clock.is_wrong:
        advice = say("Betulkan tanggal dan jamnya. Permohonan tetap diterima; waktunya ditandai sebagai perkiraan.")
        found.append(Warned(kind="warn", text=f"{clock_words(clock)} {advice}"))
    return found


def space_warning() -> list[Warned]:
    """Return what is wrong with the disk; asks no database."""
    space = desk().space.look()
    text = space_words(space)
    return [Warned(kind="warn" if space.may_begin else "bad", text=text)] if text else []


def claim_words(db: Session, row: ItemRow) -> str:
    """Return between which times of the hub's log an item was made, whatever this PC's clock said (protocol §5)."""
    below, above = claim_bounds(db, row.bundle)
    if below is not None and above is not None:
        return say(
            "Menurut buku besar pusat: dibuat sesudah %(below)s dan sebelum %(above)s.",
            below=moment(local(below)),
            above=moment(local(above)),
        )
    if above is not None:
        return say("Menurut buku besar pusat: dibuat sebelum %(above)s.", above=moment(local(above)))
    return say("Waktu di sini menurut jam komputer ini; pusat mencatat waktunya sendiri saat menerima.")


def road_finding(db: Session) -> Finding | None:
    """Return what is wrong with the road itself, or None when nothing is."""
    found = diagnose_road(road_now(db))
    return finding_of(found) if found is not None else None


def checkup_of(db: Session, row: ItemRow, road: Road) -> Checkup:
    """Return the doctor's answer about one item."""
    patient = patient_of(db, row)
    found = diagnose(patient, road)
    sent, runs = attempts_of(db, row.bundle), list_attempts(db)
    retry = item_retry(sent, row.attempts) if road.is_connected else link_retry(runs)
    is_open = row.step in {ItemStep.SAVED, ItemStep.SENT, ItemStep.ARRIVED}
    return Checkup(
        finding=finding_of(found),
        tried=(*_sent_lines(sent, row.attempts), *_road_lines(db)) if is_open else (),
        next_try=_next_words(retry) if is_open and found.turn is not Whose.OFFICER else "",
        is_aside=is_open and road.is_connected and found.is_trouble and diagnose_road(road) is None,
    )


def tried_lines(db: Session) -> tuple[str, ...]:
    """Return what was tried on the road, newest first."""
    return tuple(_road_lines(db))


def _sent_lines(sent: list[datetime], total: int) -> list[str]:
    if not sent:
        return [say("Isian ini belum pernah dikirim.")]
    times = ", ".join(moment(local(at)) for at in sent[:3])
    return [say("Isian dikirim %(count)s kali, terakhir %(times)s.", count=total, times=times)]


def _road_lines(db: Session) -> list[str]:
    return [run_words(run, local(run.first_at), local(run.last_at)) for run in list_attempts(db)[:4]]


def _next_words(retry: datetime | None) -> str:
    if retry is None or retry <= now():
        return say("sebentar lagi, dengan sendirinya")
    return say("paling lambat %(time)s, dengan sendirinya", time=moment(local(retry)))
