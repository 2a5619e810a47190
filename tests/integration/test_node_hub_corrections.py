"""A correction all the way between the node's own code and the hub's own code: asked, opened, answered, taken in."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.casework import service as casework
from hub.casework.events import CaseTools
from hub.casework.rules import Correction
from hub.casework.tables import Case, CaseAsk, CaseStage
from hub.dispatch.post import village_post
from hub.dispatch.service import write_notice
from hub.intake.effective import effective_manifest
from hub.intake.receipts import issue_waiting
from hub.storage.ports import SystemIds
from protocol.mailbox import NoticeKind
from protocol.receipt import ReturnReason
from tests.brokers import NetworkPki
from tests.cases import Town
from tests.hubs import CATALOGUE, HUB
from tests.integration.test_node_hub import NODE, Office
from village_node.cases.service import load_correction, save_correction, seal_correction, start_correction
from village_node.cases.tasks import find_reader, list_corrections
from village_node.drafts.folder import DraftFolder
from village_node.inbox.letters import read_new_letters
from village_node.outbox.service import SealedItem
from village_node.sync.rules import messages as m

ASKED = Correction(reason=ReturnReason.DATA_WRONG, fields=("business_name",), note="Nama usaha tidak terbaca.")


@pytest.fixture
def office(tmp_path: Path, shared_pki: NetworkPki) -> Iterator[Office]:
    made = Office(tmp_path, shared_pki)
    yield made
    made.hub.database.dispose()


@pytest.fixture
def town(office: Office) -> Town:
    """Let intake open cases and casework write to the village."""
    hub = office.hub
    ids = SystemIds(hub.clock, hub.randomness)
    tools = CaseTools(
        catalogue=CATALOGUE,
        keyring=hub.context.stores.keyring,
        randomness=hub.randomness,
        ids=ids,
        notify=village_post(HUB),
    )
    hub.context = replace(
        hub.context,
        open_cases=lambda session, now, accepted: casework.take_in(session, now, accepted, tools),
        asked_for=casework.asked_for,
    )
    return Town(hub=hub, ids=ids, tools=tools, told=[])


def ask(town: Town) -> None:
    """Let the first desk take the case and ask; the worker signs the receipts and posts them."""
    with town.hub.database.reading() as session:
        case_id, row = session.scalars(select(Case.case_id)).one(), session.scalars(select(CaseStage)).first()
    assert row is not None
    town.worker(case_id, row.role, row.office).take(row.stage)
    town.worker(case_id, row.role, row.office).ask(row.stage, ASKED)
    with town.hub.database.session() as session:
        for receipt in issue_waiting(session, town.hub.clock.now(), town.hub.context.secrets.log):
            write_notice(session, town.hub.clock.now(), NODE, NoticeKind.RECEIPT, receipt.raw)


def answer(office: Office) -> SealedItem:
    """Let the officer open the question, change the name and sign."""
    stand, folder = office.stand, DraftFolder(office.stand.directory / "drafts")
    unlocked, now = stand.unlock(office.officer), stand.clock.now()
    with stand.database.session() as session:
        reader = find_reader(session, unlocked)
        assert read_new_letters(session, now, reader) == 1
        (task,) = list_corrections(session, unlocked, reader)
        assert (task.asked.note, list(task.asked.fields)) == (ASKED.note, ["business_name"])
        draft = start_correction(session, now, unlocked, reader, letter=task.letter, draft_id="D" * 26)
        correction = load_correction(session, unlocked, reader, draft)
        save_correction(session, now, unlocked, correction, {"business_name": "Toko Berkah"})
    with stand.database.session() as session:
        return seal_correction(
            session, stand.sealer, unlocked, load_correction(session, unlocked, reader, draft), folder
        )


def test_what_the_office_asks_comes_back_with_the_change_alone(office: Office, town: Town) -> None:
    first = office.seal()
    office.work()
    ask(town)
    office.runner.step([m.Woken()])
    office.work()
    fixed = answer(office)
    assert fixed.registration_no == first.registration_no
    office.work()
    with office.hub.database.reading() as session:
        question = session.scalars(select(CaseAsk)).one()
        assert question.answered_by == fixed.bundle
        keyring, service = office.hub.context.stores.keyring, CATALOGUE.service("D-SKU", 1)
        after = effective_manifest(session, keyring, service, first.bundle).manifest
    assert after.answers["business_name"] == "Toko Berkah"  # type: ignore[index]
    with office.stand.database.reading() as session:
        unlocked = office.stand.unlock(office.officer)
        assert list_corrections(session, unlocked, find_reader(session, unlocked)) == []
    assert office.flags() == []
