"""The sign-in form."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from hub.accounts.rules import MAX_PASSWORD


class SignInForm(FlaskForm):
    """User name and password."""

    username = StringField(
        _l("Nama pengguna"),
        [InputRequired(_l("Isi nama pengguna.")), Length(max=40, message=_l("Terlalu panjang."))],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Kata sandi"),
        [InputRequired(_l("Isi kata sandi.")), Length(max=MAX_PASSWORD, message=_l("Terlalu panjang."))],
        render_kw={"autocomplete": "current-password"},
    )
