"""Stages that no case could walk to its end are refused, with the place and the reason."""

import msgspec
import pytest

from protocol.catalogue import (
    Free,
    LocalTax,
    OfficeCode,
    OfficeKind,
    Service,
    ServiceKind,
    Stage,
    StageAction,
    StageRole,
)
from protocol.catalogue_check import service_faults
from protocol.ids import FieldKey
from tests.unit.protocol.catalogue_samples import WAY, WORDS, a_service, a_stage, a_step

DLH, DPUPR = OfficeCode("agency.dlh"), OfficeCode("agency.dpupr")
FREE = Free(basis=WORDS)
SECOND = {"office": OfficeKind.AGENCY, "agency": DLH}


def way(*added: Stage, without: str = "", **changes: dict[str, object]) -> tuple[Stage, ...]:
    """Return the sample's stages, some of them changed by key, one left out, others put before the decision."""
    kept = [msgspec.structs.replace(stage, **changes.get(stage.key, {})) for stage in WAY if stage.key != without]
    place = next((place for place, stage in enumerate(kept) if stage.key == "decision"), len(kept))
    return (*kept[:place], *added, *kept[place:])


def after(*keys: str) -> dict[str, object]:
    return {"after": tuple(map(FieldKey, keys))}


def a_view(key: str = "view", **more: object) -> Stage:
    wanted = {"role": StageRole.AGENCY_CLERK, "office": OfficeKind.AGENCY, "agency": DLH}
    return a_step(key, StageAction.RECOMMENDATION, "completeness", **(wanted | more))


def letter(**more: object) -> Service:
    stages = (
        a_stage("completeness", role=StageRole.VILLAGE_OFFICER, office=OfficeKind.VILLAGE),
        a_step("decision", StageAction.DECISION, "completeness", office=OfficeKind.VILLAGE),
        a_step("signature", StageAction.SIGNATURE, "decision", office=OfficeKind.VILLAGE),
        a_step("handover", StageAction.HANDOVER, "signature", **more),
    )
    return a_service(stages=stages, fee=FREE, kind=ServiceKind.VILLAGE_LETTER, issuer=OfficeKind.VILLAGE)


def tracked(*more: Stage) -> Service:
    stages = (a_stage("completeness"), a_step("tracking", StageAction.TRACKING, "completeness"), *more)
    return a_service(stages=stages, fee=FREE, national_system="SIMBG")


def two(confirmation: Stage, signature: dict[str, object] | None = None) -> Service:
    stages = list(way(signature=signature or {}))
    stages.insert(4, confirmation)
    return a_service(stages=tuple(stages), two_bodies=True, agencies=(DLH,))


CONFIRMED = a_step("confirmation", StageAction.CONFIRMATION, "decision", **SECOND)
SOUND = [
    a_service(),
    letter(role=StageRole.VILLAGE_OFFICER, office=OfficeKind.VILLAGE),
    tracked(),
    two(CONFIRMED, signature=after("confirmation")),
    a_service(stages=way(a_view(), decision=after("payment", "view")), agencies=(DLH,)),
]

BROKEN = [
    # loops, and stages that are not there
    (a_service(stages=way(levy=after("payment"))), "$.stages[1].after", "round for ever"),
    (a_service(stages=way(levy=after("levy"))), "$.stages[1].after", "round for ever"),
    (a_service(stages=way(levy=after("zzz"))), "$.stages[1].after", "no such stage"),
    (a_service(stages=way(completeness=after("handover"))), "$.stages[0].after", "round for ever"),
    # unreachable, or leading nowhere
    (a_service(stages=way(levy=after())), "$.stages[1].after", "out of reach"),
    (a_service(stages=way(a_view()), agencies=(DLH,)), "$.stages[3]", "leads nowhere"),
    (a_service(stages=way(a_view()), agencies=(DLH,)), "$.stages[3].after", "does not wait for it"),
    (a_service(stages=way(handover=after("decision"))), "$.stages[4]", "leads nowhere"),
    (a_service(stages=way(signature=after("payment"))), "$.stages[4].after", "comes after decision"),
    (a_service(stages=way(levy={"action": StageAction.COMPLETENESS})), "$.stages[1].action", "and it alone"),
    (a_service(issuer=OfficeKind.CIVIL_REGISTRY), "$.stages[0].office", "issuing office"),
    (a_service(issuer=OfficeKind.CIVIL_REGISTRY), "$.stages[3].office", "issuing office decides"),
    # nobody decides, or two do
    (a_service(stages=way(without="decision", signature=after("payment"))), "$.stages", "nobody decides"),
    (a_service(stages=way(payment={"action": StageAction.DECISION})), "$.stages[3].action", "a second time"),
    (a_service(stages=way(without="signature", handover=after("decision"))), "$.stages", "no signature"),
    (a_service(stages=way(without="handover")), "$.stages", "no handover"),
    # nobody can do it
    (a_service(stages=way(decision={"role": StageRole.FRONT_OFFICE})), "$.stages[3].role", "does no decision"),
    (a_service(stages=way(levy={"role": StageRole.SUBDISTRICT_OFFICER})), "$.stages[1].role", "no subdistrict_officer"),
    (a_service(stages=way(levy={"key": FieldKey("proposal")})), "$.stages[1].key", "reserved"),
    # two bodies
    (a_service(two_bodies=True), "$.two_bodies", "exactly when"),
    (two(CONFIRMED), "$.stages[5].after", "nothing is signed before"),
    (two(a_step("c", StageAction.CONFIRMATION, "decision")), "$.stages[4].office", "another office"),
    # fees
    (a_service(stages=way(payment={"action": StageAction.DRAFT})), "$.stages[1].action", "never paid"),
    (a_service(stages=way(levy={"action": StageAction.DRAFT})), "$.stages[2].action", "never assessed"),
    (a_service(fee=FREE), "$.stages[1].action", "no fee is collected"),
    (letter(role=StageRole.HEAD), "$.stages[3].office", "stays in the village"),
    (
        msgspec.structs.replace(tracked(), fee=LocalTax(assessed_by=DLH, basis=WORDS)),
        "$.fee",
        "no stage takes the payment",
    ),
    # national systems
    (tracked(a_step("signature", StageAction.SIGNATURE, "tracking")), "$.stages[2].action", "SIMBG does this itself"),
    (msgspec.structs.replace(tracked(), national_system=""), "$.stages[1].action", "decision decides here"),
    (a_service(national_system="OSS"), "$.stages[3].action", "tracking decides here"),
    # agencies and time
    (a_service(stages=way(levy={"office": OfficeKind.AGENCY})), "$.stages[1].agency", "exactly when"),
    (a_service(stages=way(levy={"agency": DLH})), "$.stages[1].agency", "exactly when"),
    (a_service(stages=way(a_view())), "$.stages[3].agency", "not among the agencies"),
    (a_service(agencies=(DLH,)), "$.agencies[0]", "has no stage"),
    (a_service(stages=way(a_view(joint=(DPUPR,))), agencies=(DLH,)), "$.stages[3].joint[0]", "not among"),
    (a_service(stages=way(a_view(joint=(DLH,))), agencies=(DLH,)), "$.stages[3].joint[0]", "takes part twice"),
    (a_service(stages=way(a_view(joint=(DPUPR,))), agencies=(DLH, DPUPR)), "$.stages[3].joint", "only an inspection"),
    (a_service(stages=way(levy={"working_days": 1})), "$.stages", "need 4 working days up to decision"),
]


@pytest.mark.parametrize("service", SOUND)
def test_a_way_to_the_end_is_sound(service: Service) -> None:
    assert service_faults(service) == ()


@pytest.mark.parametrize(("service", "path", "reason"), BROKEN)
def test_what_no_case_can_walk_is_refused_with_its_place(service: Service, path: str, reason: str) -> None:
    found = [fault for fault in service_faults(service) if fault.path == path]
    assert any(reason in fault.reason for fault in found), service_faults(service)


def test_the_longest_way_through_parallel_stages_counts() -> None:
    quick = a_step("quick", StageAction.RECOMMENDATION, "completeness")
    slow = a_step("slow", StageAction.RECOMMENDATION, "completeness", working_days=1)
    stages = way(quick, slow, decision=after("payment", "quick", "slow"))
    assert service_faults(a_service(stages=way(quick, decision=after("payment", "quick")))) == ()
    assert [fault.reason for fault in service_faults(a_service(stages=stages))] == [
        "need 4 working days up to decision, promised are 3"
    ]
