"""USB both ways between the node's own code and the hub's own code; and a mailbox of months over a link that breaks."""

import io
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, insert, select

from hub.dispatch.documents import DocumentPost
from hub.dispatch.tables import NoticeRow
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.service import Processed, process
from hub.intake.tables import Bundle
from hub.parcels.reader import ParcelReader
from hub.parcels.service import Brought, find, take_parcel
from hub.parcels.spool import Spool
from hub.registry.service import Decision, revoke_officer
from tests.brokers import NetworkPki
from tests.hubs import HUB
from tests.integration.test_node_hub import NODE, Office
from village_node.identity.hub import load_enrolled
from village_node.inbox.service import read_cursor
from village_node.inbox.tables import StoredNotice
from village_node.outbox.queries import ItemStep
from village_node.sync.carrier import Outbound
from village_node.sync.parcel import ParcelSource, write_parcel

NOTICES = 5_000


@pytest.fixture
def office(tmp_path: Path, shared_pki: NetworkPki) -> Office:
    return Office(tmp_path, shared_pki)


def export(office: Office) -> bytes:
    stand = office.stand
    with stand.database.reading() as session:
        enrolled = load_enrolled(session)
    source = ParcelSource(
        database=stand.database, files=stand.files, keys=stand.keys, enrolled=enrolled, clock=stand.clock
    )
    return b"".join(write_parcel(source, []))


def answer(office: Office, raw: bytes, name: str = "P1") -> bytes:
    """Bring a stick to the hub's counter and return the answers."""
    context, spool = office.hub.context, Spool(office.hub.directory / "parcels")
    brought = Brought(parcel_id=name, by="ani", at=office.hub.clock.now())
    take_parcel(office.hub.database, spool, HUB, io.BytesIO(raw), brought)
    reader = ParcelReader(context, spool, DocumentPost(lambda _, __: None, context.secrets.message))

    def persist(batch: Sequence[Incoming]) -> Processed | None:
        return process(context, batch)

    while reader.work(persist):
        pass
    with office.hub.database.reading() as session:
        assert find(session, name).code == ""
    return spool.answers(name).read_bytes()


def take_in(office: Office, raw: bytes) -> None:
    with office.stand.database.reading() as session:
        enrolled = load_enrolled(session)
    parts = office.runner._parts
    parts.parcels.stage(io.BytesIO(raw), enrolled, "a")
    office.runner.read_parcels()


def test_a_village_without_a_link_gets_everything_by_stick(office: Office) -> None:
    items = [office.seal() for _ in range(12)]

    take_in(office, answer(office, export(office)))

    assert [office.step_of(item) for item in items] == [(ItemStep.WHOLE, "")] * len(items)
    assert office.flags() == []


def test_a_rejection_is_believed_from_a_stick(office: Office) -> None:
    """Nobody can be asked for a proof: the receipt brings the one from the checkpoint that the manifest names."""
    first = office.seal()
    take_in(office, answer(office, export(office), "P0"))
    rejected = [office.seal() for _ in range(2)]
    decision = Decision(now=office.hub.clock.now(), by="budi", randomness=office.hub.randomness)
    with office.hub.database.session() as session:
        revoke_officer(session, office.officer, decision)

    take_in(office, answer(office, export(office)))

    assert office.step_of(first) == (ItemStep.WHOLE, "")
    assert [office.step_of(item) for item in rejected] == [(ItemStep.REJECTED, "officer_revoked")] * 2
    assert office.flags() == []


def test_the_link_comes_back_while_the_stick_is_on_its_way(office: Office) -> None:
    items = [office.seal() for _ in range(2)]
    raw = export(office)
    office.work()
    answers = answer(office, raw)
    take_in(office, answers)
    take_in(office, answers)
    assert [office.step_of(item) for item in items] == [(ItemStep.WHOLE, "")] * 2
    assert office.flags() == []
    with office.hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Bundle)) == 2


def write_notices(office: Office, count: int) -> None:
    """Let the hub speak to all for months."""
    now = office.hub.clock.now()
    rows = [
        {"node_id": str(NODE), "number": number, "kind": "backup", "body": b"%d" % number, "written_at": now}
        for number in range(1, count + 1)
    ]
    with office.hub.database.session() as session:
        session.execute(insert(NoticeRow), rows)


class CutLink:
    """Loses what the hub sends while the link is down, and now and then in between."""

    def __init__(self, office: Office, seed: int) -> None:
        self.random = Random(seed)
        self.office = office
        self.sent = self.lost = 0
        bring, publish = office.wire.bring, office.wire.publish

        def cut_bring(messages: list[Outgoing]) -> None:
            end = self.random.randrange(len(messages) + 1) if self.random.random() < 0.3 else len(messages)
            kept = [each for each in messages[:end] if self.random.random() > 0.05]
            self.sent += len(messages)
            self.lost += len(messages) - len(kept)
            bring(kept)

        def cut_publish(message: Outbound) -> None:
            if self.random.random() > 0.1:
                publish(message)

        office.wire.bring = cut_bring  # type: ignore[method-assign]  # the link of this test
        office.wire.publish = cut_publish  # type: ignore[method-assign]  # the same


def test_five_thousand_notices_come_in_order_over_a_link_that_breaks(office: Office) -> None:
    write_notices(office, NOTICES)
    link = CutLink(office, seed=7)
    for _ in range(400):
        office.work(30)
        with office.stand.database.reading() as session:
            if read_cursor(session) >= NOTICES:
                break
        office.stand.clock.pass_s(30)
        office.hub.clock.time += timedelta(seconds=30)

    with office.stand.database.reading() as session:
        numbers = session.scalars(select(StoredNotice.number).order_by(StoredNotice.number)).all()
    with office.hub.database.reading() as session:
        written = session.scalar(select(func.count()).select_from(NoticeRow))
    assert numbers == list(range(1, NOTICES + 1))
    assert written == NOTICES
    assert link.lost > 0
    assert link.sent < 3 * NOTICES  # one that is lost costs what follows it in its window, repeated mails cost nothing


def test_the_same_mailbox_goes_onto_a_stick(office: Office) -> None:
    write_notices(office, NOTICES)
    take_in(office, answer(office, export(office)))
    with office.stand.database.reading() as session:
        assert read_cursor(session) == NOTICES
