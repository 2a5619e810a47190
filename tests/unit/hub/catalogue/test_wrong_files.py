"""A wrong service file is refused with its file, the place in it, and the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalogue.errors import CatalogueError
from hub.catalogue.loader import parse_service_file
from hub.catalogue.strict_yaml import MAX_FILE_BYTES, parse_yaml
from tests.unit.hub.catalogue.sample_files import FILE_NAME, OFFICES, SERVICE_FILE, broken

DEEP = "summary: " + "[" * 20 + "]" * 20
LABEL = "label: {id: Uraian, en: Detail}"


def test_the_right_file_is_read() -> None:
    service = parse_service_file(FILE_NAME, SERVICE_FILE.encode(), offices=OFFICES)
    assert (service.code, len(service.fields)) == ("SAMPLE", 4)


WRONG = [
    # YAML
    (b"", "$", "is empty"),
    (b"\xff\xfe\x00", "$", "not UTF-8"),
    (b"#" * (MAX_FILE_BYTES + 1), "$", "more than"),
    (b"code: [", "$ (line 1)", ""),
    (b"code: \x00", "$", "not YAML"),
    (broken("version: 1", "version: 1\nversion: 2"), "$.version", "twice"),
    (broken("max_length: 80", "max_length: 80, max_length: 90"), "$.fields[3].max_length", "twice"),
    (broken("name: {id: Contoh, en: Sample}", "name: &n {id: A, en: B}\nsummary2: *n"), "$.summary2", "alias"),
    (broken("version: 1", "version: !!float 1"), "$.version", "a tag"),
    (broken("version: 1", "version: !!python/object/apply:os.system [id]"), "$.version", "a tag"),
    (
        broken("summary: {id: Contoh layanan, en: A sample service}", DEEP),
        "$.summary" + "[0]" * 12,
        "nested too deeply",
    ),
    (broken("version: 1", "? [a, b]\n: 1\nversion: 1"), "$", "not a text"),
    (b"- just\n- a list\n", "$", "Expected `object`"),
    # types
    (broken("code: SAMPLE\n", ""), "$", "missing required field `code`"),
    (broken("status: active", "status: active\ncolour: red"), "$", "unknown field `colour`"),
    (broken("max_length: 80", "max_lenght: 80"), "$.fields[3]", "unknown field `max_lenght`"),
    (broken("code: SAMPLE", "code: sample"), "$.code", "ServiceCode"),
    (broken("version: 1", "version: 1.5"), "$.version", "Expected `int`"),
    (broken("version: 1", "version: 0"), "$.version", ">= 1"),
    (broken("kind: permit", "kind: perizinan"), "$.kind", "Invalid enum"),
    (broken("type: hundredths", "type: float"), "$.fields[2].type", "Invalid enum"),
    (broken(LABEL, "label: {id: Uraian}"), "$.fields[3].label", "missing required field `en`"),
    (broken(LABEL, 'label: {id: "", en: Detail}'), "$.fields[3].label.id", "length >= 1"),
    (broken("max_length: 80", "pattern: '(a+)+'"), "$.fields[3].pattern", "Invalid enum"),
    (broken("agencies: [agency.dlh]", "agencies: [DLH]"), "$.agencies[0]", "OfficeCode"),
    (broken("key: detail", "key: Detail"), "$.fields[3].key", "FieldKey"),
    (broken("tariff_rp: 500", "tariff_rp: 500.0"), "$.fee.tariff_rp", "Expected `int`"),
    (broken("rule: formula", "rule: auction"), "$.fee.rule", "Invalid value"),
    (broken("origin: LAIN", "origin: KIRA"), "$.sla.origin", "Invalid enum"),
    (broken('source: "Contoh", ', ""), "$.sla", "missing required field `source`"),
    # rules
    (broken("show_if: {field: kind, ", "show_if: {field: knid, "), "$.fields[3].show_if.field", "not an earlier field"),
    (broken("show_if: {field: kind, ", "show_if: {field: detail, "), "$.fields[3].show_if.field", "not an earlier"),
    (broken("equals: b}", "equals: c}"), "$.fields[3].show_if", "cannot have this value"),
    (broken("equals: b}", "equals: b, one_of: [a]}"), "$.fields[3].show_if", "exactly one of"),
    (broken("key: length", "key: kind"), "$.fields[2].key", "used twice"),
    (broken("factors: [length]", "factors: [kind]"), "$.fee.factors[0]", "not an integer"),
    (broken("after: [check]", "after: [chekc]"), "$.stages[1].after", "chekc is not an earlier stage"),
    (broken("max_days: 2", "max_days: 1"), "$.stages", "need 2 working days"),
    (broken("status: active", "status: replaced"), "$.replaced_by", "replaced"),
    (broken("version: 1", "version: 2"), "$.code", "must be called sample.v2.yaml"),
]


@pytest.mark.parametrize(("raw", "path", "reason"), WRONG)
def test_a_wrong_file_is_refused(raw: bytes, path: str, reason: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_service_file(FILE_NAME, raw, offices=OFFICES)
    assert (caught.value.file, caught.value.path) == (FILE_NAME, path)
    assert reason in caught.value.reason
    assert str(caught.value) == f"{FILE_NAME}: {path}: {caught.value.reason}"


def test_an_agency_without_an_office_is_refused() -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_service_file(FILE_NAME, SERVICE_FILE.encode(), offices=frozenset())
    assert (caught.value.path, caught.value.reason) == ("$.agencies[0]", "no office agency.dlh")


def test_a_file_without_stages_is_refused() -> None:
    head, _, rest = SERVICE_FILE.partition("stages:\n")
    raw = head + "stages: []\n" + rest[rest.index("fee:") :]
    with pytest.raises(CatalogueError, match=r"\$\.stages: Expected `array` of length >= 1"):
        parse_service_file(FILE_NAME, raw.encode(), offices=OFFICES)


def test_text_that_cannot_travel_is_refused() -> None:
    raw = broken("id: Contoh layanan", "id: Ame\u0301lie")
    with pytest.raises(CatalogueError, match="NFC"):
        parse_service_file(FILE_NAME, raw, offices=OFFICES)


@pytest.mark.parametrize("text", ["no", "on", "012", "1_000", "0x10", "12:30", "2026-01-01", ".5", "1e3", "<<"])
def test_what_looks_like_something_else_is_text(text: str) -> None:
    assert parse_yaml("x.yaml", f"key: {text}".encode()) == {"key": text}


@pytest.mark.parametrize("text", ['"1"', "'true'", "|\n null"])
def test_what_is_quoted_is_text(text: str) -> None:
    assert parse_yaml("x.yaml", f"key: {text}".encode()) == {"key": text.strip("\"'|\n ")}


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("null", None), ("-7", -7), ("0", 0)])
def test_the_few_words_that_are_not_text(text: str, value: object) -> None:
    assert parse_yaml("x.yaml", f"key: {text}".encode()) == {"key": value}


@given(
    st.one_of(st.binary(max_size=100), st.text(alphabet="abc:-[]{}&*!?|>%@\"'#,\n\t 01", max_size=60).map(str.encode))
)
def test_any_bytes_raise_only_a_catalogue_error(raw: bytes) -> None:
    with pytest.raises(CatalogueError):
        parse_service_file(FILE_NAME, raw, offices=OFFICES)
