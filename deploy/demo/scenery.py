"""What residents bring: a filled form of a service and scans of its requirements. Seeded; nobody in it exists."""

from collections.abc import Mapping, Sequence
from datetime import date
from random import Random

from deploy.demo.browser import Upload
from deploy.demo.officer import Application
from deploy.demo.scans import Camera
from loadtests.forms import fill_form
from protocol.bundle import Answer, Applicant
from protocol.catalogue import FieldType, MediaType, Requirement, Service
from protocol.nik import Sex

CANARY = "331499"
"""Every NIK of the demo begins so: subdistrict 99 does not exist. What must stay secret can be searched for by it."""

_HUNDRED = 100
_WOMAN = 40
"""Added to the day of birth in a woman's NIK."""

_CARDS = ("id", "ktp", "card", "photo")


class Scenery:
    """Makes applications one after the other."""

    def __init__(self, seed: str) -> None:
        """Seed everything."""
        self._random = Random(seed)
        self._camera = Camera(self._random)
        self.names: set[str] = set()
        """Names of all applicants so far, for the search for leaks."""

    def application(self, service: Service) -> Application:
        """Return an application that the hub should accept, with a scan for each requirement that wants one."""
        filled = fill_form(service, self._random)
        person = filled.applicant
        self.names.add(person.name)
        return Application(
            service=service.code,
            typed=_applicant(person) | _agreeing(typed_answers(service, filled.answers), person),
            files=[
                (item.key, self._scan(item, person, number))
                for item in filled.requirements
                for number in range(max(1, item.min_files))
            ],
        )

    def _scan(self, requirement: Requirement, person: Applicant, number: int) -> Upload:
        stem = f"{requirement.key}-{number + 1}-{self._random.randrange(10**6):06d}"
        title = requirement.label.id.upper()[:40]
        lines = [f"NIK  {person.nik}", f"Nama {person.name}", *person.address.split(" RT ")]
        if MediaType.JPEG not in requirement.media_types or self._wants_pdf(requirement):
            content = self._camera.pdf(title, lines)
            return Upload(name=f"{stem}.pdf", media_type=str(MediaType.PDF), content=content)
        is_card = any(word in requirement.key for word in _CARDS)
        content = self._camera.card(title, lines) if is_card else self._camera.page(title, lines)
        return Upload(name=f"{stem}.jpg", media_type=str(MediaType.JPEG), content=content)

    def _wants_pdf(self, requirement: Requirement) -> bool:
        return MediaType.PDF in requirement.media_types and self._random.randrange(3) == 0


def typed_answers(service: Service, answers: Mapping[str, Answer]) -> dict[str, str]:
    """Return answers as a person would type them: ``12,50``, ``17-08-1990``."""
    types = {str(field.key): field.type for field in service.fields}
    return {key: _typed(types[key], answer) for key, answer in answers.items()}


def share_out(services: Sequence[Service], count: int, villages: int) -> list[list[Service]]:
    """Return for each village the services of its applications: all services are met, in every village another mix."""
    shares: list[list[Service]] = [[] for _ in range(villages)]
    for number in range(count):
        shares[number % villages].append(services[number % len(services)])
    return shares


def _typed(kind: FieldType, answer: Answer) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if kind is FieldType.HUNDREDTHS and isinstance(answer, int):
        return f"{answer // _HUNDRED},{answer % _HUNDRED:02d}"
    if kind is FieldType.DATE:
        return date.fromisoformat(str(answer)).strftime("%d-%m-%Y")
    return str(answer)


def _agreeing(typed: Mapping[str, str], person: Applicant) -> dict[str, str]:
    """Return the form with dates of birth and sexes that agree with the NIK beside them, as most forms' do."""
    agreed = dict(typed)
    for key in typed:
        stem, is_birth, _ = key.partition("birth_date")
        nik = typed.get(f"{stem}nik", "" if stem else person.nik or "")
        if is_birth and nik and key == f"{stem}birth_date":
            day = int(nik[6:8])
            agreed[key] = f"{day % _WOMAN:02d}-{nik[8:10]}-19{nik[10:12]}"
            if f"{stem}sex" in typed:
                agreed[f"{stem}sex"] = str(Sex.FEMALE if day > _WOMAN else Sex.MALE)
    return agreed


def _applicant(person: Applicant) -> dict[str, str]:
    return {
        "pemohon.name": person.name,
        "pemohon.nik": person.nik or "",
        "pemohon.phone": person.phone or "",
        "pemohon.address": person.address or "",
    }
