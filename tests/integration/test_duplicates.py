"""Cases that may be the same matter, found by marks that nobody can read, within the reader's rights."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from hub.accounts.rules import Actor, Role
from hub.casework.duplicates import SHOWN, Marked, SimilarCases, index_case, similar_cases
from hub.casework.duplicates_rules import Likeness, MarkKind
from hub.casework.duplicates_tables import CaseMark
from hub.casework.tables import Case
from protocol.bundle import Manifest
from tests.cases import Town, make_town
from tests.hubs import CATALOGUE

NIK, OTHER = "3314990101900001", "3314990101900002"
HOME = "Jl. Raya Keden No. 7 RT 01 RW 02"


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Town:
    return make_town(tmp_path, database_url)


def by(nik: str | None, address: str = "Keden") -> Callable[[Manifest], Manifest]:
    """Return what makes an application one of this person at this address."""
    return lambda made: replace(made, applicant=replace(made.applicant, nik=nik, address=address))


def seen(town: Town, case_id: str, actor: Actor | None = None) -> SimilarCases:
    actor = actor or town.person(Role.INSPECTORATE, "inspectorate")
    with town.hub.database.reading() as session:
        return similar_cases(session, actor, session.get_one(Case, case_id))


def likes(found: SimilarCases) -> list[tuple[str, Likeness]]:
    return [(each.case_id, each.likeness) for each in found.cases]


def test_the_same_person_with_the_same_service_comes_first(town: Town) -> None:
    elsewhere = town.case("REKLAME", change=by(NIK))
    twice = town.case("APOTEK", "33.14.01.2002", change=by(NIK))
    town.case("APOTEK", change=by(OTHER))
    this = town.case("APOTEK", change=by(NIK))
    found = seen(town, this)
    assert likes(found) == [(twice, Likeness.SAME_PERSON_AND_SERVICE), (elsewhere, Likeness.SAME_PERSON)]
    assert (found.elsewhere, found.more, found.is_empty) == ((), 0, False)


def test_the_same_address_in_another_spelling_within_one_village(town: Town) -> None:
    neighbour = town.case("APOTEK", change=by(OTHER, "jalan raya keden 7, RT 1/RW 2"))
    town.case("APOTEK", "33.14.01.2002", change=by(None, HOME))
    this = town.case("APOTEK", change=by(NIK, HOME))
    found = seen(town, this)
    assert likes(found) == [(neighbour, Likeness.SAME_ADDRESS)]
    assert found.cases[0].marks == {MarkKind.ADDRESS}


def test_nobody_in_common_is_no_warning(town: Town) -> None:
    town.case("APOTEK", change=by(None))
    assert seen(town, town.case("APOTEK", change=by(None))).is_empty


def test_a_case_out_of_scope_is_counted_and_not_shown(town: Town) -> None:
    town.case("PERHELATAN", "33.14.02.2001", change=by(NIK))
    this = town.case("PERHELATAN", change=by(NIK))
    camat = town.person(Role.SUBDISTRICT_OFFICER, "subdistrict.33.14.01")
    found = seen(town, this, camat)
    assert found.cases == ()
    assert found.elsewhere == ((Likeness.SAME_PERSON_AND_SERVICE, 1),)


def test_only_so_many_are_listed(town: Town) -> None:
    for _ in range(SHOWN + 2):
        town.case("APOTEK", change=by(NIK))
    found = seen(town, town.case("APOTEK", change=by(NIK)))
    assert (len(found.cases), found.more) == (SHOWN, 2)


def test_nothing_readable_is_stored(town: Town) -> None:
    case_id = town.case("APOTEK", change=by(NIK, HOME))
    with town.hub.database.reading() as session:
        rows = session.scalars(select(CaseMark).where(CaseMark.case_id == case_id)).all()
    values = {row.kind: row.value for row in rows}
    assert values["nik"] == town.tools.keyring.blind(NIK.encode(), "nik")
    assert all(len(value) == 32 and NIK.encode() not in value for value in values.values())


def test_a_correction_replaces_the_marks(town: Town) -> None:
    old = town.case("APOTEK", change=by(OTHER))
    this = town.case("APOTEK", change=by(NIK))
    manifest = by(OTHER)(town.made[-1].manifest)
    with town.hub.database.session() as session:
        marked = Marked(case_id=this, manifest=manifest, service=CATALOGUE.service("APOTEK", 1))
        index_case(session, town.tools.keyring, marked)
    assert likes(seen(town, this)) == [(old, Likeness.SAME_PERSON_AND_SERVICE)]
    with town.hub.database.reading() as session:
        count = select(func.count()).select_from(CaseMark).where(CaseMark.case_id == this, CaseMark.kind == "nik")
        assert session.scalar(count) == 1
