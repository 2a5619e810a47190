"""Writes the files of the brokers of a cluster: one directory for each machine, and who may connect.

The hub does not start them: ``deploy/systemd/simpul-broker-cluster.service`` does on each machine, and
``deploy/brokers/cluster.py`` does on one machine, for a trial and in tests.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.authority.pki_files import PkiFiles, write_atomically
from hub.brokers.config import ClusterConfig, Member, render_identities, render_member
from hub.brokers.routes import make_route_certificate
from hub.registry.queries import all_nodes
from hub.storage.engine import Database
from protocol.ids import HubId

LEAST_MEMBERS = 3
"""Fewer cannot lose one: a majority must be left."""

IDENTITIES = "identities.conf"


class ClusterError(Exception):
    """These brokers do not make a cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlan:
    """The brokers of one cluster and where each keeps its messages."""

    members: tuple[Member, ...]
    port: int
    route_port: int
    store: str
    """Absolute, or relative to the member's directory."""


def parse_members(text: str) -> tuple[Member, ...]:
    """Read ``b1=10.0.0.1,b2=10.0.0.2,b3=10.0.0.3``.

    Raises:
        ClusterError: malformed, a name or an address twice, an even number, or too few.
    """
    pairs = [each.strip().partition("=") for each in text.split(",")]
    members = tuple(Member(name=name.strip(), host=host.strip()) for name, _, host in pairs)
    if not all(each.name.isalnum() and each.host for each in members):
        raise ClusterError("members: write name=address,name=address,name=address")
    if len({each.name for each in members}) < len(members) or len({each.host for each in members}) < len(members):
        raise ClusterError("members: each needs a name and an address of its own")
    if len(members) < LEAST_MEMBERS or len(members) % 2 == 0:
        raise ClusterError("members: 3 or 5; with fewer, or an even number, the loss of one is no smaller risk")
    return members


def write_cluster(out: Path, plan: ClusterPlan, pki: PkiFiles, identities: Iterable[str], *, now: datetime) -> None:
    """Write one directory for each member, with everything that it needs, below ``out``.

    Raises:
        OSError: it cannot be written.
    """
    routes = make_route_certificate([each.host for each in plan.members], now=now)
    broker = pki.broker
    users = render_identities(identities, pki.authority.hub).encode()
    for own in plan.members:
        config = ClusterConfig(
            own=own, members=plan.members, port=plan.port, route_port=plan.route_port, store=plan.store
        )
        files = {
            "broker.conf": render_member(config).encode(),
            IDENTITIES: users,
            "routes.crt": routes.certificate,
            "routes.key": routes.key,
            "ca.crt": broker.ca_file.read_bytes(),
            "hub-broker.crt": broker.cert_file.read_bytes(),
            "hub-broker.key": broker.key_file.read_bytes(),
        }
        directory = out / own.name
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in files.items():
            write_atomically(directory / name, content, mode=0o600)


def write_identities(directories: Sequence[Path], identities: Iterable[str], hub: HubId) -> list[Path]:
    """Write who may connect where it is not written yet, and return the files that changed.

    Raises:
        OSError: it cannot be written.
    """
    wanted, changed = render_identities(identities, hub).encode(), []
    for directory in directories:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / IDENTITIES
        if not path.exists() or path.read_bytes() != wanted:
            write_atomically(path, wanted, mode=0o600)
            changed.append(path)
    return changed


def active_identities(database: Database) -> tuple[str, ...]:
    """Return the nodes that may connect: enrolled, and neither suspended nor revoked."""
    with database.reading() as session:
        return tuple(sorted(str(node.node_id) for node in all_nodes(session) if node.is_active))
