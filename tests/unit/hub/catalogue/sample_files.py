"""A right service file as text, to be broken by the tests one place at a time."""

from protocol.catalogue import OfficeCode

SERVICE_FILE = """\
code: SAMPLE
version: 1
name: {id: Contoh, en: Sample}
summary: {id: Contoh layanan, en: A sample service}
kind: permit
status: active
issuer: one_stop
agencies: [agency.dlh]
fields:
  - {key: place, type: village, label: {id: Tempat, en: Place}}
  - key: kind
    type: choice
    label: {id: Jenis, en: Kind}
    choices: [{value: a, label: {id: A, en: A}}, {value: b, label: {id: B, en: B}}]
  - {key: length, type: hundredths, label: {id: Panjang, en: Length}, minimum: 0, maximum: 1000, unit: m}
  - {key: detail, type: text, label: {id: Uraian, en: Detail}, max_length: 80, show_if: {field: kind, equals: b}}
requirements:
  - {key: id_card, label: {id: KTP, en: ID card}}
stages:
  - key: check
    label: {id: Periksa, en: Check}
    action: completeness
    role: front_office
    office: one_stop
    working_days: 1
  - key: view
    label: {id: Rekomendasi, en: View}
    action: recommendation
    role: agency_clerk
    office: agency
    agency: agency.dlh
    working_days: 1
    after: [check]
  - key: levy
    label: {id: Tetapkan, en: Assess}
    action: assessment
    role: front_office
    office: one_stop
    working_days: 0
    after: [view]
  - key: payment
    label: {id: Bayar, en: Pay}
    action: payment
    role: front_office
    office: one_stop
    working_days: 0
    after: [levy]
  - key: decision
    label: {id: Putuskan, en: Decide}
    action: decision
    role: head
    office: one_stop
    working_days: 0
    after: [payment]
  - key: signature
    label: {id: Tanda tangan, en: Sign}
    action: signature
    role: head
    office: one_stop
    working_days: 0
    after: [decision]
  - key: handover
    label: {id: Serahkan, en: Hand over}
    action: handover
    role: front_office
    office: one_stop
    working_days: 0
    after: [signature]
fee: {rule: formula, factors: [length], tariff_rp: 500, divisor: 100, basis: {id: Perda, en: Regulation}}
sla: {min_days: 1, max_days: 2, origin: LAIN, source: "Contoh", confidence: C}
validity: {text: {id: Satu kegiatan, en: One event}, confidence: C}
"""

FILE_NAME = "sample.v1.yaml"
OFFICES = frozenset({OfficeCode("agency.dlh"), OfficeCode("one-stop")})


def broken(old: str, new: str) -> bytes:
    """Return the file with one text replaced."""
    assert SERVICE_FILE.count(old) == 1, f"{old!r} is not there exactly once"
    return SERVICE_FILE.replace(old, new).encode()
