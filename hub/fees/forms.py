"""The forms of fees: setting an amount, recording a payment, proposing a change."""

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from hub.casework.rules import MAX_NOTE
from hub.fees.labels import CHANNELS
from hub.fees.rules import DIGEST_BYTES, MAX_REFERENCE, Channel, Claim, Paid

_MAX_DIGITS = 9
_AMOUNT_LETTERS = 24


class FeeForm(FlaskForm):
    """A form that carries the version of the case, and the stage it is about."""

    version = HiddenField()
    stage = HiddenField()
    seat = HiddenField()

    def seen_version(self) -> int:
        """Return the version that the person saw; 0, which no case has, when it is no number."""
        return _number(self.version.data, _MAX_DIGITS) or 0

    def place(self) -> tuple[str, int]:
        """Return the stage and the seat."""
        return str(self.stage.data or "")[:40], _number(self.seat.data, 2) or 0


class AssessForm(FeeForm):
    """What is due; empty where the tariff decides."""

    amount = StringField(_l("Jumlah (Rp)"), [Length(max=_AMOUNT_LETTERS)], render_kw={"inputmode": "numeric"})
    reference = StringField(_l("Nomor SKPD atau nomor sistem nasional"), [Length(max=MAX_REFERENCE)])

    def claim(self) -> Claim:
        """Return what was entered."""
        return Claim(amount_rp=rupiah_of(self.amount.data), reference=str(self.reference.data or ""))


class PayForm(FeeForm):
    """What a proof of payment says."""

    code = StringField(
        _l("Kode bayar pada bukti"),
        [InputRequired(_l("Isi kode bayar.")), Length(max=30)],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    amount = StringField(
        _l("Jumlah pada bukti (Rp)"),
        [InputRequired(_l("Isi jumlah.")), Length(max=_AMOUNT_LETTERS)],
        render_kw={"inputmode": "numeric"},
    )
    channel = SelectField(_l("Dibayar melalui"), [InputRequired(_l("Pilih cara bayar."))], validate_choice=False)
    reference = StringField(_l("Nomor bukti"), [InputRequired(_l("Isi nomor bukti.")), Length(max=MAX_REFERENCE)])
    paid_on = DateField(_l("Tanggal bayar"), [InputRequired(_l("Isi tanggal bayar."))])
    digest = StringField(_l("Sidik SHA-256 berkas bukti (bila ada)"), [Optional(), Length(max=64)])

    def offer(self) -> None:
        """Fill in what can be chosen."""
        listed = [SelectChoice(str(channel), _(text)) for channel, text in CHANNELS.items()]
        self.channel.choices = [SelectChoice("", _("Pilih cara bayar")), *listed]

    def paid(self) -> Paid | None:
        """Return what the proof says; None when the channel, the amount or the digest is none."""
        channel = {str(each): each for each in Channel}.get(str(self.channel.data))
        amount, day, digest = rupiah_of(self.amount.data), self.paid_on.data, _digest(str(self.digest.data or ""))
        if channel is None or amount is None or digest is None or not isinstance(day, date):
            return None
        return Paid(
            code=str(self.code.data or ""),
            amount_rp=amount,
            channel=channel,
            reference=str(self.reference.data or ""),
            paid_on=day,
            digest=digest,
        )


class ChangeForm(FeeForm):
    """A proposal of another amount."""

    new_amount = StringField(
        _l("Jumlah baru (Rp)"),
        [InputRequired(_l("Isi jumlah.")), Length(max=_AMOUNT_LETTERS)],
        render_kw={"inputmode": "numeric"},
    )
    new_reference = StringField(_l("Nomor SKPD baru (bila ada)"), [Length(max=MAX_REFERENCE)])
    reason = TextAreaField(
        _l("Alasan perubahan"),
        [InputRequired(_l("Tulis alasan, paling sedikit 10 huruf.")), Length(min=10, max=MAX_NOTE)],
        render_kw={"rows": 3},
    )


def rupiah_of(typed: object) -> int | None:
    """Return an amount as people type it: ``Rp 1.250.000``; None when it is no whole number of rupiah."""
    text = str(typed or "").strip().removeprefix("Rp").strip()
    return _number(text.replace(".", "").replace(" ", ""), 13)


def _number(typed: object, digits: int) -> int | None:
    text = str(typed or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def _digest(text: str) -> bytes | None:
    try:
        raw = bytes.fromhex(text.strip())
    except ValueError:
        return None
    return raw if len(raw) in {0, DIGEST_BYTES} else None
