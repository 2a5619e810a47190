"""Corrections on real databases: asked, answered, and the clock stands in between."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from hub.casework.errors import MoveRefusedError
from hub.casework.rules import CaseRule, CaseState, Correction, StageState
from hub.casework.service import asked_for, bundles_of
from hub.casework.tables import Case, CaseAsk, CaseEvent
from hub.clocks.tables import CaseClock
from protocol.bundle import Manifest
from protocol.ids import FieldKey
from protocol.notices import CaseNews, CorrectionAsked
from protocol.receipt import ReturnReason
from tests.cases import Town, make_town
from tests.hubs import bundle_of

COUNTER = ("front_office", "one-stop")
DPUPR = ("agency_clerk", "agency.dpupr")
SATPOL = ("agency_clerk", "agency.satpol-pp")
WRONG_TEXT = Correction(reason=ReturnReason.DATA_WRONG, fields=("ad_text",))
WRONG_PLACE = Correction(reason=ReturnReason.DATA_DIFFERS, fields=("location",), note="Lokasi tidak sesuai peta.")


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    made = make_town(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def reklame(town: Town) -> str:
    """Return a complete case that lies with two agencies."""
    case_id = town.case("REKLAME")
    town.worker(case_id, *COUNTER).complete()
    return case_id


def send(town: Town, **answers: str) -> bytes:
    """Let the village answer; the same road as any bundle."""
    sender, first = town.village(), town.made[0]

    def correct(manifest: Manifest) -> Manifest:
        changed = {FieldKey(key): value for key, value in answers.items()}
        return msgspec.structs.replace(
            manifest,
            corrects=first.bundle,
            registration_no=first.manifest.registration_no,
            applicant=first.manifest.applicant,
            answers=changed,
            attachments=[],
            handed_in=[],
        )

    made = sender.seal_application(town.tools.catalogue.service("REKLAME", 1), change=correct)
    town.hub.receive(bundle_of(sender, made))
    return made.bundle


def is_paused(town: Town, case_id: str, stage: str = "") -> bool:
    with town.hub.database.reading() as session:
        return session.get_one(CaseClock, (case_id, stage)).is_paused


def asked(town: Town) -> set[str] | None:
    with town.hub.database.reading() as session:
        found = asked_for(session, town.made[0].bundle)
        return None if found is None else set(found.fields | found.requirements)


def test_any_working_stage_asks_and_the_others_go_on(town: Town) -> None:
    case_id = reklame(town)
    town.worker(case_id, *SATPOL).ask("order_view", WRONG_TEXT)
    assert (town.load(case_id).state, town.stages(case_id)["order_view"]) == ("returned", StageState.ASKED)
    assert (is_paused(town, case_id), asked(town)) == (True, {"ad_text"})
    town.worker(case_id, *DPUPR).advise(town.desk(case_id, "technical_view"))
    assert town.stages(case_id)["technical_view"] == StageState.DONE
    assert town.receipts()[-2:] == ["returned", "custody"]


def test_the_village_gets_the_question_and_the_form_as_it_stands(town: Town) -> None:
    case_id = reklame(town)
    town.worker(case_id, *DPUPR).ask("technical_view", WRONG_PLACE)
    question = next(each for each in town.told if isinstance(each, CorrectionAsked))
    first = town.made[0].manifest
    assert (question.bundle, question.fields, question.note) == (
        town.made[0].bundle,
        ["location"],
        "Lokasi tidak sesuai peta.",
    )
    assert (question.answers, question.applicant) == (first.answers, first.applicant)
    with town.hub.database.reading() as session:
        assert session.scalars(select(CaseAsk.ledger_index)).one() == question.request


def test_the_answer_opens_the_desk_again_with_the_same_person(town: Town) -> None:
    case_id = reklame(town)
    town.worker(case_id, *DPUPR).take("technical_view")
    taken_by = town.desk(case_id, "technical_view").taken_by
    town.worker(case_id, *DPUPR).ask("technical_view", WRONG_PLACE)
    correction = send(town, location="Jalan Uji 2")
    row = town.desk(case_id, "technical_view")
    assert (row.state, row.taken_by, town.load(case_id).state) == ("taken", taken_by, CaseState.IN_PROGRESS)
    assert (is_paused(town, case_id), asked(town)) == (False, None)
    with town.hub.database.reading() as session:
        assert bundles_of(session, case_id) == [town.made[0].bundle, correction]
        event = session.scalars(select(CaseEvent).where(CaseEvent.kind == "corrected")).one()
    assert (event.names, event.person_id) == ("location", None)
    assert isinstance(town.told[-1], CaseNews)
    assert town.told[-1].event == "corrected"


def test_an_answer_opens_the_desks_that_it_answers(town: Town) -> None:
    case_id = reklame(town)
    town.worker(case_id, *DPUPR).ask("technical_view", WRONG_PLACE)
    town.worker(case_id, *SATPOL).ask("order_view", WRONG_TEXT)
    assert asked(town) == {"ad_text", "location"}
    send(town, location="Jalan Uji 2")
    assert (town.stages(case_id)["technical_view"], town.stages(case_id)["order_view"]) == ("open", "asked_correction")
    assert (town.load(case_id).state, is_paused(town, case_id)) == (CaseState.RETURNED, True)
    send(town, ad_text="Toko Uji")
    assert (town.load(case_id).state, is_paused(town, case_id)) == (CaseState.IN_PROGRESS, False)


def test_what_nobody_asked_for_changes_nothing(town: Town) -> None:
    case_id = reklame(town)
    send(town, ad_text="Toko Uji")
    town.worker(case_id, *DPUPR).ask("technical_view", WRONG_PLACE)
    send(town, ad_text="Toko Uji")
    assert town.stages(case_id)["technical_view"] == StageState.ASKED
    with town.hub.database.reading() as session:
        assert bundles_of(session, case_id) == [town.made[0].bundle]


def test_the_counter_asks_before_it_calls_complete(town: Town) -> None:
    case_id = town.case("REKLAME")
    town.worker(case_id, *COUNTER).ask("completeness", WRONG_TEXT)
    with pytest.raises(MoveRefusedError) as refused:
        town.worker(case_id, *COUNTER).complete()
    assert refused.value.rule is CaseRule.STATE
    send(town, ad_text="Toko Uji")
    assert town.load(case_id).state == CaseState.RECEIVED
    town.worker(case_id, *COUNTER).complete()


def test_a_question_is_sealed_where_it_is_kept(town: Town) -> None:
    case_id = reklame(town)
    town.worker(case_id, *DPUPR).ask("technical_view", WRONG_PLACE)
    with town.hub.database.reading() as session:
        event = session.scalars(select(CaseEvent).where(CaseEvent.kind == "returned")).one()
    assert (event.code, event.names) == ("data_differs", "location")
    assert event.note is not None
    assert b"peta" not in event.note


def test_fields_that_look_like_commands_change_no_row(town: Town) -> None:
    """F06: an application whose answers name columns of ours is refused as a whole; the case keeps what it was."""
    case_id = reklame(town)
    before = town.load(case_id)
    town.worker(case_id, *DPUPR).ask("technical_view", WRONG_PLACE)
    send(town, location="Jalan Uji 2", state="closed", front_office="inspectorate")
    after = town.load(case_id)
    assert (after.state, after.front_office) == ("returned", before.front_office)
    with town.hub.database.reading() as session:
        assert len(session.scalars(select(Case)).all()) == 1
