"""From bytes of files to frozen values. Everything wrong is a ``CatalogueError`` with file, place and reason.

Order for a service file: size → YAML subset → types → rules of ``protocol.catalogue_check`` → file name → offices exist
→ encodes within the limit of the wire.
"""

from collections.abc import Container
from typing import TypeVar

import msgspec

from hub.catalogue.errors import CatalogueError
from hub.catalogue.offices import Office, OfficeFile, office_faults
from hub.catalogue.regions import Regions
from hub.catalogue.strict_yaml import parse_yaml
from protocol.catalogue import MAX_SERVICE_BYTES, OfficeCode, Service, service_bytes
from protocol.catalogue_check import service_faults
from protocol.errors import ProtocolError

T = TypeVar("T")


def parse_service_file(file: str, raw: bytes, *, offices: Container[OfficeCode]) -> Service:
    """Read one service version from its YAML file, named ``<code>.v<version>.yaml``.

    Raises:
        CatalogueError: anything wrong, with its place.
    """
    service = _convert(file, raw, Service)
    for fault in service_faults(service):
        raise CatalogueError(file, fault.path, fault.reason)
    expected = f"{service.code.lower()}.v{service.version}.yaml"
    if file != expected:
        raise CatalogueError(file, "$.code", f"the file must be called {expected}")
    for place, agency in enumerate(service.agencies):
        if agency not in offices:
            raise CatalogueError(file, f"$.agencies[{place}]", f"no office {agency}")
    _refuse_unsendable(file, service)
    return service


def parse_office_file(file: str, raw: bytes, *, regions: Regions) -> tuple[Office, ...]:
    """Read the listed offices of the regency.

    Raises:
        CatalogueError: anything wrong, with its place.
    """
    offices = _convert(file, raw, OfficeFile).offices
    for path, reason in office_faults(offices, regions):
        raise CatalogueError(file, path, reason)
    return offices


def _convert(file: str, raw: bytes, kind: type[T]) -> T:
    value = parse_yaml(file, raw)
    try:
        return msgspec.convert(value, kind, strict=True, dec_hook=_name)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).rpartition(" - at ")
        raise CatalogueError(file, path.strip("`") if reason else "$", reason or str(error)) from None


def _name(kind: type, value: object) -> object:
    """Build one of the protocol's names; msgspec adds the place to a ValueError."""
    if not isinstance(value, str):
        raise ValueError("Expected `str`")  # noqa: TRY004  # msgspec adds the place to ValueError and TypeError alike
    try:
        return kind(value)
    except ProtocolError as error:
        raise ValueError(error.reason) from None


def _refuse_unsendable(file: str, service: Service) -> None:
    try:
        size = len(service_bytes(service))
    except ProtocolError as error:
        raise CatalogueError(file, "$", error.reason or error.code) from None
    if size > MAX_SERVICE_BYTES:
        raise CatalogueError(file, "$", f"more than {MAX_SERVICE_BYTES} bytes on the wire")
