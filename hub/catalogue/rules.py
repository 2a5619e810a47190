"""Pure decisions of the catalogue: which desk has an application. Working days are ``hub.calendar``'s.

Rules of routing:
1. The front desk is the issuing office of the service: one-stop office and civil registry serve the whole regency, a
   subdistrict office its villages, a village office its own village (Permendagri 4/2010, Perbup Sragen 19/2016).
2. Everybody else who works at a stage is a desk beside it: technical agencies, and the village's subdistrict office.
"""

from protocol.catalogue import OfficeCode, OfficeKind, Service, Stage
from protocol.ids import VillageCode


def office_code(kind: OfficeKind, village: VillageCode, agency: OfficeCode | None = None) -> OfficeCode:
    """Return the office of this kind that serves this village; for ``agency`` the agency itself.

    Raises:
        ValueError: kind ``agency`` without an agency.
    """
    match kind:
        case OfficeKind.SUBDISTRICT:
            return OfficeCode(f"subdistrict.{village.subdistrict}")
        case OfficeKind.VILLAGE:
            return OfficeCode(f"village.{village}")
        case OfficeKind.AGENCY:
            if agency is None:
                raise ValueError("which agency?")
            return agency
        case _:
            return OfficeCode(kind.value.replace("_", "-"))


def front_desk(service: Service, village: VillageCode) -> OfficeCode:
    """Return the office that takes the application in, checks completeness and issues (rule 1)."""
    return office_code(service.issuer, village)


def stage_desk(stage: Stage, village: VillageCode) -> OfficeCode:
    """Return the office that works at a stage for an application from this village."""
    return office_code(stage.office, village, stage.agency)


def agency_desks(service: Service, village: VillageCode) -> tuple[OfficeCode, ...]:
    """Return the offices beside the front desk that work on the application, in the order of the stages (rule 2)."""
    desks = dict.fromkeys(stage_desk(stage, village) for stage in service.stages)
    desks.pop(front_desk(service, village), None)
    return tuple(desks)
