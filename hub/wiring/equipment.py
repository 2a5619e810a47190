"""What every program of the hub has: ports, stores, keys, and how it reaches the broker."""

from dataclasses import dataclass

from hub.intake.context import HubSecrets, Stores
from hub.intake.mqtt import BrokerOptions
from hub.intake.receipts import LogSigner
from hub.settings import Settings
from hub.storage.blobs import FileBlobStore
from hub.storage.engine import Database
from hub.storage.hubkeys import load_log_key, load_message_key, load_sealing_keys
from hub.storage.keyring import Keyring
from hub.storage.ports import Ids, Randomness, SystemClock, SystemIds, SystemRandomness


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Clock, randomness and ids of a program."""

    clock: SystemClock
    randomness: Randomness
    ids: Ids


def make_ports(settings: Settings) -> Ports:
    """Return the ports of the real world."""
    clock, randomness = SystemClock(settings.demo_clock), SystemRandomness()
    return Ports(clock=clock, randomness=randomness, ids=SystemIds(clock, randomness))


def make_stores(settings: Settings) -> Stores:
    """Open database, key ring and blob store."""
    return Stores(
        database=Database(settings.url),
        keyring=Keyring.open(settings.keys_dir),
        blobs=FileBlobStore(settings.blobs_dir),
    )


def load_secrets(settings: Settings) -> HubSecrets:
    """Load the keys that intake and worker hold.

    Raises:
        StorageError: one is missing, damaged, or open to others.
    """
    return HubSecrets(
        sealing=load_sealing_keys(settings.keys_dir),
        message=load_message_key(settings.keys_dir),
        log=LogSigner(key=load_log_key(settings.keys_dir), origin=settings.origin),
    )


def broker_options(settings: Settings, identity: str) -> BrokerOptions:
    """Return how one of the hub's own programs reaches the broker."""
    return BrokerOptions(
        host=settings.broker_host,
        port=settings.broker_port,
        ca_file=settings.pki_dir / "ca.crt",
        cert_file=settings.pki_dir / f"{identity}.crt",
        key_file=settings.pki_dir / f"{identity}.key",
    )
