"""Pure decisions of the catalogue: which desk has an application. Working days are ``hub.calendar``'s.

Rules of routing:
1. The front desk is the issuing office of the service: one-stop office and civil registry serve the whole regency, a
   subdistrict office its villages, a village office its own village (Permendagri 4/2010, Perbup Sragen 19/2016).
2. Everybody else who works at a stage is a desk beside it: technical agencies, and the village's subdistrict office.
3. A joint visit has a seat for each agency that takes part.
4. The work of an agency may go to another agency. Everything else follows from service and territory, and stays.
5. Who looks a second time: the one-stop office for agencies and subdistricts, an agency of the service (without one,
   the subdistrict) for the one-stop office, the subdistrict for its villages and for the civil registry.
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


def stage_seats(stage: Stage, village: VillageCode) -> tuple[OfficeCode, ...]:
    """Return every office that has to act at a stage, its own first (rule 3)."""
    return tuple(dict.fromkeys((stage_desk(stage, village), *stage.joint)))


def may_route(kind: OfficeKind, other: OfficeKind) -> bool:
    """Tell whether work of an office of one kind may go to an office of the other kind (rule 4)."""
    return kind is OfficeKind.AGENCY and other is OfficeKind.AGENCY


def second_office(service: Service, village: VillageCode, first: OfficeCode) -> OfficeCode:
    """Return the office that answers to a proposal of another one (rule 5)."""
    kind = first.partition(".")[0]
    if kind in {"agency", "subdistrict"}:
        return office_code(OfficeKind.ONE_STOP, village)
    if kind == "one-stop" and service.agencies:
        return service.agencies[0]
    return office_code(OfficeKind.SUBDISTRICT, village)
