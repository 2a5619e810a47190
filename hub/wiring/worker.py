"""The worker program: its errands out of the rooms."""

from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version

from sqlalchemy.orm import Session

from hub.attachments.service import check_waiting
from hub.authority.certification import Issuer
from hub.authority.eviction import cut_sessions
from hub.authority.expiry import Expiring as EndingKind
from hub.authority.expiry import expiries
from hub.authority.pki import HubClient
from hub.authority.pki_files import load_pki
from hub.authority.renewal import spread_roots
from hub.authority.takeover import Broker, take_over
from hub.calendar.service import current_calendar
from hub.casework.quarantine import announcer
from hub.catalogue.catalogue import Catalogue
from hub.dispatch.service import write_notice
from hub.health.alarm_rules import Expiring, Renewal
from hub.health.watch import Watch, WatchTools
from hub.intake.context import Stores
from hub.ledger.witnesses import WitnessAddress, Witnesses
from hub.network.hub_status import worker_beat
from hub.permits.revocation_lists import send_lists
from hub.registry.queries import all_nodes
from hub.registry.rules import NodeStatus
from hub.settings import Settings, SettingsError
from hub.storage.hubkeys import load_permit_key
from hub.wiring.cases import make_case_tools
from hub.wiring.equipment import Ports, broker_options, load_secrets
from hub.worker import WorkerContext
from protocol.errors import ProtocolError
from protocol.ids import NodeId
from protocol.mailbox import NoticeKind


def make_worker(settings: Settings, stores: Stores, ports: Ports) -> WorkerContext:
    """Build the worker of a hub."""
    catalogue = Catalogue.load()
    tools = make_case_tools(settings, catalogue, stores.keyring, ports)
    issuer = Issuer.load(settings, catalogue, ports.randomness)
    return WorkerContext(
        hub=settings.hub,
        stores=stores,
        secrets=load_secrets(settings),
        issuer=issuer,
        pki=load_pki(settings.pki_dir),
        clock=ports.clock,
        beacon_s=settings.beacon_s,
        tools=tools,
        witnesses=Witnesses(_witness_addresses(settings), stores.database),
        urgent=(_cutting(settings, stores, ports),),
        errands=(
            _revocation_errand(settings, stores),
            lambda now: spread_roots(stores.database, now, issuer),
            lambda now: check_waiting(stores, now, announcer(tools)),
            fleet_watch(settings, stores, ports),
            worker_beat(stores.database, version("simpul")),
        ),
    )


def fleet_watch(settings: Settings, stores: Stores, ports: Ports) -> Callable[[datetime], object]:
    """Return the worker's step that looks after the fleet; the authority says what ends, and when."""
    files = load_pki(settings.pki_dir)

    def ends(session: Session, now: datetime) -> list[Expiring]:
        return [
            Expiring(
                subject=f"{each.what} {each.who}".strip(),
                expires_at=each.expires_at,
                node=each.who if each.what is EndingKind.NODE else None,
                renewal=_RENEWALS.get(each.what, Renewal.BY_HAND),
            )
            for each in expiries(session, files, now)
        ]

    tools = WatchTools(
        randomness=ports.randomness,
        read_calendar=current_calendar,
        expiries=ends,
        suspends=settings.auto_suspend,
    )
    return Watch(stores.database, tools).look


_RENEWALS = {EndingKind.NODE: Renewal.BY_ITSELF, EndingKind.REVOCATION_LIST: Renewal.DAILY}


def _cutting(settings: Settings, stores: Stores, ports: Ports) -> Callable[[datetime], object]:
    """Return the worker's step that puts nodes out of the broker that were revoked or suspended."""
    files, options = load_pki(settings.pki_dir), broker_options(settings, HubClient.WORKER)
    broker = Broker(hosts=options.hosts, port=options.port)

    def cut(now: datetime) -> object:
        entropy = ports.randomness.token
        return cut_sessions(stores.database, now, lambda node: take_over(node, files, broker, now=now, entropy=entropy))

    return cut


def _witness_addresses(settings: Settings) -> list[WitnessAddress]:
    try:
        return [WitnessAddress.parse(each) for each in settings.witnesses]
    except ProtocolError:
        raise SettingsError(["witnesses: not name+hash+key@https://address"]) from None


def _revocation_errand(settings: Settings, stores: Stores) -> Callable[[datetime], object]:
    """Return the worker's step that brings the newest revocation list to every node."""
    signer = settings.hub, load_permit_key(settings.keys_dir)

    def write(session: Session, now: datetime, node: NodeId, part: bytes) -> object:
        return write_notice(session, now, node, NoticeKind.REVOCATIONS, part)

    def send(now: datetime) -> object:
        with stores.database.reading() as session:
            nodes = [node.node_id for node in all_nodes(session) if node.status is NodeStatus.ACTIVE]
        return send_lists(stores.database, now, nodes, signer, write)

    return send
