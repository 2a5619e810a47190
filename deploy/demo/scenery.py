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

CANARY = "331499"
"""Every NIK of the demo begins so: subdistrict 99 does not exist. What must stay secret can be searched for by it."""

_HUNDRED = 100
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
            typed=_applicant(person) | typed_answers(service, filled.answers, self._random),
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


def typed_answers(service: Service, answers: Mapping[str, Answer], random: Random) -> dict[str, str]:
    """Return answers as a person would type them: ``12,50``, ``17-08-1990``."""
    typed = {}
    for key, answer in answers.items():
        field = service.field(key)
        assert field is not None  # noqa: S101  # the answers were made from the service's own fields
        text = _typed(field.type, answer)
        typed[key] = _birthday(random) if field.type is FieldType.DATE and "birth" in key else text
    return typed


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


def _birthday(random: Random) -> str:
    return f"{random.randrange(1, 29):02d}-{random.randrange(1, 13):02d}-{random.randrange(1960, 2005)}"


def _applicant(person: Applicant) -> dict[str, str]:
    return {
        "pemohon.name": person.name,
        "pemohon.nik": person.nik or "",
        "pemohon.phone": person.phone or "",
        "pemohon.address": person.address or "",
    }
