"""The chain of a case: own steps, receipts, news, corrections and statements in one order. Pure.

Rules:
1. Steps at the hub stand in the order of the ledger; their time is the log's, which never goes back.
2. Steps of this PC have this PC's time, a claim, and stand where the ledger says that they must have been: a correction
   after the question that it answers, a handing over before its receipt.
3. A receipt and the news about the same step are one step: the receipt proves it, the news adds the promised day.
4. Time on the way, time at offices and time in the village are told apart; a clock that is wrong never makes one of
   them negative.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

NEAR = 16
"""Receipt and news of one step are written in one transaction: so far apart in the ledger at most."""

FAR = 2**62
"""After everything that the ledger has."""


class Origin(StrEnum):
    """Who says so."""

    NODE = "node"  # this PC and its officer
    RECEIPT = "receipt"  # signed by the ledger, with proof
    NEWS = "news"  # signed by the hub


@dataclass(frozen=True, kw_only=True)
class Link:
    """One step of the chain."""

    word: str
    """``saved``, ``sent``, ``arrived``, ``complete``, ``paused`` …: a newer hub may say words that are unknown here."""
    origin: Origin
    at: datetime
    log_index: int | None = None
    received_at: datetime | None = None
    """When it came here, for what the hub says."""
    office: str = ""
    stage: str = ""
    code: str = ""
    due_on: date | None = None
    days_left: int | None = None
    amount_rp: int | None = None
    payment_code: str = ""
    officer: str = ""
    """Who signed, for steps of this PC."""
    attempt: int = 0
    correction: int = 0
    """Counter of the bundle, for steps of a correction."""
    place: tuple[int, int] = (FAR, 0)
    """Where it stands (rules 1 and 2)."""


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Where the time went (rule 4). ``None``: not known yet."""

    on_the_way: timedelta
    at_offices: timedelta
    in_the_village: timedelta


def ordered(links: Sequence[Link]) -> list[Link]:
    """Return the chain in its order, receipts and news of the same step joined."""
    receipts = [each for each in links if each.origin is Origin.RECEIPT]
    news = sorted((each for each in links if each.origin is Origin.NEWS), key=lambda each: each.place)
    joined: dict[int, Link] = {}
    alone: list[Link] = []
    for each in news:
        match = _nearest(receipts, each, joined)
        if match is None:
            alone.append(each)
        else:
            joined[match] = _join(receipts[match], each)
    proven = [joined.get(place, receipt) for place, receipt in enumerate(receipts)]
    own = [each for each in links if each.origin is Origin.NODE]
    return sorted((*own, *proven, *alone), key=lambda each: each.place)


def durations(chain: Sequence[Link], now: datetime) -> Durations:
    """Return where the time of a case went, from its saving to its handing over or to now."""
    way = office = village = timedelta()
    since, where = None, ""
    for link in chain:
        if where and since is not None:
            spent = max(timedelta(), link.at - since)
            way, office, village = _add(where, spent, (way, office, village))
        where, since = _where_after(link, where), link.at
        if link.word == "returned" and link.received_at is not None:
            way += max(timedelta(), link.received_at - link.at)
            since = max(link.at, link.received_at)
    if where and since is not None:
        way, office, village = _add(where, max(timedelta(), now - since), (way, office, village))
    return Durations(on_the_way=way, at_offices=office, in_the_village=village)


_WAY, _OFFICE, _VILLAGE, _OVER = "way", "office", "village", ""
_MOVES = {
    "saved": _WAY,
    "arrived": _OFFICE,
    "returned": _VILLAGE,
    "correction_saved": _WAY,
    "correction_arrived": _OFFICE,
    "corrected": _OFFICE,
    "decided": _VILLAGE,
    "handed_over": _OVER,
    "rejected": _OVER,
    "withdrawn": _OVER,
}


def _where_after(link: Link, where: str) -> str:
    return _MOVES.get(link.word, where)


def _add(
    where: str, spent: timedelta, sums: tuple[timedelta, timedelta, timedelta]
) -> tuple[timedelta, timedelta, timedelta]:
    way, office, village = sums
    if where == _WAY:
        return way + spent, office, village
    return (way, office + spent, village) if where == _OFFICE else (way, office, village + spent)


def _nearest(receipts: Sequence[Link], news: Link, taken: Collection[int]) -> int | None:
    """Return the place of the receipt about the same step as the news, if there is one."""
    near = [place for place, receipt in enumerate(receipts) if place not in taken and _are_one(receipt, news)]
    return min(near, key=lambda place: abs(receipts[place].place[0] - news.place[0]), default=None)


def _are_one(receipt: Link, news: Link) -> bool:
    return receipt.word == news.word and abs(receipt.place[0] - news.place[0]) <= NEAR


def _join(receipt: Link, news: Link) -> Link:
    return replace(
        receipt,
        office=receipt.office or news.office,
        stage=news.stage,
        code=receipt.code or news.code,
        due_on=news.due_on,
        days_left=news.days_left,
        amount_rp=news.amount_rp,
        payment_code=news.payment_code,
    )
