"""The filter of the queue as a URL holds it, and the forms of queue and look."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from hub.casework.finding import read_marks, write_marks
from hub.casework.rules import MAX_NOTE, CaseState
from hub.desks.queries import DueFilter, Position, QueueFilter, Sort, View
from protocol.catalogue import StageAction
from protocol.errors import SchemaError
from protocol.ids import RegionCode

MAX_PICKED = 50
"""Lines of one bulk take: two pages."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MS = 10**14
_NUMBER_LETTERS = 24
_MAX_SEAT = 9
_Word = TypeVar("_Word", View, Sort, CaseState, StageAction, DueFilter)


class RevealForm(FlaskForm):
    """The reason of a look at unmasked data."""

    why = TextAreaField(
        _l("Alasan membuka data pribadi"),
        [InputRequired(_l("Tulis alasan, paling sedikit 10 huruf.")), Length(max=MAX_NOTE)],
        render_kw={"rows": 2},
    )


def read_filter(arguments: "MultiDict[str, str]", default: View) -> QueueFilter:
    """Return the filter of a URL; what it cannot mean filters nothing."""
    number = "".join(letter for letter in arguments.get("number", "") if letter in "0123456789-")
    return QueueFilter(
        view=_word(View, arguments.get("view", "")) or default,
        sort=_word(Sort, arguments.get("sort", "")),
        state=_word(CaseState, arguments.get("state", "")),
        service=arguments.get("service", "")[:40],
        subdistrict=_region(arguments.get("subdistrict", "")),
        action=_word(StageAction, arguments.get("stage", "")),
        due=_word(DueFilter, arguments.get("due", "")),
        number=number[:_NUMBER_LETTERS],
        marks=read_marks(arguments.get("who", "")),
    )


def filter_arguments(wanted: QueueFilter) -> dict[str, str]:
    """Return the filter as arguments of a URL, without those that filter nothing."""
    everything = {
        "view": str(wanted.view),
        "sort": str(wanted.sort or ""),
        "state": str(wanted.state or ""),
        "service": wanted.service,
        "subdistrict": wanted.subdistrict,
        "stage": str(wanted.action or ""),
        "due": str(wanted.due or ""),
        "number": wanted.number,
        "who": write_marks(wanted.marks),
    }
    return {name: value for name, value in everything.items() if value}


def read_position(text: str) -> Position | None:
    """Return the place behind which a page begins; None for the first page, or for what is no place."""
    head, case_id, stage, seat = (*text.split("."), "", "", "", "")[:4]
    if not _is_number(head) or int(head) > _MAX_MS or not case_id:
        return None
    return Position(
        key=_EPOCH + timedelta(milliseconds=int(head)),
        case_id=case_id[:26],
        stage=stage[:40],
        seat=int(seat) if _is_number(seat) and int(seat) <= _MAX_SEAT else 0,
    )


def write_position(position: Position) -> str:
    """Return a place as an argument of a URL."""
    key = (position.key - _EPOCH) // timedelta(milliseconds=1)
    return f"{key}.{position.case_id}.{position.stage}.{position.seat}"


def read_picks(values: list[str]) -> list[tuple[str, str, int]]:
    """Return the lines that were ticked: case, stage, seat; what is none is left out."""
    found = []
    for value in values[:MAX_PICKED]:
        case_id, stage, seat = (*value.split("."), "", "", "")[:3]
        if case_id and stage and _is_number(seat) and int(seat) <= _MAX_SEAT:
            found.append((case_id[:26], stage[:40], int(seat)))
    return found


def _word(words: type[_Word], text: str) -> _Word | None:
    return next((word for word in words if word == text), None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_MS))


def _region(text: str) -> str:
    try:
        return str(RegionCode(text))
    except SchemaError:
        return ""
