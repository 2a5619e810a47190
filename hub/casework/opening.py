"""Opening cases in the transaction that accepts their bundles.

The routing of a case follows from its service and its village alone, so it needs no ledger entry of its own: its event
shares the entry that says that the bundle arrived. A few statements for a whole batch, whatever its size. Nobody is
proposed for the first desk: the counter's queue is one, and the oldest is next.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from hub.casework import timekeeping
from hub.casework.duplicates import Marked, index_cases
from hub.casework.events import CaseTools, applicant_place
from hub.casework.flow import new_board
from hub.casework.rules import CaseState, EventKind, StageState
from hub.casework.tables import Case, CaseBundle, CaseEvent, CaseStage
from hub.catalogue.rules import front_desk, stage_seats
from hub.clocks.deadlines import StageStart
from hub.intake.reading import AcceptedBundle
from hub.storage.bulk import insert_rows
from protocol.catalogue import Service
from protocol.ids import VillageCode
from protocol.wire import to_bytes

Row = dict[str, object]


def open_cases(session: Session, now: datetime, accepted: Sequence[AcceptedBundle], tools: CaseTools) -> None:
    """Open one case per accepted application and put it on its front desk.

    Raises:
        ServiceUnknownError: a service that intake should have refused.
    """
    if not accepted:
        return
    services = [_service(bundle, tools) for bundle in accepted]
    cases = [_case_row(bundle, service, tools) for bundle, service in zip(accepted, services, strict=True)]
    stages = [row for case, service in zip(cases, services, strict=True) for row in _stage_rows(case, service, now)]
    insert_rows(session, Case, cases)
    insert_rows(session, CaseBundle, [_bundle_row(case) for case in cases])
    insert_rows(session, CaseStage, stages)
    insert_rows(
        session,
        CaseEvent,
        [
            _routing_row(case, service, bundle.ledger_index, now)
            for case, service, bundle in zip(cases, services, accepted, strict=True)
        ],
    )
    _start_clocks(session, now, cases, services)
    index_cases(
        session,
        tools.keyring,
        [
            Marked(case_id=str(case["case_id"]), manifest=bundle.manifest, service=service)
            for case, service, bundle in zip(cases, services, accepted, strict=True)
        ],
    )


def _service(bundle: AcceptedBundle, tools: CaseTools) -> Service:
    return tools.catalogue.service(bundle.manifest.service, bundle.manifest.service_version)


def _case_row(bundle: AcceptedBundle, service: Service, tools: CaseTools) -> Row:
    manifest, case_id = bundle.manifest, tools.ids.new()
    return {
        "case_id": case_id,
        "bundle_id": bundle.bundle_id,
        "registration_no": str(manifest.registration_no),
        "village": str(manifest.village),
        "subdistrict": str(manifest.village.subdistrict),
        "service": str(manifest.service),
        "service_version": manifest.service_version,
        "front_office": str(front_desk(service, manifest.village)),
        "state": str(CaseState.RECEIVED),
        "outcome": "",
        "round": 1,
        "received_at": bundle.received_at,
        "completed_at": None,
        "decided_at": None,
        "closed_at": None,
        "changed_at": bundle.received_at,
        "applicant": bundle.data_key.seal(to_bytes(manifest.applicant), applicant_place(case_id), tools.randomness),
        "tracking": manifest.tracking,
        "version_id": 1,
    }


def _bundle_row(case: Row) -> Row:
    return {"case_id": case["case_id"], "position": 0, "bundle_id": case["bundle_id"]}


def _stage_rows(case: Row, service: Service, now: datetime) -> Iterable[Row]:
    village, board = VillageCode(str(case["village"])), new_board(service)
    for position, stage in enumerate(service.stages):
        state = board[stage.key].state
        for seat, office in enumerate(stage_seats(stage, village)):
            yield {
                "case_id": case["case_id"],
                "stage": str(stage.key),
                "seat": seat,
                "position": position,
                "action": str(stage.action),
                "role": str(stage.role),
                "office": str(office),
                "state": str(state),
                "since": now,
                "opened_at": now if state is StageState.OPEN else None,
                "proposed_to": None,
                "taken_by": None,
                "taken_at": None,
                "done_by": None,
                "done_at": None,
                "outcome": "",
                "reference": "",
            }


def _routing_row(case: Row, service: Service, ledger_index: int, now: datetime) -> Row:
    return {
        "case_id": case["case_id"],
        "kind": str(EventKind.ROUTED),
        "office": case["front_office"],
        "person_id": None,
        "at": now,
        "ledger_index": ledger_index,
        "receipt_index": None,
        "stage": str(service.stages[0].key),
        "code": "",
        "names": "",
        "note": None,
        "out_of_turn": False,
    }


def _start_clocks(session: Session, now: datetime, cases: Sequence[Row], services: Sequence[Service]) -> None:
    starts = [
        StageStart(
            case_id=str(case["case_id"]),
            stage=str(service.stages[0].key),
            office=str(case["front_office"]),
            working_days=service.stages[0].working_days,
        )
        for case, service in zip(cases, services, strict=True)
    ]
    timekeeping.begin_stages(session, now, starts)
