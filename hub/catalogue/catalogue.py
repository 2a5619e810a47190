"""The whole catalogue as one frozen value, read once at start-up and handed to whoever needs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Self

from hub.catalogue.errors import CatalogueError
from hub.catalogue.loader import parse_office_file, parse_service_file
from hub.catalogue.offices import Office, all_offices
from hub.catalogue.regions import Regions, parse_regions
from protocol.catalogue import OfficeCode, Service, catalogue_digest, service_bytes
from protocol.errors import ServiceUnknownError
from protocol.ids import VillageCode


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Services by code and version, regions, offices."""

    services: Mapping[tuple[str, int], Service]
    regions: Regions
    offices: Mapping[OfficeCode, Office]

    @classmethod
    def load(cls, data: Traversable | None = None) -> Self:
        """Read the catalogue from a folder; without one, from the data of this package.

        Raises:
            CatalogueError: anything wrong, with file, place and reason.
        """
        folder = data if data is not None else resources.files("hub.catalogue") / "data"
        regions = parse_regions("regions.csv", (folder / "regions.csv").read_text(encoding="utf-8"))
        listed = parse_office_file("offices.yaml", (folder / "offices.yaml").read_bytes(), regions=regions)
        offices = all_offices(listed, regions)
        return cls(
            services=_load_services(folder / "services", offices),
            regions=regions,
            offices=offices,
        )

    def service(self, code: str, version: int) -> Service:
        """Return one version of a service, whether it is still open or not.

        Raises:
            ServiceUnknownError: there is no such version.
        """
        found = self.services.get((code, version))
        if found is None:
            raise ServiceUnknownError
        return found

    def newest_services(self) -> tuple[Service, ...]:
        """Return the newest version of every service, in the order of the codes."""
        newest = {code: service for (code, _), service in sorted(self.services.items())}
        return tuple(newest.values())

    def open_services(self) -> tuple[Service, ...]:
        """Return the newest versions for which new applications are taken."""
        return tuple(service for service in self.newest_services() if service.is_open)

    def wire_services(self) -> tuple[bytes, ...]:
        """Return the bytes of every open service, as a node receives them."""
        return tuple(service_bytes(service) for service in self.open_services())

    def offices_for(self, village: VillageCode) -> tuple[Office, ...]:
        """Return the offices that a village deals with: those of the regency, its subdistrict's and its own."""
        territories = {village.regency, village.subdistrict, village}
        return tuple(office for office in self.offices.values() if office.region in territories)

    @property
    def digest(self) -> bytes:
        """One SHA-256 over all open services: which catalogue a node has."""
        return catalogue_digest(self.wire_services())


def _load_services(folder: Traversable, offices: Mapping[OfficeCode, Office]) -> dict[tuple[str, int], Service]:
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    services: dict[tuple[str, int], Service] = {}
    for entry in files:
        service = parse_service_file(entry.name, entry.read_bytes(), offices=offices)
        services[service.code, service.version] = service
    codes = {code for code, _ in services}
    for service in services.values():
        if service.replaced_by is not None and service.replaced_by not in codes:
            file = f"{service.code.lower()}.v{service.version}.yaml"
            raise CatalogueError(file, "$.replaced_by", f"no service {service.replaced_by}")
    return services
