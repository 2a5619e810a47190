"""The outbox doctor: why an item is where it is, and whose turn it is. Facts go in, a diagnosis comes out; no I/O.

The table of causes, in the order in which they are looked for; the first that fits is told:
 1. what the hub decided: rejected, returned, taken;
 2. what this PC lacks: enrolment, a readable file, room on the disk;
 3. there is no link: the code of the last try, read together with clock and certificate. A certificate that has expired
    by a clock that cannot be right is a wrong clock;
 4. there is a link, and the hub refused for the moment: by the code of its refusal;
 5. there is a link, and others are answered while this item is not, again and again: the broker swallows it (A30);
 6. there is a link and no answer: while the hub's beacon is heard, what goes up is dropped on the way (fault B12);
    without the beacon the hub is silent;
 7. all is well: waiting for its turn, on its way, or asked and waiting for the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from protocol.errors import BY_CODE, ProtocolError, Turn

BEACON_HEARD = timedelta(minutes=12)
"""Beacons come every few minutes; after two that did not come, none is heard."""

SWALLOWED_TRIES = 3
"""So many tries without an answer, while others were answered: chance ends here."""

ANSWER_GRACE = timedelta(seconds=60)
"""An answer within this time after a try may be about the try before."""


class Whose(StrEnum):
    """Whose turn it is."""

    PROGRAM = "program"
    OFFICER = "officer"
    ADMINISTRATOR = "administrator"
    HUB = "hub"


class Cause(StrEnum):
    """Why an item is where it is. Stable words; the pages have the sentences."""

    REJECTED = "rejected"
    RETURNED = "returned"
    AT_HUB = "at_hub"
    NOT_ENROLLED = "not_enrolled"
    FILES_DAMAGED = "files_damaged"
    DISK = "disk"
    STARTING = "starting"
    NO_NETWORK = "no_network"
    NAME = "name"
    REFUSED_PORT = "refused_port"
    TIMEOUT = "timeout"
    CUT = "cut"
    TLS = "tls"
    WRONG_AUTHORITY = "wrong_authority"
    WRONG_NAME = "wrong_name"
    HUB_CERTIFICATE = "hub_certificate"
    OUR_CERTIFICATE_REFUSED = "our_certificate_refused"
    OUR_CERTIFICATE_EXPIRED = "our_certificate_expired"
    OUR_CERTIFICATE_NOT_YET = "our_certificate_not_yet"
    CERTIFICATE_MISSING = "certificate_missing"
    CLOCK = "clock"
    NOT_ALLOWED = "not_allowed"
    PROGRAM = "program"
    OTHER_LINK = "other_link"
    REFUSED = "refused"
    SWALLOWED = "swallowed"
    UPLINK_DROPPED = "uplink_dropped"
    HUB_SILENT = "hub_silent"
    QUEUED = "queued"
    SENDING = "sending"
    ASKED = "asked"


TURNS: Mapping[Cause, Whose] = {
    Cause.REJECTED: Whose.OFFICER,  # unless the code says another, see diagnose
    Cause.RETURNED: Whose.OFFICER,
    Cause.AT_HUB: Whose.HUB,
    Cause.NOT_ENROLLED: Whose.ADMINISTRATOR,
    Cause.FILES_DAMAGED: Whose.OFFICER,
    Cause.DISK: Whose.OFFICER,
    Cause.STARTING: Whose.PROGRAM,
    Cause.NO_NETWORK: Whose.OFFICER,
    Cause.NAME: Whose.OFFICER,
    Cause.REFUSED_PORT: Whose.ADMINISTRATOR,
    Cause.TIMEOUT: Whose.PROGRAM,
    Cause.CUT: Whose.PROGRAM,
    Cause.TLS: Whose.ADMINISTRATOR,
    Cause.WRONG_AUTHORITY: Whose.ADMINISTRATOR,
    Cause.WRONG_NAME: Whose.ADMINISTRATOR,
    Cause.HUB_CERTIFICATE: Whose.ADMINISTRATOR,
    Cause.OUR_CERTIFICATE_REFUSED: Whose.ADMINISTRATOR,
    Cause.OUR_CERTIFICATE_EXPIRED: Whose.ADMINISTRATOR,
    Cause.OUR_CERTIFICATE_NOT_YET: Whose.OFFICER,
    Cause.CERTIFICATE_MISSING: Whose.ADMINISTRATOR,
    Cause.CLOCK: Whose.OFFICER,
    Cause.NOT_ALLOWED: Whose.ADMINISTRATOR,
    Cause.PROGRAM: Whose.PROGRAM,
    Cause.OTHER_LINK: Whose.PROGRAM,
    Cause.REFUSED: Whose.PROGRAM,  # unless the code says another
    Cause.SWALLOWED: Whose.ADMINISTRATOR,
    Cause.UPLINK_DROPPED: Whose.ADMINISTRATOR,
    Cause.HUB_SILENT: Whose.HUB,
    Cause.QUEUED: Whose.PROGRAM,
    Cause.SENDING: Whose.PROGRAM,
    Cause.ASKED: Whose.HUB,
}

LINK_CAUSES: Mapping[str, Cause] = {
    "starting": Cause.STARTING,
    "stopped": Cause.STARTING,
    "no_network": Cause.NO_NETWORK,
    "name": Cause.NAME,
    "refused": Cause.REFUSED_PORT,
    "timeout": Cause.TIMEOUT,
    "network": Cause.NO_NETWORK,
    "lost": Cause.CUT,
    "keepalive": Cause.CUT,
    "no_ack": Cause.CUT,
    "cut_early": Cause.OUR_CERTIFICATE_REFUSED,
    "tls": Cause.TLS,
    "wrong_authority": Cause.WRONG_AUTHORITY,
    "wrong_name": Cause.WRONG_NAME,
    "hub_certificate_expired": Cause.HUB_CERTIFICATE,
    "hub_certificate_not_yet": Cause.HUB_CERTIFICATE,
    "our_certificate_refused": Cause.OUR_CERTIFICATE_REFUSED,
    "our_certificate_expired": Cause.OUR_CERTIFICATE_EXPIRED,
    "our_certificate_not_yet": Cause.OUR_CERTIFICATE_NOT_YET,
    "certificate_missing": Cause.CERTIFICATE_MISSING,
    "not_authorised": Cause.NOT_ALLOWED,
    "broker_refused": Cause.NOT_ALLOWED,
    "program": Cause.PROGRAM,
    "thread_died": Cause.PROGRAM,
}
"""What the code of the last try means."""

_ABOUT_CERTIFICATES = frozenset(
    {
        Cause.TLS,
        Cause.HUB_CERTIFICATE,
        Cause.OUR_CERTIFICATE_REFUSED,
        Cause.OUR_CERTIFICATE_EXPIRED,
        Cause.OUR_CERTIFICATE_NOT_YET,
    }
)


class Stage(StrEnum):
    """How far an item is, as the doctor sees it."""

    NEVER_SENT = "never_sent"
    SENT = "sent"
    ARRIVED = "arrived"
    AT_HUB = "at_hub"
    RETURNED = "returned"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Road:
    """What is known about the road, the same for all items."""

    now: datetime
    is_enrolled: bool = True
    is_connected: bool = False
    reason: str = ""
    """The code of the last try, or ``hub_silent``."""
    last_answer_at: datetime | None = None
    last_beacon_at: datetime | None = None
    is_disk_well: bool = True
    is_clock_wrong: bool = False
    certificate: str = ""
    """What is wrong with our certificate by this PC's clock, as a code of ``LINK_CAUSES``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """What is known about one item."""

    stage: Stage
    code: str = ""
    """Code of the rejection."""
    attempts: int = 0
    last_sent_at: datetime | None = None
    is_damaged: bool = False
    refusal: str = ""
    """Code of a refusal that came after the last receipt."""
    percent: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """Why, with which code, and whose turn."""

    cause: Cause
    turn: Whose
    code: str = ""

    @property
    def is_trouble(self) -> bool:
        """Whether somebody has to know; else the item is simply on its way."""
        return self.cause not in _WELL


_WELL = frozenset({Cause.AT_HUB, Cause.QUEUED, Cause.SENDING, Cause.ASKED, Cause.STARTING})

_PROTOCOL_TURNS: Mapping[Turn, Whose] = {
    Turn.NODE: Whose.PROGRAM,
    Turn.OFFICER: Whose.OFFICER,
    Turn.ADMINISTRATOR: Whose.ADMINISTRATOR,
}


def diagnose(item: Patient, road: Road) -> Diagnosis:
    """Return why this item is where it is."""
    decided = {Stage.REJECTED: Cause.REJECTED, Stage.RETURNED: Cause.RETURNED, Stage.AT_HUB: Cause.AT_HUB}
    if item.stage in decided:
        return _by_code(decided[item.stage], item.code) if item.code else _plain(decided[item.stage])
    for found in (_of_this_pc(item, road), _of_the_link(road), _of_the_hub(item, road)):
        if found is not None:
            return found
    return _plain(_well(item))


def diagnose_road(road: Road) -> Diagnosis | None:
    """Return what is wrong with the road itself, or None when nothing is."""
    probe = Patient(stage=Stage.NEVER_SENT)
    return _of_this_pc(probe, road) or _of_the_link(road) or _of_the_hub(probe, road)


def is_beacon_heard(road: Road) -> bool:
    """Tell whether the hub's beacon came lately; a beacon "from the future" is one before the clock was set back."""
    return road.last_beacon_at is not None and abs(road.now - road.last_beacon_at) <= BEACON_HEARD


def _of_this_pc(item: Patient, road: Road) -> Diagnosis | None:
    if not road.is_enrolled:
        return _plain(Cause.NOT_ENROLLED)
    if item.is_damaged:
        return _plain(Cause.FILES_DAMAGED)
    return None if road.is_disk_well else _plain(Cause.DISK)


def _of_the_link(road: Road) -> Diagnosis | None:
    if road.is_connected:
        return None
    cause = LINK_CAUSES.get(road.reason, Cause.OTHER_LINK)
    if cause in _ABOUT_CERTIFICATES:
        if road.is_clock_wrong:
            cause = Cause.CLOCK
        elif road.certificate:
            cause = LINK_CAUSES[road.certificate]
    return Diagnosis(cause=cause, turn=TURNS[cause], code=road.reason)


def _of_the_hub(item: Patient, road: Road) -> Diagnosis | None:
    if item.refusal:
        return _by_code(Cause.REFUSED, item.refusal)
    if road.reason == "hub_silent":
        return _plain(Cause.UPLINK_DROPPED if is_beacon_heard(road) else Cause.HUB_SILENT)
    return _plain(Cause.SWALLOWED) if _is_swallowed(item, road) else None


def _is_swallowed(item: Patient, road: Road) -> bool:
    if item.stage is not Stage.SENT or item.attempts < SWALLOWED_TRIES:
        return False
    if item.last_sent_at is None or road.last_answer_at is None:
        return False
    return road.last_answer_at - item.last_sent_at > ANSWER_GRACE


def _well(item: Patient) -> Cause:
    if item.stage is Stage.NEVER_SENT:
        return Cause.QUEUED
    return Cause.SENDING if item.stage is Stage.ARRIVED else Cause.ASKED


def _plain(cause: Cause) -> Diagnosis:
    return Diagnosis(cause=cause, turn=TURNS[cause])


def _by_code(cause: Cause, code: str) -> Diagnosis:
    if cause is Cause.RETURNED:
        return Diagnosis(cause=cause, turn=TURNS[cause], code=code)
    turn = BY_CODE.get(code, ProtocolError).turn
    return Diagnosis(cause=cause, turn=_PROTOCOL_TURNS[turn], code=code)
