"""One batch of messages, one transaction: verify, decide, commit, and say what to publish.

Steps of ``process``:
1. read the registry for the nodes of the batch, and check every message (no transaction is open meanwhile); what was
   found out about it beforehand, in a second process, is not done again;
2. in one write transaction: decide about bundles, append the verdicts to the ledger, store bundles, let casework open
   the cases, sign the tree head and store the receipts; store chunks, acts, mail, health and refusals. Two corrections
   of one case in a batch are decided one after the other;
3. return what to publish. The caller acknowledges and publishes only after this returned.
If the transaction fails nothing is acknowledged and the broker brings the batch again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.intake.acts import ActStage
from hub.intake.bundles import BundleStage
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.checker import LEAST, Question
from hub.intake.chunks import ChunkStage, Ready
from hub.intake.context import IntakeContext
from hub.intake.opening import NOTHING_PROVEN, Opener, Proven
from hub.intake.refusals import RefusalStage
from hub.intake.verify import (
    Checked,
    CheckedBundle,
    CheckedChunk,
    CheckedHealth,
    CheckedMail,
    Refused,
    Trusted,
    address_of,
    check,
)
from hub.ledger.service import take_turn
from hub.registry import tables as registry
from hub.registry.queries import load_nodes
from hub.registry.records import OfficerRecord, officer_record
from hub.storage import crash
from protocol.ids import NodeId
from protocol.mailbox import Mail
from protocol.topics import Up

MOST_ROUNDS = 3
"""Corrections of one case that are decided one after the other; in the last round one alone can be accepted."""


@dataclass(frozen=True, kw_only=True)
class Processed:
    """What a committed batch leaves to do."""

    outgoing: Sequence[Outgoing]
    ready: Sequence[Ready]
    """Attachments of which all chunks are here now, or that can be copied."""
    asking: Sequence[Mail] = ()
    """Mails that ask for pieces of documents."""


@dataclass
class _Sorted:
    bundles: list[CheckedBundle] = field(default_factory=list)
    rejected: list[Refused] = field(default_factory=list)
    chunks: list[CheckedChunk] = field(default_factory=list)
    mails: list[CheckedMail] = field(default_factory=list)
    healths: list[CheckedHealth] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def questions(context: IntakeContext, batch: Sequence[Incoming]) -> list[Question]:
    """Return what can be found out about the bundles of a batch before its turn comes; nothing when they are few.

    Raises:
        StorageError: the registry cannot be read.
    """
    found = [(incoming, topic) for incoming in batch if (topic := address_of(incoming)) and topic.kind is Up.BUNDLE]
    if len(found) < LEAST:
        return []
    trusted = _read_trusted(context, {topic.node for _, topic in found}, NOTHING_PROVEN)
    officers: dict[NodeId, dict[bytes, bytes]] = {}
    for officer in trusted.officers.values():
        officers.setdefault(officer.node_id, {})[officer.kid] = officer.public_key.public_bytes_raw()
    return [
        Question(
            payload=incoming.payload,
            node=node.node_id,
            node_key=node.signing_key.public_bytes_raw(),
            officers=officers.get(node.node_id, {}),
        )
        for incoming, topic in found
        if (node := trusted.nodes.get(topic.node)) is not None
    ]


def process(
    context: IntakeContext, batch: Sequence[Incoming], proven: Mapping[bytes, Proven] = NOTHING_PROVEN
) -> Processed:
    """Give every message of the batch its durable verdict; ``proven`` is what was found out beforehand, by payload."""
    now = context.clock.now()
    topics = [address_of(incoming) for incoming in batch]
    trusted = _read_trusted(context, {topic.node for topic in topics if topic is not None}, proven)
    groups = _sort([check(incoming, topic, trusted) for incoming, topic in zip(batch, topics, strict=True)])
    crash.point("intake.checked")
    with context.stores.database.session() as session:
        processed = _commit(session, context, now, groups)
        crash.point("intake.commit.before")
    crash.point("intake.commit.after")
    return processed


def _commit(session: Session, context: IntakeContext, now: datetime, groups: _Sorted) -> Processed:
    outgoing: list[Outgoing] = []
    if groups.bundles or groups.mails:
        take_turn(session)  # whom a revocation before us in the ledger excludes, is read below as excluded
    rounds = _in_rounds(groups.bundles)
    stages = [BundleStage(session, context, now) for _ in rounds]
    for number, (stage, bundles) in enumerate(zip(stages, rounds, strict=True)):
        outgoing += stage.run(bundles, groups.rejected if number == 0 else ())
    chunks = ChunkStage(session, context, now)
    chunks.adopt_early([bundle for stage in stages for bundle in stage.accepted_ids])
    put_aside = [item for stage in stages for item in stage.put_aside]
    acts = ActStage(session, context, now)
    outgoing += acts.run(groups.mails)
    refused = [*groups.refused, *put_aside, *chunks.store(groups.chunks), *acts.refused]
    for mail in groups.mails:
        outgoing += context.on_mail(session, now, mail.mail)
    if groups.healths:
        outgoing += context.on_health(session, now, [health.health for health in groups.healths])
    outgoing += RefusalStage(session, context, now).run(refused)
    return Processed(
        outgoing=outgoing,
        ready=[*chunks.ready(), *(copy for stage in stages for copy in stage.copies)],
        asking=[mail.mail for mail in groups.mails if mail.mail.documents],
    )


def _in_rounds(bundles: Sequence[CheckedBundle]) -> list[list[CheckedBundle]]:
    """Return what is decided together: the second correction of a case sees what the first one answered."""
    rounds: list[list[CheckedBundle]] = [[] for _ in range(MOST_ROUNDS)]
    places: dict[bytes, dict[bytes, int]] = {}
    for item in bundles:
        corrects, bundle = item.verified.manifest.corrects, item.verified.bundle
        place = 0
        if corrects is not None:
            known = places.setdefault(corrects, {})
            place = known.setdefault(bundle, min(len(known), MOST_ROUNDS - 1))
        rounds[place].append(item)
    return [rounds[0], *filter(None, rounds[1:])]


def _read_trusted(context: IntakeContext, nodes: Collection[NodeId], proven: Mapping[bytes, Proven]) -> Trusted:
    with context.stores.database.reading() as session:
        return Trusted(
            opener=Opener(hub=context.hub, sealing_keys=context.secrets.sealing),
            nodes=load_nodes(session, nodes),
            officers=_read_officers(session, nodes),
            proven=proven,
        )


def _read_officers(session: Session, nodes: Collection[NodeId]) -> dict[bytes, OfficerRecord]:
    """Return every officer's key of these nodes by key id, whatever its status: the decision looks at that."""
    query = select(registry.Officer).where(registry.Officer.node_id.in_([str(node) for node in nodes]))
    return {row.kid: officer_record(row) for row in session.scalars(query)}


def _sort(checked: Sequence[Checked]) -> _Sorted:
    groups = _Sorted()
    for item in checked:
        if isinstance(item, Refused):
            is_bundle = item.kind is Up.BUNDLE and item.error.code != "node_unknown"
            (groups.rejected if is_bundle else groups.refused).append(item)
        elif isinstance(item, CheckedBundle):
            groups.bundles.append(item)
        elif isinstance(item, CheckedChunk):
            groups.chunks.append(item)
        elif isinstance(item, CheckedMail):
            groups.mails.append(item)
        else:
            groups.healths.append(item)
    return groups
