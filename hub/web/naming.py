"""Names for codes, as templates need them: offices, regions, services."""

from collections.abc import Callable

from hub.catalogue.catalogue import Catalogue
from protocol.catalogue import Service


def naming(catalogue: Catalogue) -> dict[str, Callable[..., object]]:
    """Return the functions that every template may use; an unknown code names itself."""
    offices = {str(code): office.short for code, office in catalogue.offices.items()}
    regions = {str(code): region.title for code, region in catalogue.regions.by_code.items()}

    def service_of(code: str, version: int) -> Service:
        return catalogue.service(code, version)

    return {
        "office_name": lambda code: offices.get(code, code),
        "region_name": lambda code: regions.get(code, code),
        "service_of": service_of,
    }
