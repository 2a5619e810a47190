"""Forms of the page of delegations and absences."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from hub.accounts.delegation_rules import (
    DELEGABLE,
    MAX_BASIS,
    AbsenceReason,
    NewAbsence,
    NewDelegation,
    Period,
)
from hub.accounts.labels import ABSENCE_LABELS, CAPACITY_HELP, CAPACITY_LABELS, ROLE_LABELS
from hub.accounts.queries import PersonLine
from hub.accounts.rules import Role, SignCapacity
from protocol.catalogue import OfficeCode
from protocol.errors import SchemaError

_DAY = [InputRequired(_l("Isi tanggal."))]


class DelegationForm(FlaskForm):
    """A new delegation."""

    office = SelectField(_l("Kantor"), [InputRequired(_l("Pilih kantor."))], validate_choice=False)
    role = SelectField(_l("Jabatan"), [InputRequired(_l("Pilih jabatan."))], validate_choice=False)
    capacity = SelectField(
        _l("Sebagai"), [InputRequired(_l("Pilih a.n., u.b., Plt., atau Plh."))], validate_choice=False
    )
    holder = SelectField(_l("Yang menerima"), [InputRequired(_l("Pilih orang."))], validate_choice=False)
    principal = SelectField(_l("Pejabat yang diwakili"), validate_choice=False)
    first = DateField(_l("Mulai tanggal"), _DAY)
    last = DateField(_l("Sampai tanggal"), _DAY)
    basis = StringField(
        _l("Dasar penugasan (nomor surat)"),
        [InputRequired(_l("Isi dasar penugasan.")), Length(max=MAX_BASIS, message=_l("Paling panjang 200 huruf."))],
    )

    def offer(self, people: Iterable[PersonLine], offices: Iterable[tuple[str, str]]) -> None:
        """Fill in what can be chosen."""
        self.office.choices = [SelectChoice(code, name) for code, name in offices]
        self.role.choices = [SelectChoice(str(role), _(ROLE_LABELS[role])) for role in sorted(DELEGABLE)]
        self.capacity.choices = [
            SelectChoice(str(each), f"{text} – {_(CAPACITY_HELP[each])}") for each, text in CAPACITY_LABELS.items()
        ]
        names = [SelectChoice(person.person_id, f"{person.name} ({person.username})") for person in people]
        self.holder.choices = names
        self.principal.choices = [SelectChoice("", _("Tidak ada (jabatan kosong, Plt.)")), *names]

    def delegation(self) -> NewDelegation | None:
        """Return what was entered; None when a choice is none of ours."""
        try:
            return NewDelegation(
                office=OfficeCode(str(self.office.data)),
                role=Role(str(self.role.data)),
                capacity=SignCapacity(str(self.capacity.data)),
                holder_id=str(self.holder.data),
                principal_id=str(self.principal.data or ""),
                period=Period(first=self.first.data, last=self.last.data),
                basis=str(self.basis.data),
            )
        except (ValueError, SchemaError):
            return None


class AbsenceForm(FlaskForm):
    """A new absence."""

    person = SelectField(_l("Siapa"), [InputRequired(_l("Pilih orang."))], validate_choice=False)
    reason = SelectField(_l("Karena"), [InputRequired(_l("Pilih alasan."))], validate_choice=False)
    away_from = DateField(_l("Mulai tanggal"), _DAY)
    away_to = DateField(_l("Sampai tanggal"), _DAY)

    def offer(self, people: Iterable[PersonLine]) -> None:
        """Fill in what can be chosen."""
        self.person.choices = [SelectChoice(each.person_id, f"{each.name} ({each.username})") for each in people]
        self.reason.choices = [SelectChoice(str(each), _(text)) for each, text in ABSENCE_LABELS.items()]

    def absence(self) -> NewAbsence | None:
        """Return what was entered; None when a choice is none of ours."""
        try:
            return NewAbsence(
                person_id=str(self.person.data),
                period=Period(first=self.away_from.data, last=self.away_to.data),
                reason=AbsenceReason(str(self.reason.data)),
            )
        except ValueError:
            return None
