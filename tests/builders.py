"""Values for tests: sensible defaults, keyword overrides. Persons are of the test realm (subdistrict 99)."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from hub.accounts.rules import Actor, Role
from hub.accounts.service import NewPerson
from hub.casework.rules import CaseState, Seat, Situation, StageState
from hub.intake.reading import AcceptedBundle
from hub.storage.keyring import Keyring
from hub.storage.ports import Randomness
from protocol.bundle import Applicant, Manifest
from protocol.catalogue import OfficeCode, StageAction
from protocol.ids import HubId, NodeId, OfficerId, RegistrationNo, ServiceCode, VillageCode

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
NIK = "3314990101900001"
PASSWORD = "kata-sandi-uji-coba"


def a_manifest(**changes: object) -> Manifest:
    """Return a manifest for a free service of the one-stop office, without files."""
    made = Manifest(
        hub=HubId("3314"),
        node=NodeId("3314012001-01"),
        village=VillageCode("33.14.01.2001"),
        officer=OfficerId("o-0123456789ABCDEF"),
        counter=1,
        previous=None,
        checkpoint=None,
        claimed_at=1_795_000_000_000,
        registration_no=RegistrationNo.build(HubId("3314"), 2026, 1),
        service=ServiceCode("PM"),
        service_version=1,
        applicant=Applicant(name="Siti Uji", nik=NIK, phone="081200000001", address="Dukuh Uji RT 1/2"),
        answers={},
        handed_in=[],
        attachments=[],
        consents=[],
        tracking=bytes(32),
        content_key=bytes(32),
        salt=bytes(32),
    )
    return msgspec.structs.replace(made, **changes)


def an_accepted_bundle(keyring: Keyring, randomness: Randomness, **changes: object) -> AcceptedBundle:
    """Return what intake hands to casework; ``changes`` are those of the manifest."""
    manifest = a_manifest(**changes)
    return AcceptedBundle(
        bundle_id=hashlib.sha256(manifest.registration_no.encode()).digest(),
        manifest=manifest,
        received_at=NOW,
        ledger_index=0,
        data_key=keyring.new_data_key(randomness),
    )


def a_person(**changes: object) -> NewPerson:
    """Return a clerk of the one-stop office."""
    made = NewPerson(
        username="loket", name="Petugas Loket", password=PASSWORD, role=Role.FRONT_OFFICE, office="one-stop"
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def an_actor(role: Role = Role.FRONT_OFFICE, office: str = "one-stop") -> Actor:
    """Return somebody who is signed in."""
    return Actor(person_id="P1", role=role, office=OfficeCode(office), name="Petugas")


def a_seat(**changes: object) -> Seat:
    """Return the open completeness check of the one-stop office."""
    made = Seat(action=StageAction.COMPLETENESS, role=Role.FRONT_OFFICE, office="one-stop", state=StageState.OPEN)
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def a_situation(**changes: object) -> Situation:
    """Return a whole, received case at the front desk that has to check it."""
    made = Situation(state=CaseState.RECEIVED, seat=a_seat(), front=a_seat())
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names fields that exist
