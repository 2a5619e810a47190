"""Papers and signers for tests: a usual permit, keyword overrides; an authority of a test hub."""

import os
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.permits.local_ca import DocumentAuthority, LocalCaProvider
from hub.permits.paper import Paper
from hub.permits.signing import Signer
from hub.permits.stationery import Stationery
from hub.permits.template import fill_blocks
from protocol import permit
from protocol.catalogue import OfficeCode
from protocol.ids import HubId, RegistrationNo, ServiceCode
from protocol.permit import PermitFacts

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Signer(name="Dr. Budi Ma'arif, S.H.", capacity="Plt. Camat Kalijambe", office="Kecamatan Kalijambe")


def some_facts() -> PermitFacts:
    """Return the facts of a midwife's licence."""
    return PermitFacts(
        hub=HubId("3314"),
        kind="permit",
        number="400.7.22/012/DPMPTSP/XI/2026",
        service=ServiceCode("SIP-BD"),
        version=1,
        title="Surat Izin Praktik Bidan",
        holder="Siti Ma'rufah",
        issued_on="2026-11-24",
        office=OfficeCode("one-stop"),
        registration_no=RegistrationNo.build(HubId("3314"), 2026, 1),
        ledger_index=41,
        valid_until="2031-11-23",
    )


def a_paper(holder: str = "Siti Ma'rufah", answers: int = 6, **changes: str) -> Paper:
    """Return a decision with this holder and so many answers."""
    template = Stationery.load().template("decision")
    values = {"holder": holder, "title": "Surat Izin Praktik Bidan", "legal_basis": "UU 1/2000;"} | changes
    rows = tuple((f"Isian nomor {place}", f"nilai {place} " * (place + 3)) for place in range(answers))
    return Paper(
        letterhead=("PEMERINTAH KABUPATEN SRAGEN", "DINAS PERIZINAN"),
        heading=("KEPUTUSAN", "NOMOR 400.7.22/012/DPMPTSP/XI/2026"),
        blocks=fill_blocks((*template.opening, *template.body), values, rows),
        placed=("Ditetapkan di Sragen", "pada tanggal 24 November 2026", SIGNER.capacity),
        signer=SIGNER.name,
        footer=template.footer,
        mark="400.7.22/012/DPMPTSP/XI/2026",
        title="Surat Izin Praktik Bidan",
        made_at=NOW,
        qr=permit.qr_text(permit.sign_facts(some_facts(), KEY)),
    )


def a_provider() -> LocalCaProvider:
    """Return a provider with an authority of its own."""
    return LocalCaProvider(authority=DocumentAuthority.create("3314", now=NOW, entropy=os.urandom), entropy=os.urandom)
