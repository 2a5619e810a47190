"""Computes the golden vectors about cases: corrections, news, decisions, documents, acts, and a parcel."""

import hashlib

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import bundle, documents, mailbox, notices, parcel
from protocol.chunks import plain_chunk
from protocol.envelope import Purpose, sign
from protocol.errors import ProtocolError
from protocol.ids import FieldKey
from protocol.sealing import BodyContext, open_body, seal_body
from protocol.vectors import samples as s
from protocol.wire import Wire, to_bytes

Json = dict[str, object]

DOCUMENT = s.content(60_000)
FIRST = s.seed("first bundle")
NUMBER = s.manifest(None).registration_no
NEWS = notices.CaseNews(
    bundle=FIRST,
    registration_no=NUMBER,
    event="custody",
    office="agency.dpu",
    at=s.TIME_MS,
    ledger_index=9,
    stage="recommendation",
    due_on="2026-12-09",
    days_left=7,
)
ASKED = notices.CorrectionAsked(
    bundle=FIRST,
    registration_no=NUMBER,
    request=10,
    office="one-stop",
    reason="data_differs",
    fields=[FieldKey("building_area")],
    requirements=[FieldKey("site_plan")],
    note="Luas di denah 80 m2",
    service=s.manifest(None).service,
    service_version=1,
    applicant=s.manifest(None).applicant,
    answers=s.manifest(None).answers,
    handed_in=s.manifest(None).handed_in,
    asked_at=s.TIME_MS,
)
REF = documents.DocumentRef(
    document=s.seed("document"),
    title="Surat Izin",
    media_type="application/pdf",
    size=len(DOCUMENT),
    sha256=hashlib.sha256(DOCUMENT).digest(),
    pieces=2,
    content_key=s.seed("document key"),
)
DECISION = notices.Decision(
    bundle=FIRST,
    registration_no=NUMBER,
    outcome="issued",
    office="one-stop",
    decided_at=s.TIME_MS,
    number="500.16/0001/2026",
    valid_until="2031-11-30",
    document=REF,
    applicant_name="Contoh Ma'ruf",
)
ACT = notices.Act(
    kind=notices.ActKind.HANDED_OVER,
    act=s.seed("act"),
    bundle=FIRST,
    node=s.NODE,
    officer=s.OFFICER,
    claimed_at=s.TIME_MS,
    person="Contoh Ma'ruf",
)
CALENDAR = notices.CalendarData(
    version=2,
    years=[2026],
    days=[notices.DayOff(day="2026-08-17", kind="national_holiday", name="Hari Kemerdekaan")],
)
BACKUP = notices.BackedUp(through=9, at=s.TIME_MS)


def cases(stored: Json) -> Json:
    """Return what travels about cases; ``stored`` is the file before, of which boxes that still open are kept."""
    manifest = msgspec.structs.replace(
        s.manifest(None),
        counter=8,
        corrects=FIRST,
        answers={FieldKey("building_area"): 80},
        attachments=s.manifest(None).attachments[1:],
        remarks={FieldKey("building_area"): "diukur ulang"},
    )
    made = bundle.sign_manifest(manifest, officer_key=s.OFFICER_KEY, node_key=s.NODE_KEY)
    sealer = documents.DocumentSealer(REF)
    pieces = [sealer.seal(index, plain_chunk(index, DOCUMENT)) for index in range(REF.pieces)]
    act = notices.sign_act(ACT, s.OFFICER_KEY)
    return {
        "correction": {"manifest": to_bytes(manifest).hex(), "signed": made.signed.hex(), "bundle": made.bundle.hex()},
        "case": to_bytes(NEWS).hex(),
        "calendar": to_bytes(CALENDAR).hex(),
        "backup": to_bytes(BACKUP).hex(),
        "boxes": {
            "correction": _box(stored, "correction", to_bytes(ASKED), s.NODE_SEALING_KEY),
            "decision": _box(stored, "decision", to_bytes(DECISION), s.NODE_SEALING_KEY),
            "act": _box(stored, "act", act, s.SEALING_KEY),
        },
        "pieces": [{"index": place, "sha256": hashlib.sha256(raw).hexdigest()} for place, raw in enumerate(pieces)],
    }


def _box(stored: Json, kind: str, plain: bytes, key: X25519PrivateKey) -> Json:
    """Return a plain text with its box: the stored one if it opens, since sealing draws a fresh key each time."""
    context = BodyContext(hub=s.HUB, node=s.NODE, kind=kind)
    boxes = stored.get("boxes")
    known = boxes.get(kind) if isinstance(boxes, dict) else None
    recorded = str(known.get("sealed", "")) if isinstance(known, dict) else ""
    try:
        is_good = open_body(bytes.fromhex(recorded), key, context) == plain
    except ProtocolError:
        is_good = False
    return {"plain": plain.hex(), "sealed": recorded if is_good else seal_body(plain, key.public_key(), context).hex()}


def parcels(_: Json) -> Json:
    """Return a parcel to the hub with one mail in it."""
    mail = mailbox.Mail(
        node=s.NODE,
        cursor=1,
        documents=[
            mailbox.DocumentRequest(document=REF.document, ranges=[documents.PieceRange(start=0, end=REF.pieces)])
        ],
    )
    header = parcel.ParcelHeader(hub=s.HUB, node=s.NODE, direction=parcel.Direction.UP, made_at=s.TIME_MS)
    frame = parcel.Frame(kind="mail", payload=_signed(mail))
    return {
        "header": to_bytes(header).hex(),
        "frame": to_bytes(frame).hex(),
        "file": (parcel.header_bytes(header) + parcel.frame_bytes(frame)).hex(),
    }


def _signed(message: Wire) -> bytes:
    return sign(to_bytes(message), key=s.NODE_KEY, purpose=Purpose.MAIL)
