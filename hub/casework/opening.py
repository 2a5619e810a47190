"""Opening cases in the transaction that accepts their bundles.

The routing of a case follows from its service and its village alone, so it needs no ledger entry of its own: its event
shares the entry that says that the bundle arrived. A few statements for a whole batch, whatever its size.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from hub.casework.events import applicant_place
from hub.casework.rules import CaseState, DeskState, EventKind, front_office
from hub.casework.tables import Case, CaseEvent, Desk
from hub.catalogue.catalogue import Catalogue
from hub.intake.reading import AcceptedBundle
from hub.storage.base import table_of
from hub.storage.ports import Ids, Randomness
from protocol.wire import to_bytes


def open_cases(  # the hook that intake calls, with the ports that its caller binds
    session: Session,
    now: datetime,
    accepted: Sequence[AcceptedBundle],
    *,
    catalogue: Catalogue,
    ids: Ids,
    randomness: Randomness,
) -> None:
    """Open one case per accepted bundle and put it on its front desk.

    Raises:
        ServiceUnknownError: a service that intake should have refused.
    """
    if not accepted:
        return
    cases = [_case_row(bundle, catalogue, ids.new(), randomness) for bundle in accepted]
    session.execute(insert(table_of(Case)), cases)
    session.execute(insert(table_of(Desk)), [_desk_row(case, now) for case in cases])
    session.execute(
        insert(table_of(CaseEvent)),
        [_routing_row(case, bundle.ledger_index, now) for case, bundle in zip(cases, accepted, strict=True)],
    )


def _case_row(bundle: AcceptedBundle, catalogue: Catalogue, case_id: str, randomness: Randomness) -> dict[str, object]:
    manifest = bundle.manifest
    service = catalogue.service(manifest.service, manifest.service_version)
    return {
        "case_id": case_id,
        "bundle_id": bundle.bundle_id,
        "registration_no": str(manifest.registration_no),
        "village": str(manifest.village),
        "subdistrict": str(manifest.village.subdistrict),
        "service": str(manifest.service),
        "service_version": manifest.service_version,
        "front_office": str(front_office(service, manifest.village)),
        "state": str(CaseState.RECEIVED),
        "received_at": bundle.received_at,
        "completed_at": None,
        "applicant": bundle.data_key.seal(to_bytes(manifest.applicant), applicant_place(case_id), randomness),
        "version_id": 1,
    }


def _desk_row(case: dict[str, object], now: datetime) -> dict[str, object]:
    return {
        "case_id": case["case_id"],
        "office": case["front_office"],
        "state": str(DeskState.OPEN),
        "since": now,
        "taken_by": None,
        "taken_at": None,
    }


def _routing_row(case: dict[str, object], ledger_index: int, now: datetime) -> dict[str, object]:
    return {
        "case_id": case["case_id"],
        "kind": str(EventKind.ROUTED),
        "office": case["front_office"],
        "person_id": None,
        "at": now,
        "ledger_index": ledger_index,
        "receipt_index": None,
        "code": "",
        "names": "",
        "note": None,
        "out_of_turn": False,
    }
