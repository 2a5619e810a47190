"""Computes the golden vectors of issued documents: facts with their QR text, a list, a seal."""

import hashlib

from protocol import permit
from protocol.catalogue import OfficeCode
from protocol.ids import ServiceCode
from protocol.vectors import samples as s
from protocol.wire import to_bytes

Json = dict[str, object]

FILE = b"%PDF-1.7 a letter"
FACTS = permit.PermitFacts(
    hub=s.HUB,
    kind=permit.PermitKind.PERMIT.value,
    number="400.7.22/012/DPMPTSP/XI/2026",
    service=ServiceCode("SIP-BD"),
    version=1,
    title="Surat Izin Praktik Bidan",
    holder="Contoh Ma'ruf",
    issued_on="2026-11-24",
    office=OfficeCode("one-stop"),
    registration_no=s.manifest(None).registration_no,
    ledger_index=9,
    valid_until="2031-11-23",
)
_BASE45 = {"AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "ietf!": "QED8WEX0"}
"""The examples of RFC 9285 §4.3 and §4.4."""


def permits(_: Json) -> Json:
    """Return facts, list and seal, each with its envelope."""
    envelope, mark = permit.sign_facts(FACTS, s.PERMIT_KEY), permit.facts_mark(FACTS)
    head = permit.RevocationList(hub=s.HUB, number=2, issued_at=s.TIME_MS, part=1, parts=1, revoked=[])
    revoked = permit.Revoked(mark=mark, at_s=s.TIME_MS // 1_000, code=permit.RevocationCode.ERROR.value)
    seal = permit.DocumentSeal(hub=s.HUB, mark=mark, sha256=hashlib.sha256(FILE).digest(), size=len(FILE))
    return {
        "base45": _BASE45,
        "facts": {
            "payload": to_bytes(FACTS).hex(),
            "mark": mark.hex(),
            "envelope": envelope.hex(),
            "qr": permit.qr_text(envelope),
        },
        "list": [raw.hex() for raw in permit.sign_revocations([revoked], head, s.PERMIT_KEY)],
        "seal": {"file": FILE.hex(), "envelope": permit.sign_seal(seal, s.PERMIT_KEY).hex()},
    }
