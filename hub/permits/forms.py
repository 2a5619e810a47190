"""The forms of letters: signing, proposing a revocation, verifying."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import FileField, HiddenField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Regexp

from hub.casework.rules import MAX_NOTE
from hub.permits.labels import REVOCATIONS
from hub.permits.service import NOTHING_TYPED, Secrets
from hub.permits.signing import Passphrase
from protocol.permit import MAX_QR_LETTERS, RevocationCode

_MAX_DIGITS = 9


class LetterForm(FlaskForm):
    """A form that carries the version of the case that was on the screen."""

    version = HiddenField()

    def seen_version(self) -> int:
        """Return the version that the person saw; 0, which no case has, when it is no number."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0


class SignForm(LetterForm):
    """A signature with the regency's own authority: nothing is typed."""

    def secrets(self) -> Secrets:
        """Return what was typed for this one signature."""
        return NOTHING_TYPED


class PassphraseForm(SignForm):
    """A signature through a service that asks for national number and passphrase. Neither is kept or sent back."""

    nik = StringField(
        _l("NIK penanda tangan"),
        [InputRequired(_l("Isi NIK.")), Regexp(r"\A[0-9]{16}\Z", message=_l("NIK terdiri atas 16 angka."))],
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )
    passphrase = PasswordField(
        _l("Frasa sandi sertifikat"),
        [InputRequired(_l("Isi frasa sandi.")), Length(max=200)],
        render_kw={"autocomplete": "off"},
    )

    def secrets(self) -> Secrets:
        """Return what was typed for this one signature."""
        return Secrets(passphrase=Passphrase(str(self.passphrase.data or "")), nik=str(self.nik.data or ""))


class RevokeForm(LetterForm):
    """A proposal to revoke the letter of a case."""

    code = SelectField(_l("Alasan pencabutan"), [InputRequired(_l("Pilih alasan."))], validate_choice=False)
    reason = TextAreaField(
        _l("Penjelasan"),
        [InputRequired(_l("Tulis penjelasan, paling sedikit 10 huruf.")), Length(min=10, max=MAX_NOTE)],
        render_kw={"rows": 3},
    )

    def offer(self) -> None:
        """Fill in what can be chosen."""
        self.code.choices = [
            SelectChoice("", _("Pilih alasan")),
            *(SelectChoice(code, _(text)) for code, text in REVOCATIONS.items()),
        ]

    def chosen(self) -> RevocationCode | None:
        """Return the reason; None when it is none of ours."""
        return {str(code): code for code in RevocationCode}.get(str(self.code.data))


class VerifyForm(FlaskForm):
    """The text of a QR code, or a file."""

    text = TextAreaField(
        _l("Isi kode QR"),
        [Length(max=MAX_QR_LETTERS + 100)],
        render_kw={"rows": 4, "autocomplete": "off", "spellcheck": "false"},
    )
    file = FileField(_l("Berkas PDF"), render_kw={"accept": "application/pdf"})
