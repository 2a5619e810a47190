"""Forms of the case page, and the filter that a URL holds."""

from datetime import UTC, datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, SelectField, SelectMultipleField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput

from hub.casework.labels import REASONS
from hub.casework.queries import Position, QueueFilter, View
from hub.casework.rules import MAX_NOTE, CaseState, Correction
from protocol.catalogue import Service
from protocol.errors import SchemaError
from protocol.ids import RegionCode
from protocol.receipt import ReturnReason

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MS = 10**14
_NUMBER_LETTERS = 24


class MoveForm(FlaskForm):
    """A move that needs no words: only the version that was on the screen."""

    version = HiddenField()

    def seen_version(self) -> int:
        """Return the version that the person saw; 0, which no case has, when it is no number."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004


class _Checks(SelectMultipleField):
    option_widget = CheckboxInput()


class ReturnForm(MoveForm):
    """A return for correction: why, what, and a note."""

    reason = SelectField(_l("Alasan"), [InputRequired(_l("Pilih alasan."))], validate_choice=False)
    form_fields = _Checks(_l("Isian yang harus diperbaiki"), validate_choice=False)
    documents = _Checks(_l("Dokumen yang harus diperbaiki"), validate_choice=False)
    note = TextAreaField(
        _l("Catatan pada berkas"),
        [Length(max=MAX_NOTE, message=_l("Catatan paling panjang 1.000 huruf."))],
        render_kw={"rows": 3},
    )

    def offer(self, service: Service, language: str) -> None:
        """Fill in what can be chosen for this service."""
        reasons = [SelectChoice(str(reason), _(text)) for reason, text in REASONS.items()]
        self.reason.choices = [SelectChoice("", _("Pilih alasan")), *reasons]
        self.form_fields.choices = [
            SelectChoice(str(each.key), each.label.in_language(language)) for each in service.fields
        ]
        self.documents.choices = [
            SelectChoice(str(each.key), each.label.in_language(language)) for each in service.requirements
        ]

    def correction(self) -> Correction | None:
        """Return what is asked for; None when the reason is none of ours."""
        known = {str(reason): reason for reason in ReturnReason}
        reason = known.get(str(self.reason.data))
        if reason is None:
            return None
        return Correction(
            reason=reason,
            fields=tuple(self.form_fields.data or ()),
            requirements=tuple(self.documents.data or ()),
            note=str(self.note.data or ""),
        )


class RevealForm(FlaskForm):
    """The reason of a look at unmasked data."""

    why = TextAreaField(
        _l("Alasan membuka data pribadi"),
        [InputRequired(_l("Tulis alasan, paling sedikit 10 huruf.")), Length(max=MAX_NOTE)],
        render_kw={"rows": 2},
    )


def read_filter(arguments: "MultiDict[str, str]", default: View) -> QueueFilter:
    """Return the filter of a URL; what it cannot mean filters nothing."""
    views, states = {str(view): view for view in View}, {str(state): state for state in CaseState}
    number = "".join(letter for letter in arguments.get("number", "") if letter in "0123456789-")
    return QueueFilter(
        view=views.get(arguments.get("view", ""), default),
        state=states.get(arguments.get("state", "")),
        service=arguments.get("service", "")[:40],
        subdistrict=_region(arguments.get("subdistrict", "")),
        number=number[:_NUMBER_LETTERS],
    )


def filter_arguments(wanted: QueueFilter) -> dict[str, str]:
    """Return the filter as arguments of a URL, without those that filter nothing."""
    everything = {
        "view": str(wanted.view),
        "state": str(wanted.state or ""),
        "service": wanted.service,
        "subdistrict": wanted.subdistrict,
        "number": wanted.number,
    }
    return {name: value for name, value in everything.items() if value}


def read_position(text: str) -> Position | None:
    """Return the place behind which a page begins; None for the first page, or for what is no place."""
    head, _dot, case_id = text.partition(".")
    if not (head.isascii() and head.isdigit()) or int(head) > _MAX_MS or not case_id:
        return None
    return Position(received_at=_EPOCH + timedelta(milliseconds=int(head)), case_id=case_id[:26])


def write_position(position: Position) -> str:
    """Return a place as an argument of a URL."""
    return f"{(position.received_at - _EPOCH) // timedelta(milliseconds=1)}.{position.case_id}"


def _region(text: str) -> str:
    try:
        return str(RegionCode(text))
    except SchemaError:
        return ""
