"""Regions: province, regency, subdistricts and villages with their official codes.

Names repeat (Krikilan, Sambirejo …): a region is found by its code, never by its name. Source of the data and its
licence: ``data/NOTICE.md``.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.catalogue.errors import CatalogueError
from protocol.errors import SchemaError
from protocol.ids import RegionCode, VillageCode


class RegionLevel(StrEnum):
    """What a region is; a village is a desa (rural, elected head) or a kelurahan (urban, appointed head)."""

    PROVINCE = "province"
    REGENCY = "regency"
    SUBDISTRICT = "subdistrict"
    DESA = "desa"
    KELURAHAN = "kelurahan"


_LENGTHS = {
    RegionLevel.PROVINCE: 2,
    RegionLevel.REGENCY: 5,
    RegionLevel.SUBDISTRICT: 8,
    RegionLevel.DESA: 13,
    RegionLevel.KELURAHAN: 13,
}
_VILLAGE_DIGITS = {RegionLevel.KELURAHAN: "1", RegionLevel.DESA: "23"}


@dataclass(frozen=True, kw_only=True)
class Region:
    """One region."""

    code: RegionCode
    name: str
    level: RegionLevel

    @property
    def is_village(self) -> bool:
        """Whether this is a desa or kelurahan."""
        return self.level in _VILLAGE_DIGITS

    @property
    def title(self) -> str:
        """The name as Indonesian letters write it: ``Desa Keden``, ``Kecamatan Kalijambe``."""
        words = {RegionLevel.SUBDISTRICT: "Kecamatan ", RegionLevel.DESA: "Desa ", RegionLevel.KELURAHAN: "Kelurahan "}
        return words.get(self.level, "") + self.name


@dataclass(frozen=True, kw_only=True)
class Regions:
    """All regions of one regency, by code."""

    by_code: Mapping[RegionCode, Region]

    @property
    def regency(self) -> Region:
        """The regency itself."""
        return next(region for region in self.by_code.values() if region.level is RegionLevel.REGENCY)

    @property
    def subdistricts(self) -> tuple[Region, ...]:
        """The subdistricts in the order of their codes."""
        return tuple(region for region in self.by_code.values() if region.level is RegionLevel.SUBDISTRICT)

    @property
    def villages(self) -> tuple[Region, ...]:
        """The villages in the order of their codes."""
        return tuple(region for region in self.by_code.values() if region.is_village)

    def villages_of(self, subdistrict: RegionCode) -> tuple[Region, ...]:
        """Return the villages of a subdistrict in the order of their codes."""
        return tuple(region for region in self.villages if region.code.subdistrict == subdistrict)

    def village(self, code: VillageCode) -> Region | None:
        """Return the village of this code, if the regency has it."""
        region = self.by_code.get(code)
        return region if region is not None and region.is_village else None

    def parent(self, region: Region) -> Region | None:
        """Return the region that this one lies in."""
        head, _, _ = region.code.rpartition(".")
        return self.by_code.get(RegionCode(head)) if head else None

    @property
    def nik_subdistricts(self) -> frozenset[str]:
        """The six-digit codes that ``protocol.nik.check_nik`` takes as known."""
        return frozenset(region.code.dotless for region in self.subdistricts)


def parse_regions(file: str, text: str) -> Regions:
    """Read the regions of one regency from CSV text with the columns code, name, level.

    Raises:
        CatalogueError: a wrong header, code or level, a code that is there twice, a region without its parent.
    """
    rows = csv.DictReader(text.splitlines(), strict=True)
    if rows.fieldnames != ["code", "name", "level"]:
        raise CatalogueError(file, "line 1", "columns must be code,name,level")
    by_code: dict[RegionCode, Region] = {}
    for row in rows:
        region = _parse_row(file, rows.line_num, row)
        if region.code in by_code:
            raise CatalogueError(file, f"line {rows.line_num}", f"{region.code} is there twice")
        parent, _, _ = region.code.rpartition(".")
        if parent and parent not in by_code:
            raise CatalogueError(file, f"line {rows.line_num}", f"{parent} must stand before {region.code}")
        by_code[region.code] = region
    if sum(region.level is RegionLevel.REGENCY for region in by_code.values()) != 1:
        raise CatalogueError(file, "line 1", "must hold exactly one regency")
    return Regions(by_code=dict(sorted(by_code.items())))


def _parse_row(file: str, line: int, row: Mapping[str, str]) -> Region:
    try:
        region = Region(code=RegionCode(row["code"]), name=row["name"], level=RegionLevel(row["level"]))
    except (SchemaError, ValueError, TypeError):
        raise CatalogueError(file, f"line {line}", "code or level is wrong") from None
    if not region.name:
        raise CatalogueError(file, f"line {line}", "name is empty")
    if len(region.code) != _LENGTHS[region.level]:
        raise CatalogueError(file, f"line {line}", "code and level do not agree")
    if region.is_village and region.code[9] not in _VILLAGE_DIGITS[region.level]:
        raise CatalogueError(file, f"line {line}", "the code says another kind of village")
    return region
