"""Addresses and forms that no page of ours makes: refused, never a crash, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from hub.accounts.rules import Role
from hub.casework.tables import Case
from hub.intake.carrier import Incoming
from hub.intake.tables import BundleReceipt
from protocol.receipt import ReceiptKind
from protocol.sealing import parse_sealed
from protocol.topics import Up, up
from protocol.wire import to_bytes
from tests.cases import KEDEN
from tests.hostile import SERVICE
from tests.hubs import bundle_of
from tests.webs import HubWeb, make_web, token_of

HUGE = "9" * 30


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/cases/%00", 400),
        ("/cases?service=%00", 400),
        ("/cases?number=%00", 400),
        ("/cases/{case}/receipts/9223372036854775808", 404),
        (f"/cases/{{case}}/receipts/{HUGE}", 404),
        (f"/cases/{{case}}/files/{HUGE}", 404),
        (f"/log/tile/{HUGE}/000", 404),
        ("/log/tile/0/x999/x999/x999/x999/x999/x999/999", 404),
        ("/log/tile/entries/x999/x999/x999/x999/x999/x999/999", 404),
    ],
)
def test_an_impossible_address_is_no_crash(web: HubWeb, path: str, status: int) -> None:
    case = web.case("APOTEK")
    assert web.browser(Role.FRONT_OFFICE).get(path.format(case=case)).status_code == status


def test_an_impossible_name_at_sign_in_is_no_crash(web: HubWeb) -> None:
    stranger = web.browser()
    form = {"csrf_token": token_of(stranger), "username": "ab\x00", "password": "x" * 12}
    assert stranger.post("/sign-in", data=form).status_code == 400


def test_the_rejection_of_a_damaged_copy_is_not_shown_with_the_case(web: HubWeb) -> None:
    village = web.hub.enrol(KEDEN)
    made = village.seal_application(SERVICE)
    sealed = parse_sealed(made.message)
    damaged = to_bytes(replace(sealed, box=b"?" + sealed.box[1:]))
    web.hub.receive(bundle_of(village, made), Incoming(up(village.node, Up.BUNDLE), damaged))
    with web.hub.database.reading() as session:
        case = session.scalars(select(Case.case_id)).one()
        rejected = BundleReceipt.kind == str(ReceiptKind.REJECTED)
        index = session.scalars(select(BundleReceipt.ledger_index).where(rejected)).one()

    page = web.browser(Role.INSPECTORATE)
    assert f"/receipts/{index}" not in page.get(f"/cases/{case}").get_data(as_text=True)
    assert page.get(f"/cases/{case}/receipts/{index}").status_code == 404
