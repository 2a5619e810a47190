"""Pure: puts a letter together out of stationery, catalogue, the case's facts and the person who signs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from hub.accounts.rules import SignCapacity
from hub.catalogue.catalogue import Catalogue
from hub.catalogue.offices import Office
from hub.permits.paper import Paper
from hub.permits.rules import Post, clean, long_date, office_mark, post_line
from hub.permits.stationery import Stationery
from hub.permits.template import ABSENT, Filled, Template, fill, fill_blocks
from protocol.catalogue import OfficeCode, OfficeKind
from protocol.ids import RegionCode, VillageCode

_OFFICE_WORD = "Kantor "


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What a letter says beyond its template: the values of its places, its answers, who signs, the QR text."""

    office: OfficeCode
    number: str
    day: date
    values: Mapping[str, str]
    answers: tuple[tuple[str, str], ...] = ()
    signer: str = ""
    capacity: SignCapacity | None = None
    title: str
    qr: str = ""
    keywords: str = ""
    made_at: datetime


def compose(letter: Letter, template: Template, stationery: Stationery, catalogue: Catalogue) -> Paper:
    """Return the paper of a letter."""
    office = catalogue.offices[letter.office]
    post = post_of(office, catalogue)
    values = place_values(office, catalogue) | {name: _lines(value) for name, value in letter.values.items()}
    values |= {"number": letter.number, "title": letter.title, "issued_on": long_date(letter.day)}
    blocks = fill_blocks((*template.opening, *template.body), values, letter.answers)
    return Paper(
        letterhead=letterhead(office, stationery, catalogue),
        heading=tuple(line.upper() for line in fill(template.heading, values).split("\n")),
        blocks=tuple(block for block in map(without_dashes, blocks) if block is not None),
        placed=(f"Ditetapkan di {_seat_of(catalogue)}", f"pada tanggal {long_date(letter.day)}")
        + ((post_line(post, letter.capacity),) if letter.signer else ()),
        signer=clean(letter.signer),
        footer=fill(template.footer, values),
        mark=letter.number,
        title=letter.title,
        made_at=letter.made_at,
        qr=letter.qr,
        keywords=letter.keywords,
    )


def letterhead(office: Office, stationery: Stationery, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the head of an office's letters, the government first."""
    head = stationery.letterheads[office.kind]
    subdistrict = ""
    if office.kind is OfficeKind.VILLAGE:
        subdistrict = catalogue.regions.by_code[RegionCode(office.region).subdistrict].name
    above = (line.replace("{subdistrict}", subdistrict.upper()) for line in head.above)
    return (head.government, *above, office.name.id.upper())


def post_of(office: Office, catalogue: Catalogue) -> Post:
    """Return the post of an office's head."""
    region = catalogue.regions.by_code[office.region]
    name = office.name.id.removeprefix(_OFFICE_WORD)
    return Post(kind=office.kind, office_name=name, place=region.name, is_ward=region.title.startswith("Kelurahan"))


def number_mark(office: Office) -> str:
    """Return the office's part of a number; villages share names, so theirs is the code of the village."""
    return office.region.dotless if office.kind is OfficeKind.VILLAGE else office_mark(office.short)


def place_values(office: Office, catalogue: Catalogue) -> dict[str, str]:
    """Return the values that follow from the office alone."""
    return {
        "office": office.name.id.removeprefix(_OFFICE_WORD),
        "office_head": post_line(post_of(office, catalogue), None),
        "regency": catalogue.regions.regency.name,
        "place": _seat_of(catalogue),
    }


def village_values(village: VillageCode, catalogue: Catalogue) -> dict[str, str]:
    """Return how the applicant's village is written."""
    regions = catalogue.regions.by_code
    return {"village": regions[village].title, "subdistrict": regions[village.subdistrict].title}


def region_title(code: str, catalogue: Catalogue) -> str:
    """Return a region as letters write it, or its code when the regency does not have it."""
    found = catalogue.regions.by_code.get(RegionCode(code))
    return code if found is None else found.title


def without_dashes(block: Filled) -> Filled | None:
    """Leave out what a table has nothing to say about; None: nothing is left of it."""
    if block.kind != "rows":
        return block
    rows = tuple(row for row in block.rows if row[1] != ABSENT)
    return Filled(kind="rows", rows=rows) if rows else None


def _lines(value: str) -> str:
    """Clean each line of a value; empty lines go."""
    return "\n".join(line for line in (clean(each) for each in value.split("\n")) if line)


def _seat_of(catalogue: Catalogue) -> str:
    return catalogue.regions.regency.name.removeprefix("Kabupaten ").removeprefix("Kota ")
