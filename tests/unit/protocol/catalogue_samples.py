"""A small service with one field of each type, for the tests of the catalogue."""

import msgspec

from protocol.catalogue import (
    Choice,
    Condition,
    Confidence,
    Field,
    FieldType,
    Formula,
    MediaType,
    OfficeKind,
    PatternName,
    Requirement,
    Service,
    ServiceKind,
    ServiceStatus,
    Sla,
    SlaOrigin,
    Stage,
    StageAction,
    StageRole,
    Text,
    Validity,
)
from protocol.ids import FieldKey, ServiceCode

WORDS = Text(id="kata", en="word")


def a_condition(field: str, equals: str | int | bool) -> Condition:
    return Condition(field=FieldKey(field), equals=equals)


def a_field(key: str, kind: FieldType, **more: object) -> Field:
    field = Field(key=FieldKey(key), type=kind, label=WORDS)
    return msgspec.structs.replace(field, **more)


def a_requirement(key: str, **more: object) -> Requirement:
    return msgspec.structs.replace(Requirement(key=FieldKey(key), label=WORDS), **more)


def a_stage(key: str, **more: object) -> Stage:
    stage = Stage(
        key=FieldKey(key),
        label=WORDS,
        action=StageAction.COMPLETENESS,
        role=StageRole.FRONT_OFFICE,
        office=OfficeKind.ONE_STOP,
        working_days=1,
    )
    return msgspec.structs.replace(stage, **more)


def a_step(key: str, action: StageAction, *after: str, **more: object) -> Stage:
    """Return a stage of the one-stop office, done by whom its action is for, in no time."""
    heads = {StageAction.DECISION, StageAction.SIGNATURE, StageAction.CONFIRMATION}
    role = StageRole.HEAD if action in heads else StageRole.FRONT_OFFICE
    common = {"action": action, "role": role, "working_days": 0, "after": tuple(map(FieldKey, after))}
    return a_stage(key, **(common | more))


WAY = (
    a_stage("completeness"),
    a_step("levy", StageAction.ASSESSMENT, "completeness"),
    a_step("payment", StageAction.PAYMENT, "levy"),
    a_step("decision", StageAction.DECISION, "payment", working_days=2),
    a_step("signature", StageAction.SIGNATURE, "decision"),
    a_step("handover", StageAction.HANDOVER, "signature"),
)


FIELDS = (
    a_field("kind", FieldType.CHOICE, choices=tuple(Choice(value=FieldKey(v), label=WORDS) for v in ("own", "rented"))),
    a_field("owner", FieldType.TEXT, max_length=20, show_if=a_condition("kind", "rented")),
    a_field("note", FieldType.LONG_TEXT, required=False, min_length=3),
    a_field("length", FieldType.HUNDREDTHS, minimum=0, maximum=100_000),
    a_field("width", FieldType.HUNDREDTHS, minimum=1, maximum=100_000),
    a_field("people", FieldType.INTEGER, required=False),
    a_field("cost", FieldType.MONEY, required=False),
    a_field("start", FieldType.DATE),
    a_field("end", FieldType.DATE, not_before=FieldKey("start")),
    a_field("night", FieldType.YES_NO),
    a_field("until", FieldType.TEXT, pattern=PatternName.TIME, show_if=a_condition("night", equals=True)),
    a_field("witness", FieldType.NIK, personal=True, required=False),
    a_field("family", FieldType.KK_NO, personal=True, required=False),
    a_field("phone", FieldType.PHONE, personal=True, required=False),
    a_field("place", FieldType.VILLAGE, required=False),
)

SERVICE = Service(
    code=ServiceCode("SAMPLE"),
    version=1,
    name=WORDS,
    summary=WORDS,
    kind=ServiceKind.PERMIT,
    status=ServiceStatus.ACTIVE,
    issuer=OfficeKind.ONE_STOP,
    fields=FIELDS,
    requirements=(
        a_requirement("id_card"),
        a_requirement("lease", when=a_condition("kind", "rented"), max_files=2),
        a_requirement("photo", required=False, media_types=(MediaType.JPEG,)),
    ),
    stages=WAY,
    fee=Formula(factors=(FieldKey("length"), FieldKey("width")), tariff_rp=500, divisor=10_000, basis=WORDS),
    sla=Sla(min_days=1, max_days=3, origin=SlaOrigin.SRAGEN, source="a decree", confidence=Confidence.READ),
    validity=Validity(text=WORDS, confidence=Confidence.READ),
)

ANSWERS: dict[str, str | int | bool] = {
    "kind": "own",
    "length": 1_250,
    "width": 400,
    "start": "2026-11-24",
    "end": "2026-11-24",
    "night": False,
}


def a_service(**more: object) -> Service:
    return msgspec.structs.replace(SERVICE, **more)


def with_field(field: Field) -> Service:
    """Return the sample with one more field at the end."""
    return a_service(fields=(*FIELDS, field))
