"""What makes a service sound beyond its types; whoever takes a service in, checks it here.

Rules, each reported with the place where it is broken:
1. Keys of fields, requirements and stages are unique.
2. A condition names an earlier field (so there are no circles) of a kind with few answers, and values that it can have.
3. A field has only the limits that its type knows, and they leave something to answer.
4. A formula multiplies required, never negative, bounded numbers; the product stays below 2^53.
5. The stages are a way that every case can walk to its end (``stage_check``).
6. No field repeats the applicant (name, NIK, phone, address): the manifest carries these beside the answers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from protocol import wire
from protocol.catalogue import (
    MAX_SERVICE_BYTES,
    NUMBER_TYPES,
    TEXT_TYPES,
    Answer,
    AssessedLevy,
    Condition,
    Field,
    FieldType,
    Formula,
    Free,
    LocalTax,
    Service,
    ServiceStatus,
)
from protocol.errors import SchemaError
from protocol.limits import MAX_ATTACHMENTS, MAX_INTEGER
from protocol.stage_check import stage_faults


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One broken rule: the place as ``$.fields[3].show_if.field`` and the reason."""

    path: str
    reason: str


Faults = Iterator[Fault]


def parse_service(raw: bytes) -> Service:
    """Read a service version from its bytes and check that it is sound.

    Raises:
        ProtocolError: too large, not the strict profile, not a service, or an unsound one.
    """
    return _sound(wire.from_bytes(raw, Service, max_bytes=MAX_SERVICE_BYTES))


def from_wire(value: object) -> Service:
    """Read a service version from an already decoded value and check that it is sound.

    Raises:
        SchemaError: not a service, or an unsound one.
    """
    return _sound(wire.from_value(value, Service))


def service_faults(service: Service) -> tuple[Fault, ...]:
    """Return every broken rule of a service; none means sound."""
    return tuple(_all_faults(service))


def _sound(service: Service) -> Service:
    fault = next(_all_faults(service), None)
    if fault is not None:
        raise SchemaError(f"{fault.path}: {fault.reason}")
    return service


def _all_faults(service: Service) -> Faults:
    yield from _repeated("fields", (field.key for field in service.fields))
    yield from _repeated("requirements", (each.key for each in service.requirements))
    yield from _repeated("stages", (stage.key for stage in service.stages))
    for place, field in enumerate(service.fields):
        yield from _field_faults(f"$.fields[{place}]", field, service.fields[:place])
    yield from _applicant_faults(service)
    yield from _requirement_faults(service)
    yield from (Fault(path=path, reason=reason) for path, reason in stage_faults(service))
    yield from _fee_faults(service)
    if service.sla.min_days > service.sla.max_days:
        yield Fault(path="$.sla.min_days", reason="is more than max_days")
    if (service.status is ServiceStatus.REPLACED) != (service.replaced_by is not None):
        yield Fault(path="$.replaced_by", reason="is given exactly when status is replaced")


def _repeated(part: str, keys: Iterable[str]) -> Faults:
    seen: set[str] = set()
    for place, key in enumerate(keys):
        if key in seen:
            yield Fault(path=f"$.{part}[{place}].key", reason=f"{key} is used twice")
        seen.add(key)


def _condition_faults(path: str, condition: Condition | None, fields: Sequence[Field]) -> Faults:
    if condition is None:
        return
    if (condition.equals is None) == (not condition.one_of):
        yield Fault(path=path, reason="needs exactly one of equals and one_of")
    target = next((field for field in fields if field.key == condition.field), None)
    if target is None:
        yield Fault(path=f"{path}.field", reason=f"{condition.field} is not an earlier field")
    elif any(not _can_have(target, value) for value in condition.values):
        yield Fault(path=path, reason=f"{condition.field} cannot have this value")


def _can_have(field: Field, value: Answer) -> bool:
    if field.type is FieldType.YES_NO:
        return isinstance(value, bool)
    if field.type is FieldType.INTEGER:
        return type(value) is int
    return field.type is FieldType.CHOICE and any(choice.value == value for choice in field.choices)


def _field_faults(path: str, field: Field, earlier: Sequence[Field]) -> Faults:
    yield from _condition_faults(f"{path}.show_if", field.show_if, earlier)
    yield from _limit_faults(path, field)
    values = [choice.value for choice in field.choices]
    if (field.type is FieldType.CHOICE) != (len(values) > 1):
        yield Fault(path=f"{path}.choices", reason="two or more exactly when the type is choice")
    if len(set(values)) < len(values):
        yield Fault(path=f"{path}.choices", reason="a value is used twice")
    if field.not_before is not None:
        before = next((each for each in earlier if each.key == field.not_before), None)
        if field.type is not FieldType.DATE or before is None or before.type is not FieldType.DATE:
            yield Fault(path=f"{path}.not_before", reason="joins a date to an earlier date field")


def _limit_faults(path: str, field: Field) -> Faults:
    for name in ("minimum", "maximum"):
        if getattr(field, name) is not None and field.type not in NUMBER_TYPES:
            yield Fault(path=f"{path}.{name}", reason=f"does not fit type {field.type}")
    for name in ("min_length", "max_length"):
        if getattr(field, name) is not None and field.type not in TEXT_TYPES:
            yield Fault(path=f"{path}.{name}", reason=f"does not fit type {field.type}")
    if field.pattern is not None and field.type is not FieldType.TEXT:
        yield Fault(path=f"{path}.pattern", reason=f"does not fit type {field.type}")
    if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
        yield Fault(path=f"{path}.minimum", reason="is more than maximum")
    if field.min_length is not None and field.max_length is not None and field.min_length > field.max_length:
        yield Fault(path=f"{path}.min_length", reason="is more than max_length")


def _applicant_faults(service: Service) -> Faults:
    for place, field in enumerate(service.fields):
        if field.key.startswith("applicant_"):
            yield Fault(path=f"$.fields[{place}].key", reason="the applicant is not part of the answers")


def _requirement_faults(service: Service) -> Faults:
    for place, requirement in enumerate(service.requirements):
        path = f"$.requirements[{place}]"
        yield from _condition_faults(f"{path}.when", requirement.when, service.fields)
        if not requirement.media_types:
            yield Fault(path=f"{path}.media_types", reason="is empty")
        if requirement.min_files > requirement.max_files or not requirement.max_files:
            yield Fault(path=f"{path}.min_files", reason="must leave room for a file up to max_files")
        if requirement.required and not requirement.min_files:
            yield Fault(path=f"{path}.min_files", reason="is 0 although required")
    if sum(requirement.max_files for requirement in service.requirements) > MAX_ATTACHMENTS:
        yield Fault(path="$.requirements", reason=f"allow more than {MAX_ATTACHMENTS} files")


def _fee_faults(service: Service) -> Faults:
    fee = service.fee
    if not isinstance(fee, Free):
        yield from _condition_faults("$.fee.exempt_when", fee.exempt_when, service.fields)
    if isinstance(fee, LocalTax | AssessedLevy) and fee.assessed_by not in service.agencies:
        yield Fault(path="$.fee.assessed_by", reason=f"{fee.assessed_by} is not among the agencies")
    if isinstance(fee, Formula):
        yield from _formula_faults(fee, service)


def _formula_faults(fee: Formula, service: Service) -> Faults:
    largest = [fee.tariff_rp]
    for place, key in enumerate(fee.factors):
        path = f"$.fee.factors[{place}]"
        field = service.field(key)
        if field is None:
            yield Fault(path=path, reason=f"{key} is not a field")
        elif field.type not in NUMBER_TYPES:
            yield Fault(path=path, reason=f"{key} is not an integer, hundredths or money")
        elif not field.required or field.show_if is not None:
            yield Fault(path=path, reason=f"{key} is not always required")
        elif field.maximum is None or field.minimum is None or field.minimum < 0:
            yield Fault(path=path, reason=f"{key} needs a maximum and a minimum of 0 or more")
        else:
            largest.append(field.maximum)
    if prod(largest) > MAX_INTEGER:
        yield Fault(path="$.fee", reason="can exceed 2^53")
