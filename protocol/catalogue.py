"""A service of the catalogue as it travels to the nodes and is kept with each case: types and bytes.

Rules:
1. A service version never changes. Another form, fee or time limit is another ``version`` of the same ``code``.
2. No floats: money is whole rupiah, ``hundredths`` are integers of 1/100 of the unit, time limits are working days.
3. No free regular expressions: a field names one of ``PatternName``; each of them runs in linear time (fault E22).
4. Unknown keys are refused: whoever reads a rule that it does not know would judge answers otherwise than the hub.
5. What the types cannot say (references, limits that fit their type) is said by ``catalogue_check.service_faults``.

Where answers are checked against a service: ``answers.py``. Sources: UU 25/2009 article 21 and Permenpan RB 15/2014
(requirements, procedure, time limit, fee, product of each service are published).
"""

import hashlib
import re
from enum import StrEnum
from typing import Annotated, TypeAlias, cast

import msgspec

from protocol import codec
from protocol.ids import FieldKey, ServiceCode, _Name

Answer: TypeAlias = str | int | bool
"""One answer as it sits in the signed manifest. A date is ``YYYY-MM-DD``, a village its dotted region code."""

MAX_SERVICE_BYTES = 40_000
"""One encoded service. The longest real one has about 9 KB."""

Days: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=365)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=24)]
Rupiah: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Length: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=4_000)]
Number: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Words: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=600)]


class OfficeCode(_Name):
    """An office: ``one-stop``, ``agency.dinkes``, ``subdistrict.33.14.01``, ``village.33.14.01.2001`` and so on."""

    __slots__ = ()
    pattern = re.compile(
        r"one-stop|civil-registry|inspectorate|agency\.[a-z][a-z0-9-]{1,30}"
        r"|subdistrict\.[1-9][0-9]\.[0-9]{2}\.[0-9]{2}|village\.[1-9][0-9]\.[0-9]{2}\.[0-9]{2}\.[123][0-9]{3}"
    )


class ServiceKind(StrEnum):
    """The four kinds of the service list (Indonesian: perizinan, nonperizinan, adminduk, surat desa)."""

    PERMIT = "permit"
    NON_PERMIT = "non_permit"
    CIVIL_REGISTRATION = "civil_registration"
    VILLAGE_LETTER = "village_letter"


class ServiceStatus(StrEnum):
    """Whether new applications may name the service."""

    ACTIVE = "active"
    REPLACED = "replaced"  # another service took its place; kept so that old cases can be read
    WITHDRAWN = "withdrawn"  # abolished by law


class OfficeKind(StrEnum):
    """Kinds of offices."""

    ONE_STOP = "one_stop"
    CIVIL_REGISTRY = "civil_registry"
    SUBDISTRICT = "subdistrict"
    VILLAGE = "village"
    AGENCY = "agency"
    INSPECTORATE = "inspectorate"


class FieldType(StrEnum):
    """What a form field holds, and so the Python type of its answer."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    HUNDREDTHS = "hundredths"  # integer, 1/100 of the unit: 12.50 m is 1250
    MONEY = "money"  # integer, whole rupiah
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"
    NIK = "nik"
    KK_NO = "kk_no"
    PHONE = "phone"
    VILLAGE = "village"


NUMBER_TYPES = frozenset({FieldType.INTEGER, FieldType.HUNDREDTHS, FieldType.MONEY})
TEXT_TYPES = frozenset({FieldType.TEXT, FieldType.LONG_TEXT})


class PatternName(StrEnum):
    """The patterns that a text field may ask for; ``answers.PATTERNS`` has their expressions."""

    DIGITS = "digits"
    EMAIL = "email"
    LAND_TITLE = "land_title"
    LATITUDE_LONGITUDE = "latitude_longitude"
    NIB = "nib"
    NPWP = "npwp"
    POSTCODE = "postcode"
    RT_RW = "rt_rw"
    TIME = "time"


class MediaType(StrEnum):
    """Kinds of files that an attachment may have."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"


class StageRole(StrEnum):
    """Who works at a stage."""

    VILLAGE_OFFICER = "village_officer"
    FRONT_OFFICE = "front_office"
    AGENCY_CLERK = "agency_clerk"
    SUBDISTRICT_OFFICER = "subdistrict_officer"
    DIVISION_HEAD = "division_head"
    HEAD = "head"


class StageAction(StrEnum):
    """What is done at a stage."""

    COMPLETENESS = "completeness"
    RECOMMENDATION = "recommendation"
    INSPECTION = "inspection"  # a visit; its minutes are signed by every office that was there
    ASSESSMENT = "assessment"  # the levy or tax is set
    PAYMENT = "payment"  # the applicant pays: the clock rests
    RECORDING = "recording"  # the civil registry enters it into its register, from which the product comes
    DRAFT = "draft"
    INITIALS = "initials"
    DECISION = "decision"
    CONFIRMATION = "confirmation"  # the second body agrees
    SIGNATURE = "signature"  # the letter gets its number and its signature: permit or refusal
    HANDOVER = "handover"
    TRACKING = "tracking"  # a national system decides; we know its number and tell what it said


class SlaOrigin(StrEnum):
    """Where a time limit comes from; shown beside it, so that a guess never looks like a promise."""

    SRAGEN = "SRAGEN"  # the regency's own figure
    CENTRAL_JAVA = "JATENG"  # the province, or a regency in it
    ELSEWHERE = "LAIN"  # another regency or city
    NATIONAL = "NASIONAL"  # national law
    ESTIMATE = "PERKIRAAN"  # a placeholder that the customer must replace


class Confidence(StrEnum):
    """How sure a figure is: read in the source, second hand, not confirmed, derived."""

    READ = "A"
    SECOND_HAND = "B"
    UNCONFIRMED = "C"
    DERIVED = "D"


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the parts of a service: unknown keys are refused, defaults do not travel."""


class Text(Part, frozen=True, kw_only=True):
    """A text in both languages of the user interface."""

    id: Words
    en: Words

    def in_language(self, language: str) -> str:
        """Return the English text for ``en`` and the Indonesian one for everything else."""
        return self.en if language == "en" else self.id


class Condition(Part, frozen=True, kw_only=True):
    """Holds when the named field is shown and its answer is the value, or is one of the values."""

    field: FieldKey
    equals: str | int | bool | None = None
    one_of: tuple[str | int | bool, ...] = ()

    @property
    def values(self) -> tuple[Answer, ...]:
        """The answers with which the condition holds."""
        return self.one_of if self.equals is None else (self.equals,)


class Choice(Part, frozen=True, kw_only=True):
    """One answer of a choice field."""

    value: FieldKey
    label: Text


class Field(Part, frozen=True, kw_only=True):
    """One field of the form. A hidden field (its ``show_if`` does not hold) must have no answer."""

    key: FieldKey
    type: FieldType
    label: Text
    help: Text | None = None
    required: bool = True
    personal: bool = False
    """Identifies a person or tells something private: masked on the hub's screens (UU 27/2022)."""
    show_if: Condition | None = None
    choices: tuple[Choice, ...] = ()
    minimum: Number | None = None
    maximum: Number | None = None
    min_length: Length | None = None
    max_length: Length | None = None
    pattern: PatternName | None = None
    not_before: FieldKey | None = None
    """An earlier date field whose date this one must not precede."""
    unit: str = ""


class Requirement(Part, frozen=True, kw_only=True):
    """One document of the checklist, with the files that show it."""

    key: FieldKey
    label: Text
    help: Text | None = None
    required: bool = True
    when: Condition | None = None
    media_types: tuple[MediaType, ...] = (MediaType.JPEG, MediaType.PNG, MediaType.PDF)
    min_files: Count = 1
    max_files: Count = 1


class Stage(Part, frozen=True, kw_only=True):
    """One step of the work. Stages with the same predecessors run in parallel."""

    key: FieldKey
    label: Text
    action: StageAction
    role: StageRole
    office: OfficeKind
    agency: OfficeCode | None = None
    """The technical agency, exactly when ``office`` is ``agency``."""
    joint: Annotated[tuple[OfficeCode, ...], msgspec.Meta(max_length=4)] = ()
    """Agencies that visit together with the office of an inspection; each of them signs the minutes."""
    working_days: Days
    after: tuple[FieldKey, ...] = ()


class Free(Part, frozen=True, kw_only=True, tag_field="rule", tag="free"):
    """No fee; the slip says GRATIS."""

    basis: Text


class Fixed(Part, frozen=True, kw_only=True, tag_field="rule", tag="fixed"):
    """One amount for everybody."""

    amount_rp: Rupiah
    basis: Text
    exempt_when: Condition | None = None


class Formula(Part, frozen=True, kw_only=True, tag_field="rule", tag="formula"):
    """Product of the factor fields by ``tariff_rp``, divided by ``divisor``, rounded down to whole rupiah.

    The divisor undoes hundredths: length and width in 1/100 m give 1/10,000 m².
    """

    factors: Annotated[tuple[FieldKey, ...], msgspec.Meta(min_length=1, max_length=4)]
    tariff_rp: Rupiah
    divisor: Annotated[int, msgspec.Meta(ge=1, le=10**9)] = 1
    basis: Text
    exempt_when: Condition | None = None


class LocalTax(Part, frozen=True, kw_only=True, tag_field="rule", tag="local_tax"):
    """The service is free; a local tax is assessed by the revenue agency (Indonesian: SKPD)."""

    assessed_by: OfficeCode
    basis: Text
    exempt_when: Condition | None = None


class AssessedLevy(Part, frozen=True, kw_only=True, tag_field="rule", tag="assessed_levy"):
    """A levy that a technical agency assesses case by case under a regional regulation (Indonesian: SKRD)."""

    assessed_by: OfficeCode
    basis: Text
    exempt_when: Condition | None = None


class NationalSystem(Part, frozen=True, kw_only=True, tag_field="rule", tag="national_system"):
    """Assessed and paid in a national system (SIMBG, OSS); never cash at the village."""

    system: Words
    basis: Text
    exempt_when: Condition | None = None


FeeRule: TypeAlias = Free | Fixed | Formula | LocalTax | AssessedLevy | NationalSystem


class Sla(Part, frozen=True, kw_only=True):
    """Promised working days from a complete and correct file. ``0`` is the same day."""

    min_days: Days
    max_days: Days
    origin: SlaOrigin
    source: Words
    confidence: Confidence
    note: Text | None = None


class Validity(Part, frozen=True, kw_only=True):
    """How long the product is valid; ``months`` only where the period is fixed."""

    text: Text
    months: Annotated[int, msgspec.Meta(ge=1, le=1200)] | None = None
    confidence: Confidence


class Service(Part, frozen=True, kw_only=True):
    """One version of one service."""

    code: ServiceCode
    version: Annotated[int, msgspec.Meta(ge=1, le=9_999)]
    name: Text
    summary: Text
    kind: ServiceKind
    status: ServiceStatus
    replaced_by: ServiceCode | None = None
    issuer: OfficeKind
    agencies: tuple[OfficeCode, ...] = ()
    national_system: Annotated[str, msgspec.Meta(max_length=40)] = ""
    """OSS, SIMBG …: decides and issues there; here the application is assisted and tracked."""
    two_bodies: bool = False
    """The head of another office has to agree before a decision stands."""
    legal_basis: tuple[Words, ...] = ()
    fields: Annotated[tuple[Field, ...], msgspec.Meta(min_length=1, max_length=80)]
    requirements: Annotated[tuple[Requirement, ...], msgspec.Meta(max_length=24)]
    stages: Annotated[tuple[Stage, ...], msgspec.Meta(min_length=1, max_length=16)]
    fee: FeeRule
    sla: Sla
    validity: Validity

    @property
    def is_open(self) -> bool:
        """Whether new applications are taken."""
        return self.status is ServiceStatus.ACTIVE

    def field(self, key: str) -> Field | None:
        """Return the field of this key, if the form has it."""
        return next((field for field in self.fields if field.key == key), None)

    def requirement(self, key: str) -> Requirement | None:
        """Return the requirement of this key, if the checklist has it."""
        return next((requirement for requirement in self.requirements if requirement.key == key), None)

    def stage(self, key: str) -> Stage | None:
        """Return the stage of this key, if the service has it."""
        return next((stage for stage in self.stages if stage.key == key), None)

    def has(self, action: StageAction) -> bool:
        """Tell whether a stage of this action is on the way."""
        return any(stage.action is action for stage in self.stages)


def to_wire(service: Service) -> dict[str, codec.Value]:
    """Return the service as plain maps, lists and scalars, as ``codec.encode`` takes them."""
    plain = _plain(msgspec.to_builtins(service, enc_hook=str))
    return cast("dict[str, codec.Value]", plain)


def _plain(value: object) -> codec.Value:
    """Turn tuples into lists: the profile has one kind of array."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return cast("codec.Value", value)


def service_bytes(service: Service) -> bytes:
    """Return the deterministic bytes of a service version."""
    return codec.encode(to_wire(service))


def service_digest(raw: bytes) -> bytes:
    """Return the SHA-256 of the bytes of a service version."""
    return hashlib.sha256(raw).digest()


def catalogue_digest(services: tuple[bytes, ...]) -> bytes:
    """Return one digest over the bytes of all services, whatever their order: the version of a whole catalogue."""
    return hashlib.sha256(b"".join(sorted(service_digest(raw) for raw in services))).digest()
