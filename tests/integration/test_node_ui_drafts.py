"""Drafts on a real database: one transaction each, nothing lost when two fields are saved at once, nobody else's."""

import threading

import pytest

from protocol.catalogue import Service
from tests.integration.node_pages import clock, desk, furnished
from tests.village_desk import OTHER_PIN, PIN, VillageDesk
from village_node.catalogue.service import load_service
from village_node.drafts import queries, service
from village_node.drafts.errors import DraftChangedError, DraftGoneError, DraftKeyError
from village_node.identity.errors import VaultError
from village_node.identity.officers import unlock
from village_node.identity.sessions import Unlocked

__all__ = ["clock", "desk", "furnished"]

DRAFT = "01DRAFT"


@pytest.fixture
def owner(desk: VillageDesk) -> Unlocked:
    context = desk.context
    return unlock(context.database, context.clock, context.randomness, desk.officer, PIN)


@pytest.fixture
def stranger(desk: VillageDesk) -> Unlocked:
    context = desk.context
    return unlock(context.database, context.clock, context.randomness, desk.other, OTHER_PIN)


@pytest.fixture
def road(desk: VillageDesk, owner: Unlocked) -> Service:
    """The service of the one draft that is begun."""
    with desk.context.database.session() as session:
        chosen = load_service(session, "JALAN", 1)
        service.start_draft(session, desk.context.clock.now(), owner, draft_id=DRAFT, service=chosen)
    return chosen


def save(desk: VillageDesk, owner: Unlocked, road: Service, **typed: str) -> None:
    with desk.context.database.session() as session:
        now = desk.context.clock.now()
        service.save_fields(session, now, owner, draft_id=DRAFT, service=road, typed=typed)


def test_fields_saved_at_the_same_moment_all_stay(desk: VillageDesk, owner: Unlocked, road: Service) -> None:
    keys = [str(field.key) for field in road.fields]
    savers = [threading.Thread(target=save, args=(desk, owner, road), kwargs={key: key}) for key in keys]
    for each in savers:
        each.start()
    for each in savers:
        each.join()
    with desk.context.database.reading() as session:
        typed = queries.open_draft(session, owner, DRAFT).content.typed
    assert typed == {key: key for key in keys}


def test_a_field_that_is_refused_changes_nothing(desk: VillageDesk, owner: Unlocked, road: Service) -> None:
    save(desk, owner, road, length="5")
    with pytest.raises(DraftKeyError):
        save(desk, owner, road, length="6", nonsense="x")
    with desk.context.database.reading() as session:
        assert queries.open_draft(session, owner, DRAFT).content.typed == {"length": "5"}


def test_for_another_officer_a_draft_does_not_exist(
    desk: VillageDesk, owner: Unlocked, stranger: Unlocked, road: Service
) -> None:
    with desk.context.database.reading() as session:
        assert queries.list_drafts(session, stranger) == ()
        with pytest.raises(DraftGoneError):
            queries.open_draft(session, stranger, DRAFT)
    with pytest.raises(DraftGoneError):
        save(desk, stranger, road, length="5")
    with desk.context.database.reading() as session:
        assert [each.draft_id for each in queries.list_drafts(session, owner)] == [DRAFT]


def test_sealed_content_does_not_open_in_another_row(desk: VillageDesk, owner: Unlocked, road: Service) -> None:
    with desk.context.database.session() as session:
        draft = service.find(session, owner, DRAFT)
        service.start_draft(session, desk.context.clock.now(), owner, draft_id="02OTHER", service=road)
        session.flush()
        service.find(session, owner, "02OTHER").content = draft.content
    with desk.context.database.reading() as session, pytest.raises(VaultError):
        queries.open_draft(session, owner, "02OTHER")


def test_what_changed_since_it_was_shown_is_not_signed(desk: VillageDesk, owner: Unlocked, road: Service) -> None:
    with desk.context.database.reading() as session:
        shown = queries.open_draft(session, owner, DRAFT)
    desk.context.clock.move(1)  # type: ignore[attr-defined]  # the clock of these tests moves
    save(desk, owner, road, length="5")
    with desk.context.database.session() as session, pytest.raises(DraftChangedError):
        service.discard(session, owner, draft_id=DRAFT, unchanged_since=shown.changed_at)
    with desk.context.database.reading() as session:
        assert queries.open_draft(session, owner, DRAFT).content.typed == {"length": "5"}
