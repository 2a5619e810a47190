"""Everything that decides how documents look, read once at start-up: templates, papers of services, letterheads.

All of it is data in ``data/``; anything wrong there is a ``CatalogueError`` with file, place and reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Self, TypeVar

import msgspec

from hub.catalogue.errors import CatalogueError
from hub.catalogue.strict_yaml import parse_yaml
from hub.permits.errors import PermitRefusedError, PermitRule
from hub.permits.template import Template, template_faults
from protocol.catalogue import OfficeKind, Service
from protocol.errors import ProtocolError
from protocol.ids import FieldKey, ServiceCode

T = TypeVar("T")
REFUSAL = "refusal"

_Code = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{3}(\.[0-9]{1,3}){0,5}\Z")]
_Line = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class _Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what the files hold."""


class ServicePaper(_Data, frozen=True, kw_only=True):
    """What a service's document is called, which template it has, and what it shows of the application."""

    service: ServiceCode
    template: str
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    code: _Code
    """Classification code after Permendagri 83/2022."""
    fields: tuple[FieldKey, ...] = ()
    """Answers that the paper shows, in this order; empty: none."""
    until: tuple[FieldKey, ...] = ()
    """Date fields that end the validity."""
    renews: FieldKey | None = None
    """The field that names the earlier document."""


class Letterhead(_Data, frozen=True, kw_only=True):
    """The head of an office's letters: the government above, the office's own lines are made from its name."""

    kind: OfficeKind
    government: _Line
    above: tuple[_Line, ...] = ()
    """Lines between the government and the office; ``{subdistrict}`` is the subdistrict's name."""


class _Papers(_Data, frozen=True, kw_only=True):
    papers: tuple[ServicePaper, ...]
    refusal_code: _Code
    levy_code: _Code
    receipt_code: _Code


class _Letterheads(_Data, frozen=True, kw_only=True):
    letterheads: tuple[Letterhead, ...]


@dataclass(frozen=True, kw_only=True)
class Stationery:
    """Templates by key, papers by service, letterheads by kind of office."""

    templates: Mapping[str, Template]
    papers: Mapping[str, ServicePaper]
    letterheads: Mapping[OfficeKind, Letterhead]
    refusal_code: str
    levy_code: str
    receipt_code: str

    @classmethod
    def load(cls, data: Traversable | None = None) -> Self:
        """Read the stationery from a folder; without one, from the data of this package.

        Raises:
            CatalogueError: anything wrong, with file, place and reason.
        """
        folder = data if data is not None else resources.files("hub.permits") / "data"
        papers = _read(folder, "papers.yaml", _Papers)
        heads = _read(folder, "letterheads.yaml", _Letterheads).letterheads
        made = cls(
            templates=_templates(folder / "templates"),
            papers={paper.service: paper for paper in papers.papers},
            letterheads={head.kind: head for head in heads},
            refusal_code=papers.refusal_code,
            levy_code=papers.levy_code,
            receipt_code=papers.receipt_code,
        )
        for paper in papers.papers:
            if paper.template not in made.templates:
                raise CatalogueError("papers.yaml", paper.service, f"no template {paper.template}")
        return made

    def template(self, key: str) -> Template:
        """Return a template.

        Raises:
            PermitRefusedError: there is none.
        """
        found = self.templates.get(key)
        if found is None:
            raise PermitRefusedError(PermitRule.NO_TEMPLATE)
        return found

    def paper(self, service: str) -> ServicePaper:
        """Return what a service's document looks like.

        Raises:
            PermitRefusedError: nobody said how.
        """
        found = self.papers.get(service)
        if found is None:
            raise PermitRefusedError(PermitRule.NO_TEMPLATE)
        return found

    def faults(self, service: Service) -> list[str]:
        """Return what of a service's paper does not fit its form; for the tests of the data."""
        paper = self.paper(service.code)
        named = [*paper.fields, *paper.until, *([paper.renews] if paper.renews else [])]
        return [f"{service.code}: no field {key}" for key in named if service.field(key) is None]


def _templates(folder: Traversable) -> dict[str, Template]:
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    found = {}
    for entry in files:
        template = _read(folder, entry.name, Template)
        for path, reason in template_faults(template):
            raise CatalogueError(entry.name, path, reason)
        if entry.name != f"{template.key}.yaml":
            raise CatalogueError(entry.name, "$.key", f"the file must be called {template.key}.yaml")
        found[template.key] = template
    return found


def _read(folder: Traversable, file: str, kind: type[T]) -> T:
    value = parse_yaml(file, (folder / file).read_bytes())
    try:
        return msgspec.convert(value, kind, strict=True, dec_hook=_name)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).rpartition(" - at ")
        raise CatalogueError(file, path.strip("`") if reason else "$", reason or str(error)) from None


def _name(kind: type, value: object) -> object:
    """Build one of the protocol's names; msgspec adds the place to a ValueError."""
    try:
        return kind(value)
    except (ProtocolError, TypeError):
        raise ValueError(f"not a {kind.__name__}") from None
