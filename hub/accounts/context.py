"""What every view of every room works with: made once by ``create_app``, never changed."""

from dataclasses import dataclass

from hub.catalogue.catalogue import Catalogue
from hub.settings import Settings
from hub.storage.blobs import BlobStore
from hub.storage.engine import Database
from hub.storage.keyring import Keyring
from hub.storage.ports import Clock, Ids, Randomness


@dataclass(frozen=True, kw_only=True)
class WebContext:
    """Stores, catalogue, ports and settings of the web program."""

    database: Database
    catalogue: Catalogue
    keyring: Keyring
    blobs: BlobStore
    clock: Clock
    randomness: Randomness
    ids: Ids
    settings: Settings
