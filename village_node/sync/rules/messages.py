"""What goes into the engine and what comes out: events and actions, frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from protocol.checkpoint import Checkpoint, CheckpointRef, LogKey
from protocol.envelope import KeyFinder
from protocol.ids import HubId, NodeId, RegistrationNo
from protocol.mailbox import DocumentRequest, Notice, ProofRequest
from protocol.receipt import VerifiedReceipt
from protocol.topics import Down


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemFacts:
    """What the engine must know about a sealed item. Facts of the local store, so they are trusted."""

    bundle: bytes
    message_digest: bytes
    """SHA-256 of the sealed message: what a rejection must name to count."""
    counter: int
    registration_no: RegistrationNo
    named: CheckpointRef | None
    """The checkpoint that the manifest names."""
    chunks: tuple[int, ...]
    """Number of chunks of each attachment."""
    state: str = "waiting"
    held_back: frozenset[int] = frozenset()
    """Attachments that the hub has from an earlier bundle: their chunks go only when it asks for them."""


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What is lacking of a document that the hub offered."""

    document: bytes
    missing: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Who this node is, and the hub's keys that it pinned at the enrolment."""

    node: NodeId
    hub: HubId
    log: LogKey
    find_message_key: KeyFinder


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """What the store holds when the engine starts."""

    items: Sequence[ItemFacts] = ()
    cursor: int = 0
    newest: CheckpointRef | None = None
    documents: Sequence[DocumentFacts] = ()


# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connected:
    """The carrier has a session and its subscriptions."""

    session: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The carrier lost the link, or could not get one; ``reason`` is a stable code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker acknowledged a message. It proves nothing but that the link is that fast."""

    token: int


@dataclass(frozen=True, slots=True)
class Received:
    """A message on this node's ``down`` topics, or out of a parcel; not verified."""

    kind: Down
    payload: bytes
    is_carried: bool = False
    """Out of a parcel: what it answers was asked in a file, not in this session."""


@dataclass(frozen=True, slots=True)
class BeaconHeard:
    """A message on the hub's beacon topic, not verified."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class ItemSealed:
    """A new item is in the outbox."""

    item: ItemFacts


@dataclass(frozen=True, slots=True)
class ItemUnreadable:
    """A sealed file of this item is damaged on the disk."""

    bundle: bytes


@dataclass(frozen=True, slots=True)
class DocumentsLacking:
    """What the store says is lacking of documents: offered with a decision, or dropped because it did not open."""

    documents: tuple[DocumentFacts, ...]


@dataclass(frozen=True, slots=True)
class Woken:
    """The officer wants it tried now."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


Event: TypeAlias = (
    Connected
    | Disconnected
    | Acknowledged
    | Received
    | BeaconHeard
    | ItemSealed
    | ItemUnreadable
    | DocumentsLacking
    | Woken
    | Ticked
)


# --- actions that change the store; done first, in one transaction ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordSent:
    """Count one more attempt of this item."""

    bundle: bytes


@dataclass(frozen=True, slots=True)
class RecordDelivered:
    """Note how many chunks of an attachment are believed to be at the hub."""

    bundle: bytes
    attachment: int
    chunks: int
    idle: int | None = None
    """Milliseconds since the last such action in which nothing was on its way; None when the hub said it, and nothing
    about the link's pace follows: it may have come on a stick, or long ago."""


@dataclass(frozen=True, slots=True)
class KeepReceipt:
    """Store a verified receipt that belongs to this item."""

    bundle: bytes
    receipt: VerifiedReceipt


@dataclass(frozen=True, slots=True)
class MarkState:
    """Change what the hub is known to have of an item: ``arrived``, ``whole`` or ``rejected``."""

    bundle: bytes
    state: str


@dataclass(frozen=True, slots=True)
class KeepNotice:
    """Store and apply the next notice."""

    notice: Notice
    raw: bytes


@dataclass(frozen=True, slots=True)
class KeepPiece:
    """Store a piece of a document as it came."""

    document: bytes
    index: int
    box: bytes


@dataclass(frozen=True, slots=True)
class NoteRefusal:
    """Note that the hub refused a message that is no bundle, such as an officer's statement."""

    message: bytes
    code: str


@dataclass(frozen=True, slots=True)
class RememberCheckpoint:
    """Keep this as the newest checkpoint: it is linked to the one before."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class RaiseFlag:
    """Note that something happened that should not, with the bytes that show it."""

    code: str
    about: bytes = b""
    evidence: bytes = b""


@dataclass(frozen=True, slots=True)
class NoteLink:
    """Note a change of the link."""

    connected: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NoteAnswer:
    """Note that the hub answered this node."""


@dataclass(frozen=True, slots=True)
class NoteBeacon:
    """Note that the hub's beacon was heard, with the hub's time in milliseconds."""

    hub_ms: int = 0


# --- actions that are seen outside; done after the commit ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendManifest:
    """Publish an item's sealed manifest."""

    token: int
    bundle: bytes


@dataclass(frozen=True, slots=True)
class SendChunk:
    """Publish one sealed chunk."""

    token: int
    bundle: bytes
    attachment: int
    index: int


@dataclass(frozen=True, slots=True)
class SendMail:
    """Publish cursor, open officers, free numbers and statements, and ask for a proof and for pieces of documents."""

    proof: ProofRequest | None
    documents: tuple[DocumentRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class SendBirth:
    """Publish the birth of a session."""

    session: int


@dataclass(frozen=True, slots=True)
class SendHeartbeat:
    """Publish this PC's figures."""

    session: int


@dataclass(frozen=True, slots=True)
class DropConnection:
    """Close the link and open it anew: the broker has been silent for too long."""


StoreAction: TypeAlias = (
    RecordSent
    | RecordDelivered
    | KeepReceipt
    | MarkState
    | KeepNotice
    | KeepPiece
    | NoteRefusal
    | RememberCheckpoint
    | RaiseFlag
    | NoteLink
    | NoteAnswer
    | NoteBeacon
)
SendAction: TypeAlias = SendManifest | SendChunk | SendMail | SendBirth | SendHeartbeat | DropConnection
Action: TypeAlias = StoreAction | SendAction
