"""What a suspended node sends waits in quarantine, and is taken when two persons have let the node in again."""

from sqlalchemy import func, select

from hub.intake.tables import Bundle, IntakeQuarantine
from hub.registry.service import Decision
from hub.registry.suspension import ask_to_resume, resume_node, suspend_node
from protocol.receipt import ReceiptKind
from tests.answering import a_mail, an_act, sealed_act
from tests.hostile import SERVICE, Scene
from tests.hubs import bundle_of


def decision(scene: Scene, by: str) -> Decision:
    return Decision(now=scene.hub.clock.now(), by=by, randomness=scene.hub.randomness)


def test_the_same_message_is_quarantined_and_later_accepted(scene: Scene) -> None:
    node = scene.village.node
    message = bundle_of(scene.village, scene.village.seal_application(SERVICE))
    with scene.hub.database.session() as session:
        suspend_node(session, node, decision(scene, ""))
    assert scene.hub.receipts(scene.hub.receive(message, message).outgoing) == []
    with scene.hub.database.session() as session:
        assert session.scalar(select(func.count()).select_from(IntakeQuarantine)) == 1
        assert session.scalar(select(func.count()).select_from(Bundle)) == 0
        ask_to_resume(session, scene.hub.clock.now(), node, "budi")
        resume_node(session, node, decision(scene, "dewi"))
    receipts = scene.hub.receipts(scene.hub.receive(message).outgoing)
    assert receipts[0].subject.kind is ReceiptKind.ARRIVED


def test_an_act_of_that_time_is_refused_for_now_and_takes_effect_later(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE)
    scene.hub.receive(bundle_of(scene.village, made))
    act = an_act(scene.village, made.bundle)
    mail = a_mail(scene.village, acts=[sealed_act(scene.village, act)])
    with scene.hub.database.session() as session:
        suspend_node(session, scene.village.node, decision(scene, ""))
    scene.hub.receive(mail)
    assert scene.hub.acts == []
    with scene.hub.database.session() as session:
        ask_to_resume(session, scene.hub.clock.now(), scene.village.node, "budi")
        resume_node(session, scene.village.node, decision(scene, "dewi"))
    scene.hub.receive(mail)
    assert scene.hub.acts == [act]
