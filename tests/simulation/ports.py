"""Time, chance and disks of a simulated world, behind the same ports as the real ones; and the power that fails."""

import copy
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from hub.storage.errors import BlobError
from protocol.checkpoint import CheckpointRef
from protocol.health import Health, HealthKind
from protocol.ids import NodeId
from protocol.mailbox import Mail
from protocol.receipt import VerifiedReceipt
from village_node.outbox.errors import ItemUnknownError
from village_node.sync.rules import messages as m
from village_node.sync.store import Begun, Seen

BEFORE = {"arrived": ("waiting", "rejected"), "whole": ("waiting", "rejected", "arrived"), "rejected": ("waiting",)}


class PowerCutError(BaseException):
    """The machine stops here. No ``Exception``: nothing in the product may catch it."""


@dataclass
class Fuse:
    """Cuts the power at the n-th crash point that is passed; without a number it never does."""

    left: int | None = None

    def point(self) -> None:
        """Pass a crash point."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise PowerCutError


@dataclass
class SeededRandomness:
    """Bytes that come again with the same seed."""

    random: Random

    def token(self, size: int) -> bytes:
        return self.random.randbytes(size)


@dataclass
class MemoryBlobs:
    """A blob store in memory; what was put before a power cut is durable, as with the files."""

    fuse: Fuse
    kept: dict[bytes, bytes] = field(default_factory=dict)

    def put(self, content: bytes) -> bytes:
        return self.put_parts([content])

    def put_parts(self, parts: Iterable[bytes]) -> bytes:
        self.fuse.point()
        content = b"".join(parts)
        digest = hashlib.sha256(content).digest()
        self.kept[digest] = content
        self.fuse.point()
        return digest

    def get(self, digest: bytes) -> bytes:
        try:
            return self.kept[digest]
        except KeyError:
            raise BlobError(f"blob {digest.hex()}: not here") from None

    def has(self, digest: bytes) -> bool:
        return digest in self.kept


@dataclass
class Item:
    """A sealed item as it lies in an outbox."""

    facts: m.ItemFacts
    message: bytes
    chunks: tuple[bytes, ...]
    state: str = "waiting"


@dataclass
class NodeDisk:
    """Everything that survives a kill of the node program."""

    items: dict[bytes, Item] = field(default_factory=dict)
    receipts: dict[bytes, tuple[bytes, VerifiedReceipt]] = field(default_factory=dict)
    newest: CheckpointRef | None = None
    session: int = 0
    flags: set[str] = field(default_factory=set)
    counter: int = 0
    previous: bytes | None = None

    def image(self) -> "NodeDisk":
        """Return a copy, as a backup or a clone of the PC has it."""
        other = copy.copy(self)
        other.items = {key: copy.copy(item) for key, item in self.items.items()}
        other.receipts, other.flags = dict(self.receipts), set(self.flags)
        return other


@dataclass
class MemoryStore:
    """The runner's store in memory: the same port as ``village_node.sync.store.SqlStore``."""

    node: NodeId
    disk: NodeDisk
    fuse: Fuse = field(default_factory=Fuse)

    def begin(self, now: datetime) -> Begun:
        del now
        memory = m.Memory(items=self._facts(0), newest=self.disk.newest)
        return Begun(last_session=self.disk.session, memory=memory)

    def look(self, after_counter: int) -> Seen:
        return Seen(items=self._facts(after_counter), lacking=())

    def keep(self, now: datetime, actions: Sequence[m.StoreAction], broker_session: int) -> None:
        del now
        self.fuse.point()
        for action in actions:
            self._keep(action, broker_session)
        self.fuse.point()

    def message(self, bundle: bytes) -> bytes:
        try:
            return self.disk.items[bundle].message
        except KeyError:
            raise ItemUnknownError from None

    def mail(self, now: datetime, action: m.SendMail) -> Mail:
        del now
        return Mail(node=self.node, cursor=0, proof=action.proof, free_numbers=500)

    def health(self, kind: HealthKind, broker_session: int) -> Health:
        return Health(kind=kind, node=self.node, session=broker_session, claimed_at=0, program="simulation")

    def farewell(self, broker_session: int) -> Health:
        return self.health(HealthKind.DEATH, broker_session)

    def chunk(self, bundle: bytes, attachment: int, index: int) -> bytes:
        """Return a sealed chunk, as ``SealedFiles`` does."""
        item = self.disk.items[bundle]
        return item.chunks[sum(item.facts.chunks[:attachment]) + index]

    def _facts(self, after: int) -> tuple[m.ItemFacts, ...]:
        found = [item for item in self.disk.items.values() if item.facts.counter > after]
        found.sort(key=lambda item: item.facts.counter)
        return tuple(_with_state(item) for item in found)

    def _keep(self, action: m.StoreAction, broker_session: int) -> None:
        disk = self.disk
        match action:
            case m.KeepReceipt():
                disk.receipts.setdefault(hashlib.sha256(action.receipt.raw).digest(), (action.bundle, action.receipt))
            case m.MarkState():
                item = disk.items[action.bundle]
                if item.state in BEFORE[action.state]:
                    item.state = action.state
            case m.RememberCheckpoint():
                disk.newest = CheckpointRef(size=action.checkpoint.size, root=action.checkpoint.root)
            case m.RaiseFlag():
                disk.flags.add(action.code)
            case m.NoteLink():
                disk.session = max(disk.session, broker_session)
            case _:
                pass  # figures for the pages


def _with_state(item: Item) -> m.ItemFacts:
    facts = item.facts
    return m.ItemFacts(
        bundle=facts.bundle,
        message_digest=facts.message_digest,
        counter=facts.counter,
        registration_no=facts.registration_no,
        named=facts.named,
        chunks=facts.chunks,
        state=item.state,
        held_back=facts.held_back,
    )
