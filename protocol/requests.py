"""Planned outages, broadcasts and remote requests: what the hub tells nodes apart from cases, and what a node answers.

Rules:
1. A request asks; it never commands. The office may refuse it, by setting or by hand, and says so in its answer.
2. A node answers under the request's name until a notice says that the hub has the answer (``is_closed``); the hub
   takes the first answer and keeps to it.
3. What a request brings (a support file) is sealed to the hub with the kind ``answer``: no carrier reads it.
4. Nothing here is personal data; texts are written by administrators for everybody in the office.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from protocol.errors import SchemaError
from protocol.limits import MAX_ANSWER_BYTES, MAX_NOTICE_BODY_BYTES
from protocol.wire import Wire, from_bytes

MAX_MAINTENANCE_TEXT = 300
MAX_BROADCAST_TEXT = 500

Millis = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Name = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-HJKMNP-TV-Z]{26}\Z")]
"""A ULID: names a window, broadcast or request for ever."""
Word = Annotated[str, msgspec.Meta(pattern=r"\A[a-z_]{0,40}\Z")]
SealedAnswer = Annotated[bytes, msgspec.Meta(max_length=MAX_ANSWER_BYTES + 200)]

ANSWER_KIND = "answer"
"""What a sealed answer is bound to (``sealing.BodyContext.kind``)."""


class MaintenanceNotice(Wire, frozen=True, kw_only=True):
    """The hub or the network is out of service at this time. Comes again under the same name when it is called off."""

    window: Name
    starts_at: Millis
    ends_at: Millis
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_MAINTENANCE_TEXT)]
    is_off: bool = False
    """Called off, or over before its time."""


class BroadcastNotice(Wire, frozen=True, kw_only=True):
    """A text for everybody in the village office, shown until its time is over."""

    broadcast: Name
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_BROADCAST_TEXT)]
    until: Millis


class RequestAction(StrEnum):
    """What a hub may ask of a node."""

    SUPPORT_FILE = "support_file"  # the file that the self-test page offers, without personal data
    SELF_TEST = "self_test"  # try the road to the hub and say what was found
    RESYNC = "resync"  # try everything that waits now


class RemoteRequest(Wire, frozen=True, kw_only=True):
    """One request, or the word that its answer is here (``is_closed``)."""

    request: Name
    action: Annotated[str, msgspec.Meta(pattern=r"\A[a-z_]{1,20}\Z")]
    """A ``RequestAction``. One that an older node does not know is answered with ``failed`` and ``action_unknown``."""
    asked_at: Millis
    expires_at: Millis
    """Not done after this time of the hub."""
    is_closed: bool = False


class RequestOutcome(StrEnum):
    """How a request ended at the node."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class RequestAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request, in the node's signed mail."""

    request: Name
    outcome: RequestOutcome
    code: Word = ""
    """Why it failed or was refused, as a stable word."""
    body: SealedAnswer = b""
    """A ``SealedBody`` for the hub; empty when there is nothing to bring."""


def read_maintenance(body: bytes) -> MaintenanceNotice:
    """Parse the body of a maintenance notice.

    Raises:
        ProtocolError: size, form, version or schema; an end that is not after its beginning.
    """
    notice = from_bytes(body, MaintenanceNotice, max_bytes=MAX_NOTICE_BODY_BYTES)
    if notice.ends_at <= notice.starts_at:
        reason = "order"
        raise SchemaError(reason)
    return notice


def read_broadcast(body: bytes) -> BroadcastNotice:
    """Parse the body of a broadcast.

    Raises:
        ProtocolError: size, form, version or schema.
    """
    return from_bytes(body, BroadcastNotice, max_bytes=MAX_NOTICE_BODY_BYTES)


def read_request(body: bytes) -> RemoteRequest:
    """Parse the body of a request.

    Raises:
        ProtocolError: size, form, version or schema.
    """
    return from_bytes(body, RemoteRequest, max_bytes=MAX_NOTICE_BODY_BYTES)
