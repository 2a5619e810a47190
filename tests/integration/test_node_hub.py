"""The node's own code and the hub's own code, with nothing between them: enrolment, delivery, casework, rejection."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.authority import enrolment as hub_enrolment
from hub.authority.certification import Issuer, issue_approved
from hub.authority.rules import Verdict
from hub.dispatch.ahead import SentAhead
from hub.dispatch.service import write_notice
from hub.health.presence import on_healths
from hub.health.tables import Presence
from hub.intake.assembly import assemble
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.receipts import Statement, issue_waiting, request_receipt
from hub.intake.tables import Bundle, IntakeRefusal
from hub.ledger.service import sign_head
from hub.network.mail import answer_mail
from hub.registry.service import Decision, revoke_officer
from hub.storage.hubkeys import public_keys
from protocol.enrolment import derive_code_keys
from protocol.health import Health
from protocol.ids import NodeId, VillageCode
from protocol.mailbox import Mail, NoticeKind
from protocol.receipt import ReceiptKind
from protocol.topics import Down, up
from tests.brokers import NetworkPki
from tests.hubs import CATALOGUE, HUB, TestHub, make_hub
from tests.node_link import parts_of
from tests.node_stand import NodeStand, a_command, a_file
from village_node.catalogue.service import newest_services
from village_node.identity import enrolment
from village_node.identity.hub import free_numbers, newest_checkpoint, take_number
from village_node.outbox.queries import ItemStep, get_item, list_flags, timeline
from village_node.outbox.service import FileToSeal, SealCommand, SealedItem
from village_node.sync.carrier import Deliver, Greeting, Outbound
from village_node.sync.rules import messages as m
from village_node.sync.runner import Runner

VILLAGE = VillageCode("33.14.01.2001")
NODE = NodeId("3314012001-01")
ANSWERS: dict[str, int | str | bool] = {
    "birth_place": "Sragen",
    "birth_date": "1990-01-01",
    "sex": "female",
    "occupation": "Pedagang",
    "rt_rw": "003/001",
    "business_name": "Warung Bu Sri",
    "business_kind": "shop",
    "business_address": "Banaran",
    "since_year": 2015,
    "workers": 2,
    "has_nib": False,
    "purpose": "KUR",
}


class Wire:
    """Carries between runner and intake in one thread; what the hub says later waits in ``held``."""

    def __init__(self, hub: TestHub) -> None:
        self.hub = hub
        self.held: list[Outgoing] = []
        self._deliver: Deliver | None = None

    def start(self, deliver: Deliver, greet: Callable[[], Greeting]) -> None:
        self._deliver = deliver
        session = greet().session
        deliver(lambda: m.Connected(session))

    def publish(self, message: Outbound) -> None:
        processed = self.hub.receive(Incoming(up(NODE, message.kind), message.payload))
        if message.token is not None and self._deliver is not None:
            token = message.token
            self._deliver(lambda: m.Acknowledged(token))
        self.bring([*processed.outgoing, *assemble(self.hub.context, processed.ready)])

    def bring(self, messages: list[Outgoing]) -> None:
        for message in messages:
            kind = Down(message.topic.rsplit("/", 1)[-1])
            assert self._deliver is not None
            self._deliver(lambda kind=kind, raw=message.payload: m.Received(kind, raw))  # type: ignore[misc]

    def reconnect(self) -> None:
        """Stay."""

    def hurry(self) -> None:
        """Nothing waits."""

    def stop(self, farewell: Outbound | None) -> None:
        """Nothing to close."""


class HubWeb:
    """The hub's two enrolment addresses without HTTP."""

    def __init__(self, hub: TestHub) -> None:
        self.hub = hub

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        with self.hub.database.session() as session:
            if path == enrolment.REQUEST_PATH:
                verdict = hub_enrolment.receive_request(session, self.hub.clock.now(), body)
                return (HTTPStatus.ACCEPTED if verdict is Verdict.PENDING else HTTPStatus.FORBIDDEN), b""
            reply = hub_enrolment.answer(session, self.hub.clock.now(), self.code_id)
        return (HTTPStatus.OK, reply.answer) if reply.answer else (HTTPStatus.ACCEPTED, b"")

    code_id = b""


class Office:
    """One enrolled node and its hub."""

    def __init__(self, directory: Path, pki: NetworkPki) -> None:
        self.hub = _with_network(make_hub(directory / "hub", f"sqlite:///{directory / 'hub.db'}"))
        self.stand = NodeStand(directory / "node")
        self.officer = self.stand.add_officer()
        self.wire = Wire(self.hub)
        self._enrol(pki)
        self.runner = Runner(parts_of(self.stand), self.wire)

    def work(self, seconds: float = 5) -> None:
        self.wire.start(self.runner._deliver, self.runner._greet)
        for _ in range(int(seconds)):
            while not self.runner._queue.empty():
                self.runner.step(self.runner._wait_for_events())
            self.stand.clock.pass_s(1)
            self.hub.clock.move(1)
            self.runner.step([m.Ticked()])

    def seal(self) -> SealedItem:
        with self.stand.database.reading() as session:
            service = next(each for each in newest_services(session) if each.code == "D-SKU")
        files = [
            FileToSeal(requirement=key, name=f"{key}.jpg", media_type="image/jpeg", read=lambda: b"\xff\xd8" * 60_000)
            for key in ("rt_letter", "id_card", "family_card", "business_photo")
        ]
        command: SealCommand = replace(
            a_command(a_file()), service=service, answers=ANSWERS, handed_in=["id_card"], attachments=files
        )
        return self.stand.seal(self.stand.unlock(self.officer), command)

    def step_of(self, item: SealedItem) -> tuple[ItemStep, str]:
        with self.stand.database.reading() as session:
            row = get_item(session, item.bundle)
        return row.step, row.code

    def flags(self) -> list[str]:
        with self.stand.database.reading() as session:
            return [flag.code for flag in list_flags(session)]

    def _enrol(self, pki: NetworkPki) -> None:
        web, now = HubWeb(self.hub), self.hub.clock.now()
        with self.hub.database.session() as session:
            code = hub_enrolment.invite(session, now, self.hub.randomness, VILLAGE, "ani", regions=CATALOGUE.regions)
        with self.stand.database.reading() as session:
            asked = enrolment.ask(session, web, self.stand.keys, code, "test")
        web.code_id = derive_code_keys(code).code_id
        with self.hub.database.session() as session:
            hub_enrolment.approve(session, now, code_id=web.code_id, approved_by="budi", randomness=self.hub.randomness)
            secrets = self.hub.context.secrets
            sign_head(session, now, secrets.log.key, secrets.log.origin)
        issue_approved(self.hub.database, now, self._issuer(pki))
        checked = enrolment.fetch(web, self.stand.keys, asked)
        with self.stand.database.session() as session:
            enrolment.store_answer(session, self.stand.clock.now(), checked)

    def _issuer(self, pki: NetworkPki) -> Issuer:
        return Issuer(
            open_authority=lambda: pki.files.authority,
            message_key=self.hub.context.secrets.message,
            keys=public_keys(self.hub.directory / "keys", HUB),
            broker_host="127.0.0.1",
            broker_port=8883,
            catalogue=CATALOGUE,
            randomness=self.hub.randomness,
        )


def _with_network(hub: TestHub) -> TestHub:
    """Let mail and health be taken by the hub's network room, as the real wiring does."""
    ahead = SentAhead()

    def take_mail(session: Session, now: datetime, mail: Mail) -> list[Outgoing]:
        return list(answer_mail(session, now, mail, message_key=hub.context.secrets.message, ahead=ahead))

    def take_health(session: Session, now: datetime, healths: Sequence[Health]) -> list[Outgoing]:
        on_healths(session, now, healths)
        return []

    hub.context = replace(hub.context, on_mail=take_mail, on_health=take_health)
    return hub


@pytest.fixture
def office(tmp_path: Path, shared_pki: NetworkPki) -> Office:
    return Office(tmp_path, shared_pki)


def test_what_the_node_seals_the_hub_takes_whole(office: Office) -> None:
    items = [office.seal() for _ in range(3)]
    office.work()
    assert [office.step_of(item) for item in items] == [(ItemStep.WHOLE, "")] * 3
    assert office.flags() == []
    with office.hub.database.reading() as session:
        rows = session.execute(select(Bundle.counter, Bundle.state).order_by(Bundle.counter)).all()
        assert [tuple(row) for row in rows] == [(1, "whole"), (2, "whole"), (3, "whole")]
        assert session.scalar(select(func.count()).select_from(IntakeRefusal)) == 0
        presence = session.get_one(Presence, str(NODE))
    assert presence.last_counter == 3


def test_the_node_remembers_the_newest_checkpoint_of_the_real_log(office: Office) -> None:
    office.seal()
    office.work()
    with office.stand.database.reading() as session:
        seen = newest_checkpoint(session)
    assert seen is not None
    assert seen.size > 1


def test_a_receipt_of_casework_reaches_the_timeline(office: Office) -> None:
    item = office.seal()
    office.work()
    secrets, now = office.hub.context.secrets, office.hub.clock.now()
    with office.hub.database.session() as session:
        statement = Statement(kind=ReceiptKind.COMPLETE, office="one-stop")
        request_receipt(session, office.hub.clock.now_ms(), item.bundle, statement, office.hub.randomness.token(32))
        for receipt in issue_waiting(session, now, secrets.log):
            write_notice(session, now, NODE, NoticeKind.RECEIPT, receipt.raw)
    office.runner.step([m.Woken()])
    office.work()
    with office.stand.database.reading() as session:
        entry = timeline(session, item.bundle)[-1]
    assert (entry.step, entry.office) == (ItemStep.COMPLETE, "one-stop")
    assert office.flags() == []


def test_a_rejection_is_believed_after_its_checkpoint_is_linked(office: Office) -> None:
    first, rejected = office.seal(), office.seal()
    decision = Decision(now=office.hub.clock.now(), by="budi", randomness=office.hub.randomness)
    with office.hub.database.session() as session:
        revoke_officer(session, office.officer, decision)
    office.work(60)
    assert {office.step_of(item)[0] for item in (first, rejected)} == {ItemStep.REJECTED}
    assert office.step_of(first)[1] == "officer_revoked"
    assert office.flags() == []


def test_numbers_come_before_the_block_ends(office: Office) -> None:
    with office.stand.database.session() as session:
        taken = free_numbers(session) - 5
        assert all(take_number(session, 2026) for _ in range(taken))
    office.work()
    with office.stand.database.reading() as session:
        assert free_numbers(session) > 100
