"""Fills a service's form with believable answers of people who do not exist (NIKs of subdistrict 99)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from protocol.answers import visible_fields, visible_requirements
from protocol.bundle import Answer, Applicant
from protocol.catalogue import Field, FieldType, PatternName, Requirement, Service

FIRST = ("Siti", "Budi", "Slamet", "Sri", "Wahyu", "Dewi", "Agus", "Endang", "Joko", "Ratna", "Tri", "Ma'ruf", "Yuni")
LAST = ("Wibowo", "Rahayu", "Santoso", "Lestari", "Nugroho", "Handayani", "Prasetyo", "Suryani", "Widodo", "Utami")
HAMLETS = ("Krajan", "Ngasem", "Sidomulyo", "Tegalrejo", "Karangduwur", "Pungkruk", "Bulurejo")
SENTENCES = (
    "Kegiatan berlangsung di lingkungan RT tanpa menutup jalan utama.",
    "Usaha keluarga, dijalankan sendiri bersama dua orang pembantu.",
    "Lahan milik sendiri, batas sudah disepakati dengan tetangga.",
    "Keperluan administrasi sekolah anak.",
)
_PATTERNS: Mapping[PatternName, str] = {
    PatternName.DIGITS: "4471",
    PatternName.EMAIL: "warga@contoh.example",
    PatternName.LAND_TITLE: "SHM 0123/Krikilan",
    PatternName.LATITUDE_LONGITUDE: "-7.4264, 111.0223",
    PatternName.NIB: "9120001234567",
    PatternName.NPWP: "991234567890000",
    PatternName.POSTCODE: "57271",
    PatternName.RT_RW: "003/005",
    PatternName.TIME: "09:00",
}


@dataclass(frozen=True, kw_only=True)
class FilledForm:
    """Answers that the hub accepts, and the requirements that ask for a file."""

    applicant: Applicant
    answers: dict[str, Answer]
    requirements: tuple[Requirement, ...]


def fill_form(service: Service, random: Random) -> FilledForm:
    """Answer every shown field, optional ones half of the time."""
    answers: dict[str, Answer] = {}
    for field in service.fields:
        shown = {item.key for item in visible_fields(service, answers)}
        if field.key in shown and (field.required or random.random() < 0.5):  # noqa: PLR2004  # half of the time
            answers[str(field.key)] = _answer(field, answers, random)
    wanted = tuple(item for item in visible_requirements(service, answers) if item.required)
    return FilledForm(applicant=a_person(random), answers=answers, requirements=wanted)


def a_person(random: Random) -> Applicant:
    """Return a resident who does not exist."""
    return Applicant(
        name=f"{random.choice(FIRST)} {random.choice(LAST)}",
        nik=a_nik(random),
        phone=f"08{random.randrange(10**9, 10**10)}",
        address=f"Dukuh {random.choice(HAMLETS)} RT {random.randrange(1, 9):03d}/RW {random.randrange(1, 6):03d}",
    )


def a_nik(random: Random) -> str:
    """Return a NIK that cannot exist: subdistrict 99."""
    day = random.randrange(1, 29) + random.choice((0, 40))
    return f"331499{day:02d}{random.randrange(1, 13):02d}{random.randrange(55, 99)}{random.randrange(9000, 9999)}"


def _answer(field: Field, answers: Mapping[str, Answer], random: Random) -> Answer:
    return _MAKERS[field.type](field, answers, random)


def _text(field: Field, _: Mapping[str, Answer], random: Random) -> Answer:
    if field.pattern is not None:
        return _PATTERNS[field.pattern]
    text = f"{random.choice(HAMLETS)} {random.choice(LAST)}"
    return text.ljust(field.min_length or 0, "a")[: field.max_length or None]


def _long_text(field: Field, _: Mapping[str, Answer], random: Random) -> Answer:
    return random.choice(SENTENCES)[: field.max_length or None]


def _number(field: Field, _: Mapping[str, Answer], random: Random) -> Answer:
    lowest = field.minimum or 0
    highest = min(field.maximum if field.maximum is not None else lowest + 5_000, lowest + 5_000)
    return random.randint(lowest, highest)


def _date(field: Field, answers: Mapping[str, Answer], random: Random) -> Answer:
    earlier = str(answers.get(field.not_before, "")) if field.not_before else ""
    return earlier or f"2026-12-{random.randrange(1, 29):02d}"


def _choice(field: Field, _: Mapping[str, Answer], random: Random) -> Answer:
    return str(random.choice(field.choices).value)


_MAKERS: Mapping[FieldType, Callable[[Field, Mapping[str, Answer], Random], Answer]] = {
    FieldType.TEXT: _text,
    FieldType.LONG_TEXT: _long_text,
    FieldType.INTEGER: _number,
    FieldType.HUNDREDTHS: _number,
    FieldType.MONEY: _number,
    FieldType.DATE: _date,
    FieldType.CHOICE: _choice,
    FieldType.YES_NO: lambda _, __, random: random.random() < 0.5,  # noqa: PLR2004  # even
    FieldType.NIK: lambda _, __, random: a_nik(random),
    FieldType.KK_NO: lambda _, __, random: f"331499{random.randrange(10**9, 10**10)}",
    FieldType.PHONE: lambda _, __, random: f"08{random.randrange(10**9, 10**10)}",
    FieldType.VILLAGE: lambda _, __, ___: "33.14.01.2001",
}
