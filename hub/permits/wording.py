"""Pure: how answers and amounts are written on paper, in Indonesian."""

from collections.abc import Callable, Iterable
from datetime import date

from hub.permits.rules import clean, long_date
from protocol.answers import GivenAnswers, SummaryLine, summary_labels
from protocol.catalogue import FieldType, Service

_UNITS = (
    "",
    "satu",
    "dua",
    "tiga",
    "empat",
    "lima",
    "enam",
    "tujuh",
    "delapan",
    "sembilan",
    "sepuluh",
    "sebelas",
)
_GROUPS = ((10**12, "triliun"), (10**9, "miliar"), (10**6, "juta"))
FREE = "GRATIS (tidak dipungut biaya)"


def shown_answers(
    service: Service, answers: GivenAnswers, fields: Iterable[str], region_title: Callable[[str], str]
) -> tuple[tuple[str, str], ...]:
    """Return label and text of the answers that a paper shows, in its order; what was not answered is left out."""
    lines: dict[str, SummaryLine] = {str(line.field.key): line for line in summary_labels(service, answers)}
    return tuple((clean(lines[key].field.label.id), _text(lines[key], region_title)) for key in fields if key in lines)


def rupiah(amount: int) -> str:
    """Return an amount as letters write it: ``Rp1.250.000``."""
    return f"Rp{grouped_number(amount)}"


def fee_text(amount: int) -> str:
    """Return what a paper says about the price: the amount, or that nothing may be asked."""
    return FREE if amount == 0 else rupiah(amount)


def grouped_number(number: int) -> str:
    """Return a whole number with dots between thousands."""
    return f"{number:,}".replace(",", ".")


def in_words(amount: int) -> str:
    """Return an amount in words: ``satu juta dua ratus lima puluh ribu rupiah`` (terbilang)."""
    return f"{_words(amount) or 'nol'} rupiah"


def _words(number: int) -> str:
    for size, name in _GROUPS:
        if number >= size:
            return f"{_words(number // size)} {name} {_words(number % size)}".strip()
    if number >= 2_000:  # noqa: PLR2004  # 1,000 has a word of its own
        return f"{_words(number // 1_000)} ribu {_words(number % 1_000)}".strip()
    return _below_2000(number)


def _below_2000(number: int) -> str:
    for size, one in ((1_000, "seribu"), (100, "seratus")):
        if size <= number < 2 * size:
            return f"{one} {_below_2000(number - size)}".strip()
    if number >= 100:  # noqa: PLR2004  # hundreds
        return f"{_UNITS[number // 100]} ratus {_below_2000(number % 100)}".strip()
    if number >= 20:  # noqa: PLR2004  # tens
        return f"{_UNITS[number // 10]} puluh {_UNITS[number % 10]}".strip()
    return _UNITS[number] if number < 12 else f"{_UNITS[number - 10]} belas"  # noqa: PLR2004  # eleven has its own word


def _text(line: SummaryLine, region_title: Callable[[str], str]) -> str:
    answer = line.answer
    if line.choice is not None:
        return clean(line.choice.id)
    if isinstance(answer, bool):
        return "Ya" if answer else "Tidak"
    if isinstance(answer, int):
        return _number(line, answer)
    if line.field.type is FieldType.DATE:
        return long_date(date.fromisoformat(answer))
    return clean(region_title(answer) if line.field.type is FieldType.VILLAGE else answer)


def _number(line: SummaryLine, answer: int) -> str:
    if line.field.type is FieldType.MONEY:
        return rupiah(answer)
    if line.field.type is FieldType.HUNDREDTHS:
        whole, rest = divmod(abs(answer), 100)
        text = f"{'-' if answer < 0 else ''}{grouped_number(whole)}" + (f",{rest:02d}" if rest else "")
    else:
        text = grouped_number(answer) if line.field.unit else str(answer)
    return f"{text} {line.field.unit}" if line.field.unit else text
