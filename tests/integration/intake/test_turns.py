"""What is decided about a bundle and what is decided about its signers has one order: that of the ledger."""

from concurrent.futures import ThreadPoolExecutor

from hub.registry.service import Decision, revoke_officer
from protocol.receipt import ReceiptKind
from tests.hostile import SERVICE, Scene
from tests.hubs import bundle_of
from tests.integration.test_lock_order import wait_until_blocked


def test_a_bundle_behind_a_revocation_in_the_ledger_is_not_accepted(scene: Scene) -> None:
    hub = scene.hub
    decision = Decision(now=hub.clock.now(), by="test", randomness=hub.randomness)
    message = bundle_of(scene.village, scene.village.seal_application(SERVICE))

    with ThreadPoolExecutor(1) as pool:
        with hub.database.session() as session:
            revoke_officer(session, scene.village.officer, decision)
            waiting = pool.submit(hub.receive, message)
            wait_until_blocked(hub.database)
        receipts = hub.receipts(waiting.result(timeout=20).outgoing)

    assert [(each.subject.kind, each.subject.code) for each in receipts] == [(ReceiptKind.REJECTED, "officer_revoked")]
