"""What the officer's pages need of this node, handed to ``web.create_app`` as one frozen value."""

from collections.abc import Callable
from dataclasses import dataclass, field

from village_node.health.link_meter import LinkMeter
from village_node.health.place import Place
from village_node.identity.sessions import UnlockSessions
from village_node.inbox.documents import DocumentFolder
from village_node.outbox.service import Sealer
from village_node.settings import Settings
from village_node.store.engine import Database
from village_node.store.files import SealedFiles
from village_node.store.ports import Clock, Ids, Randomness
from village_node.store.space import SpaceWatch
from village_node.sync.staging import ParcelFolder


@dataclass(frozen=True, kw_only=True)
class NodeContext:
    """Everything that a page may use. Reads go through the rooms' ``queries.py`` and ``service.py``."""

    database: Database
    clock: Clock
    randomness: Randomness
    ids: Ids
    settings: Settings
    unlocks: UnlockSessions
    files: SealedFiles
    documents: DocumentFolder
    parcels: ParcelFolder
    sealer: Sealer
    meter: LinkMeter = field(default_factory=LinkMeter)
    wake: Callable[[], None]
    """Tells the sync thread that something new is in the outbox, or that the officer wants it to try now."""

    def place(self, space: SpaceWatch | None = None) -> Place:
        """Return what the self-test and the support file look at; ``space`` remembers the disk for the pages."""
        return Place(
            database=self.database,
            clock=self.clock,
            settings=self.settings,
            tls=self.sealer.keys.tls_files,
            space=space or SpaceWatch(self.settings.data_dir, self.clock),
            meter=self.meter,
        )
