"""Builds the programs of the hub out of their rooms: the one place that knows all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from hub.attachments.service import check_waiting
from hub.authority.certification import Issuer
from hub.authority.pki_files import load_pki
from hub.casework.commands import ProposalKind
from hub.casework.events import CaseTools
from hub.casework.quarantine import announcer
from hub.casework.service import asked_for, take_in
from hub.catalogue.catalogue import Catalogue
from hub.dispatch.acts import take_act
from hub.dispatch.ahead import SentAhead
from hub.dispatch.documents import DocumentPost
from hub.dispatch.post import village_post
from hub.dispatch.service import write_notice
from hub.fees.changes import change_fee
from hub.fees.queries import charged_rp
from hub.fees.service import FeeTools
from hub.health.presence import on_health
from hub.intake.carrier import Outgoing
from hub.intake.context import HubSecrets, IntakeContext, Stores
from hub.intake.mqtt import BrokerOptions
from hub.intake.reading import AcceptedBundle
from hub.intake.receipts import LogSigner
from hub.ledger.witnesses import WitnessAddress, Witnesses
from hub.network.mail import answer_mail
from hub.parcels.reader import ParcelReader
from hub.parcels.spool import Spool
from hub.permits.bsre import BsreAccount, BsreProvider
from hub.permits.documents import document_ref, read_document
from hub.permits.errors import DocumentNotFoundError
from hub.permits.local_ca import DocumentAuthority, LocalCaProvider
from hub.permits.revocation import revoke, send_lists
from hub.permits.service import PermitTools
from hub.permits.signing import SignatureProvider
from hub.permits.stationery import Stationery
from hub.registry.queries import all_nodes
from hub.registry.rules import NodeStatus
from hub.settings import Settings, SettingsError
from hub.storage.blobs import FileBlobStore
from hub.storage.engine import Database
from hub.storage.errors import KeyringError
from hub.storage.files import read_private
from hub.storage.hubkeys import load_log_key, load_message_key, load_permit_key, load_sealing_keys
from hub.storage.keyring import Keyring
from hub.storage.ports import Ids, Randomness, SystemClock, SystemIds, SystemRandomness
from hub.worker import WorkerContext
from protocol.documents import DocumentRef
from protocol.errors import ProtocolError
from protocol.health import Health
from protocol.ids import NodeId
from protocol.mailbox import Mail, NoticeKind
from protocol.notices import Act


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


def make_intake(settings: Settings, stores: Stores, ports: Ports) -> IntakeContext:
    """Build the intake of a hub."""
    catalogue = Catalogue.load()
    secrets, ahead = _secrets(settings), SentAhead()
    tools = make_case_tools(settings, catalogue, stores.keyring, ports)

    def open_accepted(session: Session, now: datetime, accepted: Sequence[AcceptedBundle]) -> None:
        take_in(session, now, accepted, tools)

    def take(session: Session, now: datetime, act: Act) -> None:
        take_act(session, now, act, tools)

    def take_mail(session: Session, now: datetime, mail: Mail) -> list[Outgoing]:
        return answer_mail(session, now, mail, message_key=secrets.message, ahead=ahead)

    def take_health(session: Session, now: datetime, health: Health) -> list[Outgoing]:
        on_health(session, now, health)
        return []

    return IntakeContext(
        hub=settings.hub,
        stores=stores,
        secrets=secrets,
        catalogue=catalogue,
        clock=ports.clock,
        randomness=ports.randomness,
        open_cases=open_accepted,
        asked_for=asked_for,
        on_mail=take_mail,
        on_act=take,
        fetch_pieces=make_document_post(stores, secrets).fetch,
        on_health=take_health,
    )


def make_parcel_reader(settings: Settings, context: IntakeContext) -> ParcelReader:
    """Return what reads the parcels of the spool on behalf of intake."""
    documents = make_document_post(context.stores, context.secrets)
    return ParcelReader(context, Spool(settings.data_dir / "parcels"), documents)


def make_document_post(stores: Stores, secrets: HubSecrets) -> DocumentPost:
    """Return what sends documents to villages; they are kept by permits, which dispatch does not know."""

    def read(session: Session, document: bytes) -> tuple[DocumentRef, bytes] | None:
        try:
            ref = document_ref(session, stores.keyring, document)
            return ref, read_document(session, stores.keyring, stores.blobs, document)
        except (DocumentNotFoundError, KeyringError):
            return None  # there is none, or its case was erased

    return DocumentPost(read, secrets.message)


def make_case_tools(settings: Settings, catalogue: Catalogue, keyring: Keyring, ports: Ports) -> CaseTools:
    """Return what casework works with: its village is told by dispatch, which stands above it."""
    return CaseTools(
        catalogue=catalogue,
        keyring=keyring,
        randomness=ports.randomness,
        ids=ports.ids,
        notify=village_post(settings.hub),
    )


def make_room_tools(
    settings: Settings, catalogue: Catalogue, stores: Stores, ports: Ports
) -> tuple[CaseTools, PermitTools, FeeTools]:
    """Return what the pages of casework, letters and fees work with, with what happens when two persons agreed.

    Raises:
        StorageError: a key is missing or open to others.
        SettingsError: the signature provider cannot be used.
    """
    case, stationery = make_case_tools(settings, catalogue, stores.keyring, ports), Stationery.load()
    permits = PermitTools(
        case=case,
        hub=settings.hub,
        stationery=stationery,
        key=load_permit_key(settings.keys_dir),
        provider=_signature_provider(settings, ports),
        blobs=stores.blobs,
        charged_rp=charged_rp,
    )
    fees = FeeTools(case=case, hub=settings.hub, stationery=stationery)
    effects = {
        ProposalKind.REVOCATION: partial(revoke, tools=permits),
        ProposalKind.FEE_CHANGE: partial(change_fee, tools=fees),
    }
    return replace(case, effects=effects), permits, fees


def _signature_provider(settings: Settings, ports: Ports) -> SignatureProvider:
    if settings.signature_provider == "local":
        return LocalCaProvider(authority=DocumentAuthority.open(settings.keys_dir), entropy=ports.randomness.token)
    password = read_private(Path(settings.bsre_password_file)).decode(errors="replace").strip()
    try:
        account = BsreAccount(
            url=settings.bsre_url,
            user=settings.bsre_user,
            password=password,
            timeout_s=settings.bsre_timeout_s,
        )
        return BsreProvider(account)
    except ValueError as error:
        raise SettingsError([str(error)]) from None


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


def broker_options(settings: Settings, identity: str) -> BrokerOptions:
    """Return how one of the hub's own programs reaches the broker."""
    return BrokerOptions(
        host=settings.broker_host,
        port=settings.broker_port,
        ca_file=settings.pki_dir / "ca.crt",
        cert_file=settings.pki_dir / f"{identity}.crt",
        key_file=settings.pki_dir / f"{identity}.key",
    )


def make_worker(settings: Settings, stores: Stores, ports: Ports) -> WorkerContext:
    """Build the worker of a hub."""
    catalogue = Catalogue.load()
    tools = make_case_tools(settings, catalogue, stores.keyring, ports)
    return WorkerContext(
        hub=settings.hub,
        stores=stores,
        secrets=_secrets(settings),
        issuer=Issuer.load(settings, catalogue, ports.randomness),
        pki=load_pki(settings.pki_dir),
        clock=ports.clock,
        beacon_s=settings.beacon_s,
        tools=tools,
        witnesses=Witnesses(_witness_addresses(settings), stores.database),
        errands=(
            _revocation_errand(settings, stores),
            lambda now: check_waiting(stores, now, announcer(tools)),
        ),
    )


def _witness_addresses(settings: Settings) -> list[WitnessAddress]:
    try:
        return [WitnessAddress.parse(each) for each in settings.witnesses]
    except ProtocolError:
        raise SettingsError(["witnesses: not name+hash+key@https://address"]) from None


def _secrets(settings: Settings) -> HubSecrets:
    return HubSecrets(
        sealing=load_sealing_keys(settings.keys_dir),
        message=load_message_key(settings.keys_dir),
        log=LogSigner(key=load_log_key(settings.keys_dir), origin=settings.origin),
    )
