"""From bytes off the wire to checked values. Runs outside of the write transaction; touches no table.

Order for a bundle: size → topic identity → envelope (box, node's signature, officer's signature) → what the manifest
says about itself. Certificate status, counter, leases and the form are decided afterwards, in the transaction.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.intake.carrier import Incoming
from hub.intake.opening import OfficerFinder, Opener, Proven
from hub.intake.rules import FormCheck
from hub.registry.records import NodeRecord, OfficerRecord
from protocol.bundle import VerifiedBundle
from protocol.chunks import Chunk, parse_chunk
from protocol.envelope import Purpose, one_key, peek_kid
from protocol.errors import (
    IdentityError,
    NodeUnknownError,
    OfficerUnknownError,
    ProtocolError,
    SealError,
    SealingKeyUnknownError,
    TopicError,
)
from protocol.health import Health, verify_health
from protocol.ids import HubId, NodeId
from protocol.limits import MAX_ACT_BYTES
from protocol.mailbox import Mail, verify_mail
from protocol.notices import Act, verify_act
from protocol.sealing import BodyContext, open_body, parse_sealed
from protocol.topics import Up, UpTopic, parse_up


@dataclass(frozen=True, kw_only=True, slots=True)
class Trusted:
    """What verification relies on: the hub's own keys, and the registry as it was read for this batch."""

    opener: Opener
    nodes: Mapping[NodeId, NodeRecord]
    officers: Mapping[bytes, OfficerRecord]
    """By key id, over all nodes of the batch."""
    proven: Mapping[bytes, Proven] = field(default_factory=dict)
    """What was found out about bundles beforehand, by payload."""

    @property
    def hub(self) -> HubId:
        """Return the hub's name."""
        return self.opener.hub


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A message that did not pass. ``claimed_bundle`` is what its clear header said, if it could be read."""

    incoming: Incoming
    node: NodeId | None
    kind: Up | None
    error: ProtocolError
    claimed_bundle: bytes | None = None
    message: bytes | None = None
    """What is refused, where it is not one message: a file that was joined from many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedBundle:
    """A bundle with verified signatures and identity."""

    incoming: Incoming
    verified: VerifiedBundle
    officer: OfficerRecord
    form: FormCheck | None = None
    """Whether it fits the form, if that was found out beforehand."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedChunk:
    """A well-formed chunk from this node; its box is authenticated later, with the bundle's key."""

    incoming: Incoming
    node: NodeId
    chunk: Chunk


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedAct:
    """An act in a mail: verified, or with the reason why it is none."""

    raw: bytes
    """The sealed statement."""
    act: Act | None = None
    kid: bytes = b""
    """The key that signed it; its status is looked at in the transaction."""
    error: ProtocolError | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedMail:
    """Mail that the node signed, and the officers' acts in it."""

    incoming: Incoming
    mail: Mail
    acts: tuple[CheckedAct, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedHealth:
    """Birth, heartbeat or death that the node signed."""

    incoming: Incoming
    health: Health


Checked = CheckedBundle | CheckedChunk | CheckedMail | CheckedHealth | Refused


def address_of(incoming: Incoming) -> UpTopic | None:
    """Return which node and which kind a message's topic names, if it is an uplink topic."""
    try:
        return parse_up(incoming.topic)
    except TopicError:
        return None


def check(incoming: Incoming, topic: UpTopic | None, trusted: Trusted) -> Checked:
    """Check one message that came on this topic."""
    if topic is None:
        return Refused(incoming=incoming, node=None, kind=None, error=TopicError())
    node = trusted.nodes.get(topic.node)
    if node is None or topic.node.village.regency.dotless != trusted.hub:
        return Refused(incoming=incoming, node=topic.node, kind=topic.kind, error=NodeUnknownError())
    try:
        return _check_kind(incoming, topic.kind, node, trusted)
    except ProtocolError as error:
        return Refused(
            incoming=incoming,
            node=topic.node,
            kind=topic.kind,
            error=error,
            claimed_bundle=_claimed_bundle(incoming, topic.kind),
        )


def digest_of(incoming: Incoming) -> bytes:
    """Return the SHA-256 of a message as it came."""
    return hashlib.sha256(incoming.payload).digest()


def _check_kind(incoming: Incoming, kind: Up, node: NodeRecord, trusted: Trusted) -> Checked:
    if kind is Up.BUNDLE:
        return _check_bundle(incoming, node, trusted)
    if kind is Up.CHUNK:
        return CheckedChunk(incoming=incoming, node=node.node_id, chunk=parse_chunk(incoming.payload))
    find = one_key(node.signing_key)
    if kind is Up.MAIL:
        mail = verify_mail(incoming.payload, node=node.node_id, find_key=find)
        acts = tuple(_check_act(raw, node.node_id, trusted) for raw in mail.acts)
        return CheckedMail(incoming=incoming, mail=mail, acts=acts)
    return CheckedHealth(incoming=incoming, health=verify_health(incoming.payload, node=node.node_id, find_key=find))


def _check_bundle(incoming: Incoming, node: NodeRecord, trusted: Trusted) -> CheckedBundle:
    find_officer_key = _officers_of(node.node_id, trusted)
    proven = _usable(trusted.proven.get(incoming.payload), node, find_officer_key)
    verified = (
        trusted.opener.open(incoming.payload, node.node_id, node.signing_key, find_officer_key)
        if (proven is None)
        else proven.verified
    )
    officer = trusted.officers[verified.officer_kid]
    if officer.officer_id != verified.manifest.officer:
        raise IdentityError
    return CheckedBundle(
        incoming=incoming, verified=verified, officer=officer, form=None if proven is None else proven.form
    )


def _usable(proven: Proven | None, node: NodeRecord, find_officer_key: OfficerFinder) -> Proven | None:
    """Return what was found out beforehand if it was under the keys that this node and its officers have now."""
    if proven is None:
        return None
    verified = proven.verified
    if (verified.manifest.node, verified.node_kid) != (node.node_id, node.signing_kid):
        return None
    find_officer_key(verified.officer_kid)  # a key id is the digest of its key: the same id is the same key
    return proven


def _check_act(raw: bytes, node: NodeId, trusted: Trusted) -> CheckedAct:
    try:
        signed = _open_act(raw, node, trusted)
        kid = peek_kid(signed, purpose=Purpose.ACT, max_bytes=MAX_ACT_BYTES)
        act = verify_act(signed, node=node, find_officer_key=_officers_of(node, trusted))
        if trusted.officers[kid].officer_id != act.officer:
            raise IdentityError
    except ProtocolError as error:
        return CheckedAct(raw=raw, error=error)
    return CheckedAct(raw=raw, act=act, kid=kid)


def _open_act(raw: bytes, node: NodeId, trusted: Trusted) -> bytes:
    """Open an act with whichever of the hub's keys it was sealed to; a box does not name it."""
    context = BodyContext(hub=trusted.hub, node=node, kind="act")
    problem: ProtocolError = SealingKeyUnknownError()
    for key in trusted.opener.sealing_keys.values():
        try:
            return open_body(raw, key, context)
        except SealError as error:
            problem = error
    raise problem


def _officers_of(node: NodeId, trusted: Trusted) -> OfficerFinder:
    """Return a finder of the keys of this node's officers, whatever their status."""

    def find(kid: bytes) -> Ed25519PublicKey:
        record = trusted.officers.get(kid)
        if record is None or record.node_id != node:
            raise OfficerUnknownError
        return record.public_key

    return find


def _claimed_bundle(incoming: Incoming, kind: Up) -> bytes | None:
    try:
        if kind is Up.BUNDLE:
            return parse_sealed(incoming.payload).bundle
        return parse_chunk(incoming.payload).bundle if kind is Up.CHUNK else None
    except ProtocolError:
        return None
