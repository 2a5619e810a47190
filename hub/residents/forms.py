"""The forms of residents' pages."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from hub.residents.rules import MAX_SLIP, MAX_TYPED, split_slip, tidy_code, tidy_number
from protocol.ids import RegistrationNo

_OFF = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class TrackForm(FlaskForm):
    """Number and code of a slip."""

    number = StringField(
        _l("Nomor registrasi"), [InputRequired(_l("Isi nomor registrasi.")), Length(max=MAX_SLIP)], render_kw=_OFF
    )
    code = StringField(_l("Kode lacak"), [Length(max=MAX_TYPED)], render_kw=_OFF)

    def pair(self) -> tuple[RegistrationNo | None, str]:
        """Return number and code in their one form; what cannot be one is None and an empty text."""
        number, code = str(self.number.data or ""), str(self.code.data or "")
        number, code = split_slip(number) or (number, code)
        return tidy_number(number), tidy_code(code)
