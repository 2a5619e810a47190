"""A village node made by hand: enrolled, with officers, services and numbers, but with no hub anywhere near."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from sqlalchemy import select

from hub.catalogue.catalogue import Catalogue
from protocol.enrolment import OfficeName
from protocol.ids import OfficerId, VillageCode
from protocol.mailbox import NumberLease
from tests.hub_stand_in import HubStandIn
from village_node.app import open_node
from village_node.catalogue.service import store_services
from village_node.context import NodeContext
from village_node.identity.hub import find_enrolled, store_lease, store_offices
from village_node.identity.officers import create_officer
from village_node.identity.sessions import UnlockSessions
from village_node.identity.tables import NodeIdentity, Officer
from village_node.identity.vault import KdfParameters
from village_node.settings import Settings
from village_node.store.ports import Clock

PIN, OTHER_PIN, NEW_PIN = "739154", "860215", "504938"
NAME, OTHER_NAME, NEW_NAME = "Siti Aminah", "Bambang Wibowo", "Dewi Lestari"
NIK = "3314990101900001"
LOCK_AFTER_S = 600
HUB_SEED = 11
VILLAGE = VillageCode("33.14.01.2001")
QUICK = KdfParameters(passes=1, memory_kib=1024, lanes=1)


@dataclass(frozen=True, kw_only=True)
class VillageDesk:
    """The node with its officers: two certified, one still waiting. ``hub`` holds the keys that it is enrolled with."""

    context: NodeContext
    officer: OfficerId
    other: OfficerId
    hub: HubStandIn


def open_desk(directory: Path, clock: Clock | None = None) -> VillageDesk:
    """Open the node in a folder; make it on the first call."""
    context = open_node(Settings(data_dir=directory, lock_after_s=LOCK_AFTER_S)).context
    if clock is not None:
        unlocks = UnlockSessions(clock, context.randomness, lock_after_s=LOCK_AFTER_S)
        context = replace(context, clock=clock, unlocks=unlocks, sealer=replace(context.sealer, clock=clock))
    with context.database.reading() as session:
        is_new = find_enrolled(session) is None
    hub = HubStandIn(HUB_SEED)
    if is_new:
        _furnish(context, hub)
    with context.database.reading() as session:
        known = {row.name: OfficerId(row.officer_id) for row in session.scalars(select(Officer))}
    return VillageDesk(context=context, officer=known[NAME], other=known[OTHER_NAME], hub=hub)


def _furnish(context: NodeContext, hub: HubStandIn) -> None:
    now, catalogue = context.clock.now(), Catalogue.load()
    with context.database.session() as session:
        session.add(_identity(context, hub))
        store_services(session, now, catalogue.wire_services())
        offices = catalogue.offices_for(VILLAGE)
        store_offices(session, [OfficeName(code=each.code, name=each.short) for each in offices])
        store_lease(session, now, NumberLease(year=now.year, first=1, last=500))
        for name, pin in ((NAME, PIN), (OTHER_NAME, OTHER_PIN), (NEW_NAME, NEW_PIN)):
            officer = create_officer(session, context.clock, context.randomness, name=name, pin=pin, kdf=QUICK)
            if name != NEW_NAME:
                row = session.get_one(Officer, officer)
                row.certificate, row.certified_at = hub.certify(officer, row.public_key), now


def _identity(context: NodeContext, hub: HubStandIn) -> NodeIdentity:
    certificate = _self_signed(context)
    return NodeIdentity(
        id=1,
        node_id="3314012001-01",
        hub_id="3314",
        village_name="Desa Keden",
        subdistrict_name="Kecamatan Kalijambe",
        certificate=certificate,
        authority=certificate,
        broker_host="127.0.0.1",
        broker_port=1,
        log_key=hub.keys.log,
        message_key=hub.keys.message_key,
        sealing_key=hub.keys.sealing_key,
        permit_key=hub.keys.permit_key,
        enrolled_at=context.clock.now(),
    )


def _self_signed(context: NodeContext) -> str:
    """Return a certificate for the node's TLS key by nobody: it loads, but no broker would take it."""
    now, name = context.clock.now(), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "3314012001-01")])
    key = load_pem_private_key(context.sealer.keys.tls_files.key.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    builder = x509.CertificateBuilder(subject_name=name, issuer_name=name, serial_number=1)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=30)).public_key(key.public_key())
    return builder.sign(key, None).public_bytes(Encoding.PEM).decode()
