"""The revocation list reaches every node, once, whenever it joins."""

from dataclasses import replace

import pytest

from hub.permits.errors import PermitRefusedError
from hub.permits.revocation import RevocationCommand, propose_revocation
from hub.permits.revocation_lists import send_lists
from protocol.ids import HubId, NodeId
from protocol.notices import CaseNews
from protocol.permit import RevocationCode, verify_revocations
from tests.integration.permits.desk import Desk

NODES = [NodeId(f"33140120{number:02d}-01") for number in range(1, 61)]
Written = list[tuple[NodeId, bytes]]


def revoke_letter(desk: Desk, service: str = "PM") -> str:
    """Return a case whose letter was revoked by two persons."""
    case_id = desk.signed(service)
    command = RevocationCommand(
        case_id=case_id,
        version=desk.command(case_id).version,
        code=RevocationCode.FALSE_DATA,
        reason="Dokumen palsu ditemukan",
    )
    with desk.town.hub.database.session() as session:
        propose_revocation(session, desk.town.now(), desk.head(), command, desk.tools)
    row = next(row for row in desk.town.open_rows(case_id) if row.stage == "proposal")
    desk.town.worker(case_id, row.role, row.office).answer()
    return case_id


def send(desk: Desk, written: Written, nodes: list[NodeId] | None = None) -> int:
    signer = HubId("3314"), desk.tools.key
    return send_lists(
        desk.town.hub.database,
        desk.town.now(),
        NODES if nodes is None else nodes,
        signer,
        lambda _session, _now, node, part: written.append((node, part)),
    )


def test_nothing_revoked_is_no_news(desk: Desk) -> None:
    written: Written = []
    assert send(desk, written) == 0
    assert written == []


def test_every_node_gets_the_list_once(desk: Desk) -> None:
    case_id, written = revoke_letter(desk), Written()
    assert [send(desk, written), send(desk, written)] == [60, 0]
    assert [node for node, _ in written] == NODES
    part = verify_revocations(written[0][1], desk.tools.key.public_key())
    assert [(each.mark, each.code) for each in part.revoked] == [(desk.permits(case_id)[0].mark, "false_data")]


def test_a_node_that_joins_later_gets_it_too(desk: Desk) -> None:
    written = Written()
    revoke_letter(desk)
    send(desk, written, NODES[:3])
    assert send(desk, written, NODES[:4]) == 1
    assert written[-1][0] == NODES[3]


def test_the_next_revocation_goes_to_all_again(desk: Desk) -> None:
    written = Written()
    revoke_letter(desk)
    send(desk, written, NODES[:2])
    revoke_letter(desk, "SIP-BD")
    assert send(desk, written, NODES[:2]) == 2
    parts = [verify_revocations(raw, desk.tools.key.public_key()) for _, raw in written]
    assert [(part.number, len(part.revoked)) for part in parts] == [(2, 1), (2, 1), (3, 2), (3, 2)]


def test_a_failure_in_the_middle_is_made_up_for(desk: Desk) -> None:
    written = Written()
    revoke_letter(desk)

    def fail_at_55(_session: object, _now: object, node: NodeId, part: bytes) -> None:
        if len(written) == 55:
            raise OSError
        written.append((node, part))

    with pytest.raises(OSError):  # noqa: PT011  # the very one from above
        send_lists(desk.town.hub.database, desk.town.now(), NODES, (HubId("3314"), desk.tools.key), fail_at_55)
    again = Written()
    assert send(desk, again) == 10  # the first fifty were committed together
    assert [node for node, _ in again] == NODES[50:]


def test_a_closed_case_s_letter_can_be_revoked_once(desk: Desk) -> None:
    case_id = desk.signed("PM")
    desk.town.work_off(case_id)
    assert desk.town.load(case_id).state == "closed"
    command = RevocationCommand(
        case_id=case_id,
        version=desk.command(case_id).version,
        code=RevocationCode.COURT,
        reason="Putusan pengadilan tata usaha negara",
    )
    with desk.town.hub.database.session() as session:
        propose_revocation(session, desk.town.now(), desk.head(), command, desk.tools)
    row = next(row for row in desk.town.open_rows(case_id) if row.stage == "proposal")
    desk.town.worker(case_id, row.role, row.office).answer()
    assert (desk.permits(case_id)[0].state, desk.town.load(case_id).state) == ("revoked", "closed")
    news = [each for each in desk.town.told if isinstance(each, CaseNews)]
    assert [(each.bundle, each.code) for each in news if each.event == "revoked"] == [
        (desk.town.load(case_id).bundle_id, "court")
    ]
    again = replace(command, version=desk.command(case_id).version)
    with pytest.raises(PermitRefusedError), desk.town.hub.database.session() as session:
        propose_revocation(session, desk.town.now(), desk.head(), again, desk.tools)
