"""What intake works with: its stores, its keys, and the functions that higher rooms hand in at start-up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.orm import Session

from hub.catalogue.catalogue import Catalogue
from hub.intake.asking import AskedFor
from hub.intake.carrier import Outgoing
from hub.intake.reading import AcceptedBundle
from hub.intake.receipts import LogSigner
from hub.storage.blobs import BlobStore
from hub.storage.engine import Database
from hub.storage.keyring import Keyring
from hub.storage.ports import Clock, Randomness
from protocol.health import Health
from protocol.ids import HubId
from protocol.mailbox import Mail
from protocol.notices import Act

OpenCases = Callable[[Session, datetime, Sequence[AcceptedBundle]], None]
"""Makes a case of each accepted bundle, or takes it into its case, in the transaction that accepts it."""

OnMail = Callable[[Session, datetime, Mail], list[Outgoing]]
"""Takes a node's mail and returns what to publish after the commit."""

OnAct = Callable[[Session, datetime, Act], None]
"""Takes an officer's act into its case. Raises ``ActUnknownError`` or ``ActNotAllowedError``."""

FetchPieces = Callable[[Session, datetime, Mail], list[Outgoing]]
"""Returns the pieces of documents that a node's mail asks for; called after the commit, in a reading session."""

OnHealth = Callable[[Session, datetime, Sequence[Health]], list[Outgoing]]
"""Takes births, heartbeats and deaths of nodes and returns what to publish after the commit."""


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Where intake keeps things."""

    database: Database
    keyring: Keyring
    blobs: BlobStore


@dataclass(frozen=True, kw_only=True)
class HubSecrets:
    """The keys that intake holds."""

    sealing: Mapping[bytes, X25519PrivateKey]
    message: Ed25519PrivateKey
    log: LogSigner


@dataclass(frozen=True, kw_only=True)
class IntakeContext:
    """Everything that intake needs; made once at start-up."""

    hub: HubId
    stores: Stores
    secrets: HubSecrets
    catalogue: Catalogue
    clock: Clock
    randomness: Randomness
    open_cases: OpenCases
    asked_for: AskedFor
    on_mail: OnMail
    on_act: OnAct
    fetch_pieces: FetchPieces
    on_health: OnHealth
