"""Answers what is over a node's quota: a signed refusal each, without a look into the message."""

from collections.abc import Sequence

from hub.intake.carrier import Incoming, Outgoing
from hub.intake.context import IntakeContext
from hub.intake.refusals import RefusalStage
from hub.intake.verify import Refused, address_of
from protocol.chunks import parse_chunk
from protocol.errors import ProtocolError, QuotaError
from protocol.topics import Up


def refuse_over_quota(context: IntakeContext, messages: Sequence[Incoming]) -> list[Outgoing]:
    """Write the refusals down and return what to publish; who has no topic of a node is not told."""
    refused = [each for each in map(_refused, messages) if each is not None]
    if not refused:
        return []
    with context.stores.database.session() as session:
        return RefusalStage(session, context, context.clock.now()).run(refused)


def _refused(incoming: Incoming) -> Refused | None:
    topic = address_of(incoming)
    if topic is None:
        return None
    claimed = _bundle_of(incoming) if topic.kind is Up.CHUNK else None
    return Refused(incoming=incoming, node=topic.node, kind=topic.kind, error=QuotaError(), claimed_bundle=claimed)


def _bundle_of(incoming: Incoming) -> bytes | None:
    """Return the bundle that a chunk says it belongs to, so that its node pauses that one."""
    try:
        return parse_chunk(incoming.payload).bundle
    except ProtocolError:
        return None
