"""Offices: those of the regency as data, those of subdistricts and villages by rule from the regions."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import msgspec

from hub.catalogue.regions import Region, RegionLevel, Regions
from protocol.catalogue import OfficeCode, OfficeKind, Text
from protocol.ids import RegionCode


class Office(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One office. ``region`` is its territory: the regency, a subdistrict or a village."""

    code: OfficeCode
    kind: OfficeKind
    name: Text
    short: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    region: RegionCode


class OfficeFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of ``offices.yaml``."""

    offices: Annotated[tuple[Office, ...], msgspec.Meta(min_length=1, max_length=58)]
    """With subdistrict and village an enrolment answer names 60 offices at most."""


_ONE_OF_A_KIND = frozenset({OfficeKind.ONE_STOP, OfficeKind.CIVIL_REGISTRY, OfficeKind.INSPECTORATE})


def office_faults(offices: tuple[Office, ...], regions: Regions) -> Iterator[tuple[str, str]]:
    """Yield place and reason of everything wrong with the listed offices."""
    seen: set[OfficeCode] = set()
    for place, office in enumerate(offices):
        path = f"$.offices[{place}]"
        if office.code in seen:
            yield f"{path}.code", f"{office.code} is used twice"
        seen.add(office.code)
        if _kind_of(office.code) is not office.kind:
            yield f"{path}.kind", f"does not fit {office.code}"
        if office.kind in {OfficeKind.SUBDISTRICT, OfficeKind.VILLAGE}:
            yield f"{path}.kind", "follows from the regions"
        if office.region != regions.regency.code:
            yield f"{path}.region", "is not the regency"
    for kind in sorted(_ONE_OF_A_KIND - {office.kind for office in offices}):
        yield "$.offices", f"no office of kind {kind}"


def all_offices(listed: tuple[Office, ...], regions: Regions) -> Mapping[OfficeCode, Office]:
    """Return every office by code: the listed ones, then one per subdistrict and one per village."""
    derived = (_office_of(region) for region in (*regions.subdistricts, *regions.villages))
    return {office.code: office for office in (*listed, *derived)}


def _kind_of(code: OfficeCode) -> OfficeKind:
    head, _, _ = code.partition(".")
    return OfficeKind(head.replace("-", "_"))


def _office_of(region: Region) -> Office:
    if region.level is RegionLevel.SUBDISTRICT:
        return Office(
            code=OfficeCode(f"subdistrict.{region.code}"),
            kind=OfficeKind.SUBDISTRICT,
            name=Text(id=f"Kantor Kecamatan {region.name}", en=f"{region.name} subdistrict office"),
            short=f"Kec. {region.name}",
            region=region.code,
        )
    return Office(
        code=OfficeCode(f"village.{region.code}"),
        kind=OfficeKind.VILLAGE,
        name=Text(id=f"Kantor {region.title}", en=f"{region.name} village office"),
        short=region.title,
        region=region.code,
    )
