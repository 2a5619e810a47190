"""Templates: places are filled once, and what fills them is never read again (fault F30)."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalogue.catalogue import Catalogue
from hub.catalogue.errors import CatalogueError
from hub.permits.errors import PermitRefusedError
from hub.permits.stationery import Stationery
from hub.permits.template import (
    PLACEHOLDERS,
    Answers,
    Items,
    Paragraph,
    Row,
    Rows,
    Template,
    fill,
    fill_blocks,
    template_faults,
)
from protocol.catalogue import ServiceStatus, StageAction

HOSTILE = [
    "{{7*7}}",
    "{{config}}",
    "{holder}",
    "%s%n",
    "${7*7}",
    "<b>x</b>",
    "{0}",
    "{holder.__class__}",
    "**x**",
    "{nb}",
]
STATIONERY = Stationery.load()


def a_template(**changes: object) -> Template:
    made = Template(
        key="letter",
        register="surat",
        pattern="{code}/{serial}/{office}/{year}",
        width=3,
        heading="JUDUL",
        body=(Paragraph(text="Isi {holder}"),),
    )
    return msgspec.structs.replace(made, **changes)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_stays_as_it_was_typed(value: str) -> None:
    assert fill("Nama: {holder}.", {"holder": value}) == f"Nama: {value}."


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_value_reaches_another_place(holder: str, title: str) -> None:
    shown = fill("a{holder}b{title}c", {"holder": holder or "h", "title": title or "t"})
    assert shown == f"a{holder or 'h'}b{title or 't'}c"


def test_a_place_without_a_value_is_a_dash() -> None:
    assert fill("{nik}|{address}", {"address": ""}) == "–|–"


def test_blocks_are_filled_by_their_kind() -> None:
    blocks = (
        Paragraph(text="{reasons}", bold=True),
        Items(label="Mengingat", items=("{legal_basis}", "akhir")),
        Rows(rows=(Row(label="Nama", text="{holder}"),)),
        Answers(),
    )
    values = {"reasons": "satu\ndua", "legal_basis": "UU 1\nUU 2", "holder": "Ma'ruf"}
    found = fill_blocks(blocks, values, (("Luas", "12 m²"),))
    assert [block.lines for block in found[:3]] == [("satu",), ("dua",), ("UU 1", "UU 2", "akhir")]
    assert [block.rows for block in found[3:]] == [(("Nama", "Ma'ruf"),), (("Luas", "12 m²"),)]


@pytest.mark.parametrize(
    "broken",
    [
        a_template(body=(Paragraph(text="{secret}"),)),
        a_template(body=(Paragraph(text="{{holder}}"),)),
        a_template(body=(Paragraph(text="{holder.name}"),)),
        a_template(body=(Items(items=("{7*7}",)),)),
        a_template(body=(Rows(rows=(Row(label="x", text="{"),)),)),
        a_template(heading="{config}"),
        a_template(footer="}"),
        a_template(pattern="{serial}/{office}"),
        a_template(pattern="{serial}/{office}/{year}/{holder}"),
        a_template(pattern="{serial!r}/{office}/{year}"),
    ],
)
def test_a_template_that_names_something_else_is_refused(broken: Template) -> None:
    assert list(template_faults(broken))


def test_every_place_may_be_named() -> None:
    text = " ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
    assert list(template_faults(a_template(body=(Paragraph(text=text),)))) == []


def test_every_service_that_is_signed_has_a_paper_that_fits_its_form() -> None:
    services = [each for each in Catalogue.load().services.values() if each.status is not ServiceStatus.WITHDRAWN]
    signed = [each for each in services if any(stage.action is StageAction.SIGNATURE for stage in each.stages)]
    assert [fault for service in signed for fault in STATIONERY.faults(service)] == []


def test_a_service_without_a_paper_is_said() -> None:
    with pytest.raises(PermitRefusedError):
        STATIONERY.paper("NO-SUCH")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("heading:", "headings:", "heading"),
        ("{holder}", "{{holder}}", "brace"),
        ("{holder}", "{config}", "no place config"),
        ("key: refusal", "key: other", "must be called"),
        ("width: 3", "width: '3'", "width"),
    ],
)
def test_a_broken_file_is_named_with_place_and_reason(tmp_path: Path, old: str, new: str, place: str) -> None:
    source = Path("hub/permits/data")
    (tmp_path / "templates").mkdir()
    for name in ("papers.yaml", "letterheads.yaml"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    for file in (source / "templates").iterdir():
        (tmp_path / "templates" / file.name).write_bytes(file.read_bytes())
    broken = tmp_path / "templates" / "refusal.yaml"
    broken.write_text(broken.read_text().replace(old, new))
    with pytest.raises(CatalogueError, match=f"(?s)refusal.yaml.*{place}"):
        Stationery.load(tmp_path)
