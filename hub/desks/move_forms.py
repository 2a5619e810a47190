"""The forms of the moves. Each carries the version that was on the screen, and the stage and seat it is about."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from hub.casework.rules import MAX_NOTE, OPINIONS, VERDICTS, Correction, StageOutcome
from hub.desks.labels import REASONS, STAGE_OUTCOMES
from protocol.catalogue import Service
from protocol.receipt import ReturnReason

MAX_REFERENCE = 80
MAX_PLACE = 120

_NOTE = Length(max=MAX_NOTE, message=_l("Catatan paling panjang 1.000 huruf."))
_MAX_DIGITS = 9


class MoveForm(FlaskForm):
    """A move that needs no words."""

    version = HiddenField()
    stage = HiddenField()
    seat = HiddenField()

    def seen_version(self) -> int:
        """Return the version that the person saw; 0, which no case has, when it is no number."""
        return _number(self.version.data)

    def place(self) -> tuple[str, int]:
        """Return the stage and the seat."""
        return str(self.stage.data or "")[:40], _number(self.seat.data)

    def offer(self, service: Service, language: str) -> None:
        """Fill in what can be chosen for this service; most forms have nothing to fill in."""

    def mark(self, name: str) -> None:
        """Give the fields ids of their own: a page holds several forms with a field ``note``."""
        for field in self:
            field.id = f"{name}-{field.short_name}"
            field.label.field_id = field.id


class _Checks(SelectMultipleField):
    option_widget = CheckboxInput()


class AskForm(MoveForm):
    """A return for correction: why, what, and a note."""

    reason = SelectField(_l("Alasan"), [InputRequired(_l("Pilih alasan."))], validate_choice=False)
    form_fields = _Checks(_l("Isian yang harus diperbaiki"), validate_choice=False)
    documents = _Checks(_l("Dokumen yang harus diperbaiki"), validate_choice=False)
    note = TextAreaField(_l("Catatan untuk desa"), [_NOTE], render_kw={"rows": 3})

    def offer(self, service: Service, language: str) -> None:
        """Fill in the service's fields and documents."""
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
        reason = next((each for each in ReturnReason if each == self.reason.data), None)
        if reason is None:
            return None
        return Correction(
            reason=reason,
            fields=tuple(self.form_fields.data or ()),
            requirements=tuple(self.documents.data or ()),
            note=str(self.note.data or ""),
        )


class OpinionForm(MoveForm):
    """Yes, no or with conditions, and why."""

    verdict = RadioField(_l("Pendapat"), [InputRequired(_l("Pilih salah satu."))], validate_choice=False)
    note = TextAreaField(_l("Alasan, syarat, atau catatan"), [_NOTE], render_kw={"rows": 3})

    def offer(self, service: Service, language: str) -> None:  # noqa: ARG002  # the same for every service
        """Fill in the three opinions."""
        self.verdict.choices = _choices((StageOutcome.YES, StageOutcome.CONDITIONS, StageOutcome.NO))

    def outcome(self) -> StageOutcome | None:
        """Return the opinion, None when it is none of ours."""
        return _outcome(self.verdict.data, OPINIONS)


class MinutesForm(OpinionForm):
    """The minutes of a visit (berita acara pemeriksaan): day, place, who was there, what was found."""

    day = DateField(_l("Tanggal pemeriksaan"), [InputRequired(_l("Isi tanggal pemeriksaan."))])
    where = StringField(_l("Tempat"), [InputRequired(_l("Isi tempat.")), Length(max=MAX_PLACE)])
    people = StringField(_l("Yang hadir"), [InputRequired(_l("Isi siapa yang hadir.")), Length(max=MAX_PLACE)])

    def minutes(self) -> str:
        """Return the minutes as they are signed and kept."""
        return "\n".join(
            (
                f"{_('Tanggal pemeriksaan')}: {self.day.data.isoformat()}",
                f"{_('Tempat')}: {str(self.where.data).strip()}",
                f"{_('Yang hadir')}: {str(self.people.data).strip()}",
                str(self.note.data or "").strip(),
            )
        )


class FinishForm(MoveForm):
    """A stage that is done: its result where there is a choice, the number of what was made, a note."""

    outcome_word = HiddenField()
    reference = StringField(_l("Nomor"), [Optional(), Length(max=MAX_REFERENCE)])
    note = TextAreaField(_l("Catatan"), [_NOTE], render_kw={"rows": 2})

    def outcome(self) -> StageOutcome | None:
        """Return the result, None when it is none of ours."""
        return _outcome(self.outcome_word.data or str(StageOutcome.DONE), StageOutcome)


class DecideForm(MoveForm):
    """Granted or refused."""

    verdict = RadioField(_l("Keputusan"), [InputRequired(_l("Pilih salah satu."))], validate_choice=False)
    note = TextAreaField(_l("Pertimbangan"), [_NOTE], render_kw={"rows": 3})

    def offer(self, service: Service, language: str) -> None:  # noqa: ARG002  # the same for every service
        """Fill in the two verdicts."""
        self.verdict.choices = _choices((StageOutcome.GRANTED, StageOutcome.REFUSED))

    def outcome(self) -> StageOutcome | None:
        """Return the verdict, None when it is none of ours."""
        return _outcome(self.verdict.data, VERDICTS)


class AnswerForm(MoveForm):
    """The second person agrees or not."""

    proposal = HiddenField()
    agrees = RadioField(_l("Jawaban"), [InputRequired(_l("Pilih salah satu."))], validate_choice=False)
    note = TextAreaField(_l("Alasan"), [_NOTE], render_kw={"rows": 2})

    def offer(self, service: Service, language: str) -> None:  # noqa: ARG002  # the same for every service
        """Fill in yes and no."""
        self.agrees.choices = [SelectChoice("yes", _("Setuju")), SelectChoice("no", _("Tidak setuju"))]

    def has_answer(self) -> bool:
        """Whether one of the two was chosen."""
        return self.agrees.data in {"yes", "no"}


class ReasonForm(MoveForm):
    """A move that has to be explained: withdrawal, proposal."""

    kind = HiddenField()
    reason = TextAreaField(_l("Alasan"), [InputRequired(_l("Tulis alasannya.")), _NOTE], render_kw={"rows": 2})


class RerouteForm(ReasonForm):
    """Another office for a stage, and why."""

    office = SelectField(_l("Kantor tujuan"), [InputRequired(_l("Pilih kantor."))], validate_choice=False)

    def offer_offices(self, offices: Iterable[tuple[str, str]]) -> None:
        """Fill in the offices that may do it."""
        self.office.choices = [SelectChoice("", _("Pilih kantor")), *(SelectChoice(*each) for each in offices)]


class NoteForm(MoveForm):
    """A move with a note that nobody has to write."""

    note = TextAreaField(_l("Catatan"), [_NOTE], render_kw={"rows": 2})


def _choices(outcomes: Iterable[StageOutcome]) -> list[SelectChoice]:
    return [SelectChoice(str(each), _(STAGE_OUTCOMES[each])) for each in outcomes]


def _outcome(text: object, known: Iterable[StageOutcome]) -> StageOutcome | None:
    return next((each for each in known if each == text and each), None)


def _number(value: object) -> int:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0
