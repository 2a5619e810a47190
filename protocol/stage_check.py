"""What makes the stages of a service a way that every case can walk to its end; ``catalogue_check`` asks here.

Rules, each reported with the place where it is broken:
1. The way begins with one completeness check at the issuing office. Every other stage comes after earlier ones: no
   stage is out of reach, and nothing goes round for ever.
2. Somebody decides, once: a decision at the issuing office, or for a service of a national system its tracking.
3. What prepares the decision comes before it; confirmation, signature and handover come after it. Everything leads to
   one last stage: nothing ends beside the way.
4. A decided case is signed once and handed over once, for a refusal has a letter too. A national system signs its own.
5. Each stage has somebody who can do it: the role fits the action, and an office of that kind has the role.
6. Two bodies are a confirmation by the head of another office than the decision's, before the signature.
7. What is assessed is paid, what is paid was assessed; both exactly where the fee is collected here.
8. A village letter stays in the village.
9. Agencies are named where an agency works, are listed, and make a joint visit at an inspection.
10. The longest way is not longer than the promised time.
"""

from collections.abc import Iterator, Mapping

from protocol.catalogue import (
    AssessedLevy,
    Fixed,
    Formula,
    LocalTax,
    OfficeKind,
    Service,
    ServiceKind,
    Stage,
    StageAction,
    StageRole,
)

Faults = Iterator[tuple[str, str]]
"""Place and reason."""

RESERVED = frozenset({"proposal"})
"""Keys that the hub uses beside those of the stages."""

_OFFICES: Mapping[StageRole, frozenset[OfficeKind]] = {
    StageRole.VILLAGE_OFFICER: frozenset({OfficeKind.VILLAGE}),
    StageRole.FRONT_OFFICE: frozenset({OfficeKind.ONE_STOP, OfficeKind.CIVIL_REGISTRY}),
    StageRole.AGENCY_CLERK: frozenset({OfficeKind.AGENCY}),
    StageRole.SUBDISTRICT_OFFICER: frozenset({OfficeKind.SUBDISTRICT}),
    StageRole.DIVISION_HEAD: frozenset(
        {OfficeKind.ONE_STOP, OfficeKind.CIVIL_REGISTRY, OfficeKind.AGENCY, OfficeKind.SUBDISTRICT}
    ),
    StageRole.HEAD: frozenset(OfficeKind) - {OfficeKind.INSPECTORATE},
}

_COUNTERS = frozenset({StageRole.VILLAGE_OFFICER, StageRole.FRONT_OFFICE, StageRole.SUBDISTRICT_OFFICER})
_CLERKS = _COUNTERS | {StageRole.AGENCY_CLERK}
_HEAD = frozenset({StageRole.HEAD})
_ROLES: Mapping[StageAction, frozenset[StageRole]] = {
    StageAction.COMPLETENESS: _COUNTERS,
    StageAction.RECOMMENDATION: _CLERKS | {StageRole.DIVISION_HEAD},
    StageAction.INSPECTION: _CLERKS | {StageRole.DIVISION_HEAD},
    StageAction.ASSESSMENT: _CLERKS,
    StageAction.PAYMENT: _CLERKS,
    StageAction.RECORDING: _CLERKS,
    StageAction.DRAFT: _CLERKS,
    StageAction.INITIALS: frozenset({StageRole.DIVISION_HEAD}),
    StageAction.DECISION: _HEAD,
    StageAction.CONFIRMATION: _HEAD,
    StageAction.SIGNATURE: _HEAD,
    StageAction.HANDOVER: _COUNTERS,
    StageAction.TRACKING: _CLERKS,
}

_AFTER_DECISION = frozenset({StageAction.CONFIRMATION, StageAction.SIGNATURE, StageAction.HANDOVER})
_DECIDING = frozenset({StageAction.DECISION, StageAction.TRACKING})
_NOT_OURS = frozenset({StageAction.DRAFT, StageAction.INITIALS, StageAction.RECORDING}) | _AFTER_DECISION
"""What a national system does itself."""

_COLLECTED = (Fixed, Formula, LocalTax, AssessedLevy)


def stage_faults(service: Service) -> Faults:
    """Yield place and reason of everything that is wrong with the stages."""
    before = ancestors(service)
    yield from _beginning(service)
    yield from _deciding(service)
    yield from _order(service, before)
    yield from _ending(service)
    yield from _two_bodies(service, before)
    yield from _fees(service, before)
    yield from _agencies(service)
    yield from _longest_way(service)
    for place, stage in enumerate(service.stages):
        yield from _one(f"$.stages[{place}]", stage, service)


def ancestors(service: Service) -> dict[str, frozenset[str]]:
    """Return for each stage every stage that comes before it, directly or through others."""
    found: dict[str, frozenset[str]] = {}
    for stage in service.stages:  # those before come first, or are a fault of their own
        direct = [key for key in stage.after if key in found]
        found[stage.key] = frozenset(direct).union(*(found[key] for key in direct))
    return found


def _beginning(service: Service) -> Faults:
    """Rule 1."""
    known = {stage.key for stage in service.stages}
    earlier: set[str] = set()
    for place, stage in enumerate(service.stages):
        path = f"$.stages[{place}]"
        for key in stage.after:
            if key not in earlier:
                why = "the work would go round for ever" if key in known else "there is no such stage"
                yield f"{path}.after", f"{key} is not an earlier stage: {why}"
        earlier.add(stage.key)
        if place and not stage.after:
            yield f"{path}.after", "is out of reach: it follows no other stage"
        if (stage.action is StageAction.COMPLETENESS) != (place == 0):
            yield f"{path}.action", "the first stage, and it alone, checks completeness"
    if service.stages[0].after:
        yield "$.stages[0].after", "the first stage follows no other one"
    if service.stages[0].office is not service.issuer:
        yield "$.stages[0].office", f"completeness is checked at the issuing office, {service.issuer}"


def _deciding(service: Service) -> Faults:
    """Rule 2."""
    wanted = StageAction.TRACKING if service.national_system else StageAction.DECISION
    places = [place for place, stage in enumerate(service.stages) if stage.action in _DECIDING]
    if not places:
        yield "$.stages", "nobody decides: a case would never end"
    for number, place in enumerate(places):
        stage = service.stages[place]
        if number:
            yield f"$.stages[{place}].action", "decides a second time"
        if stage.action is not wanted:
            yield f"$.stages[{place}].action", f"{wanted} decides here"
        if stage.action is StageAction.DECISION and stage.office is not service.issuer:
            yield f"$.stages[{place}].office", f"the issuing office decides, {service.issuer}"


def _order(service: Service, before: Mapping[str, frozenset[str]]) -> Faults:
    """Rule 3: what comes before the decision, what after it, and one last stage."""
    deciding = next((stage.key for stage in service.stages if stage.action in _DECIDING), None)
    if deciding is None:
        return
    for place, stage in enumerate(service.stages):
        path = f"$.stages[{place}].after"
        if stage.action in _AFTER_DECISION:
            if deciding not in before[stage.key]:
                yield path, f"{stage.action} comes after {deciding}"
        elif stage.key != deciding and stage.key not in before[deciding]:
            yield path, f"{deciding} does not wait for it: {stage.action} comes before"
    named = {key for stage in service.stages for key in stage.after}
    for place, stage in enumerate(service.stages[:-1]):
        if stage.key not in named:
            yield f"$.stages[{place}]", f"{stage.key} leads nowhere: no stage follows it"


def _ending(service: Service) -> Faults:
    """Rules 4 and 8."""
    ours = not service.national_system
    for action in (StageAction.SIGNATURE, StageAction.HANDOVER):
        places = [place for place, stage in enumerate(service.stages) if stage.action is action]
        if ours and not places:
            yield "$.stages", f"no {action}: a decided case would never reach the applicant"
        for place in places[1:]:
            yield f"$.stages[{place}].action", f"{action} comes once"
    last = service.stages[-1]
    if ours and last.action is not StageAction.HANDOVER:
        yield f"$.stages[{len(service.stages) - 1}]", "the last stage is the handover"
    for place, stage in enumerate(service.stages):
        if not ours and stage.action in _NOT_OURS:
            yield f"$.stages[{place}].action", f"{service.national_system} does this itself"
        if service.kind is ServiceKind.VILLAGE_LETTER and stage.office is not OfficeKind.VILLAGE:
            yield f"$.stages[{place}].office", "a village letter stays in the village"


def _two_bodies(service: Service, before: Mapping[str, frozenset[str]]) -> Faults:
    """Rule 6."""
    places = [place for place, stage in enumerate(service.stages) if stage.action is StageAction.CONFIRMATION]
    if service.two_bodies != (len(places) == 1):
        yield "$.two_bodies", "one confirmation, exactly when two bodies decide"
    decision = next((stage for stage in service.stages if stage.action is StageAction.DECISION), None)
    for place in places:
        stage = service.stages[place]
        if decision is not None and (stage.office, stage.agency) == (decision.office, decision.agency):
            yield f"$.stages[{place}].office", "the second body is another office than the one that decides"
        for number, other in enumerate(service.stages):
            if other.action is StageAction.SIGNATURE and stage.key not in before[other.key]:
                yield f"$.stages[{number}].after", f"nothing is signed before {stage.key}"


def _fees(service: Service, before: Mapping[str, frozenset[str]]) -> Faults:
    """Rule 7."""
    assessments = {stage.key for stage in service.stages if stage.action is StageAction.ASSESSMENT}
    paid = {key for stage in service.stages if stage.action is StageAction.PAYMENT for key in before[stage.key]}
    is_collected = isinstance(service.fee, _COLLECTED)
    if is_collected and not service.has(StageAction.PAYMENT):
        yield "$.fee", "is collected here, but no stage takes the payment"
    for place, stage in enumerate(service.stages):
        path = f"$.stages[{place}].action"
        if stage.action in {StageAction.ASSESSMENT, StageAction.PAYMENT} and not is_collected:
            yield path, f"no fee is collected here, but there is {stage.action}"
        elif stage.action is StageAction.ASSESSMENT and stage.key not in paid:
            yield path, "is assessed and never paid"
        elif stage.action is StageAction.PAYMENT and not assessments & before[stage.key]:
            yield path, "is paid and was never assessed"


def _agencies(service: Service) -> Faults:
    """Rule 9."""
    at_work = {stage.agency for stage in service.stages} | {code for stage in service.stages for code in stage.joint}
    for place, agency in enumerate(service.agencies):
        if agency not in at_work:
            yield f"$.agencies[{place}]", f"{agency} has no stage"


def _longest_way(service: Service) -> Faults:
    """Rule 10."""
    days: dict[str, int] = {}
    for stage in service.stages:
        days[stage.key] = stage.working_days + max((days.get(key, 0) for key in stage.after), default=0)
    longest = max(days, key=lambda key: days[key])
    if days[longest] > service.sla.max_days:
        yield "$.stages", f"need {days[longest]} working days up to {longest}, promised are {service.sla.max_days}"


def _one(path: str, stage: Stage, service: Service) -> Faults:
    """Rules 5 and 9 for one stage."""
    yield from _somebody(path, stage)
    yield from _visitors(path, stage, service)
    if (stage.office is OfficeKind.AGENCY) != (stage.agency is not None):
        yield f"{path}.agency", "is given exactly when office is agency"
    elif stage.agency is not None and stage.agency not in service.agencies:
        yield f"{path}.agency", f"{stage.agency} is not among the agencies"


def _somebody(path: str, stage: Stage) -> Faults:
    if stage.key in RESERVED:
        yield f"{path}.key", f"{stage.key} is reserved"
    if stage.role not in _ROLES[stage.action]:
        yield f"{path}.role", f"nobody can do it: {stage.role} does no {stage.action}"
    if stage.office not in _OFFICES[stage.role]:
        yield f"{path}.role", f"nobody can do it: no {stage.role} at an office of kind {stage.office}"


def _visitors(path: str, stage: Stage, service: Service) -> Faults:
    if stage.joint and stage.action is not StageAction.INSPECTION:
        yield f"{path}.joint", "only an inspection is a joint visit"
    for place, agency in enumerate(stage.joint):
        if agency not in service.agencies:
            yield f"{path}.joint[{place}]", f"{agency} is not among the agencies"
        if agency in {stage.agency, *stage.joint[:place]}:
            yield f"{path}.joint[{place}]", f"{agency} takes part twice"
