"""The web program: the tools of the rooms that have pages, with what happens when two persons agreed."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from hub.casework.commands import ProposalKind
from hub.casework.events import CaseTools
from hub.catalogue.catalogue import Catalogue
from hub.fees.changes import change_fee
from hub.fees.queries import charged_rp
from hub.fees.service import FeeTools
from hub.intake.context import Stores
from hub.permits.bsre import BsreAccount, BsreProvider
from hub.permits.local_ca import DocumentAuthority, LocalCaProvider
from hub.permits.revocation import revoke
from hub.permits.service import PermitTools
from hub.permits.signing import SignatureProvider
from hub.permits.stationery import Stationery
from hub.settings import Settings, SettingsError
from hub.storage.files import read_private
from hub.storage.hubkeys import load_permit_key
from hub.wiring.cases import make_case_tools
from hub.wiring.equipment import Ports


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
