"""A letter gets its number, is signed and issued: gap-free, once, and with a crash in the middle."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import msgspec
import pytest
from sqlalchemy import func, select

from hub.accounts.rules import Role
from hub.casework.errors import CaseNotFoundError, ConflictError, MoveRefusedError
from hub.ledger.auditor import verify
from hub.ledger.openings import stored_openings
from hub.permits.service import NOTHING_TYPED, PermitTools, issue, reserve, sign_case, sign_letter
from hub.permits.signing import Passphrase, ProviderAwayError, Signer
from hub.permits.tables import Permit, PermitOpening, RegisterLine
from hub.storage.base import Base
from protocol.bundle import Applicant, Manifest
from protocol.catalogue import StageAction
from protocol.ids import FieldKey
from protocol.permit import mark_of, read_qr, verify_facts
from tests.integration.permits.desk import Desk
from tests.integration.permits.papers import NOW
from tests.requirements import require


def text_of(pdf: bytes) -> str:
    command = [str(require("pdftotext")), "-raw", "-", "-"]
    return " ".join(subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode().split())


def audit(desk: Desk) -> list[object]:
    hub = desk.town.hub
    with hub.database.reading() as session:
        return list(verify(session, hub.log, stored_openings(session, Base.metadata)).findings)


class Away:
    """A provider that cannot be reached."""

    asks_passphrase = True

    def sign_pdf(self, pdf: bytes, signer: Signer, passphrase: Passphrase, now: datetime) -> bytes:  # noqa: ARG002  # interface
        raise ProviderAwayError


def away(tools: PermitTools) -> PermitTools:
    return replace(tools, provider=Away())


def test_a_signed_letter_closes_the_stage_and_tells_the_village(desk: Desk) -> None:
    case_id = desk.ready("SIP-BD")
    document_id = desk.sign(case_id)
    (decision,) = desk.decisions()
    assert desk.town.stages(case_id)["signature"] == "done"
    assert desk.row(case_id, StageAction.SIGNATURE).reference == decision.number == "400.7.22/001/DPMPTSP/XI/2026"
    assert (decision.outcome, decision.valid_until) == ("issued", "2031-11-23")
    assert decision.document is not None
    assert (decision.document.document, decision.document.size) == (document_id, len(desk.pdf(document_id)))


def test_the_paper_says_what_the_code_says(desk: Desk) -> None:
    case_id = desk.ready("SIP-BD")
    shown = text_of(desk.pdf(desk.sign(case_id)))
    (permit,) = desk.permits(case_id)
    assert "400.7.22/001/DPMPTSP/XI/2026" in shown
    assert "sampai dengan 23 November 2031" in shown
    assert "GRATIS" in shown
    assert (permit.state, permit.valid_until, permit.issued_on) == ("issued", "2031-11-23", "2026-11-24")


def test_hostile_fields_are_printed_as_they_were_typed(desk: Desk) -> None:
    def change(made: Manifest) -> Manifest:
        applicant = msgspec.structs.replace(made.applicant, name="Ma'ruf {{7*7}} {nb} {title}")
        return msgspec.structs.replace(made, applicant=applicant)

    shown = text_of(desk.pdf(desk.sign(desk.ready("D-SKU", change))))
    assert "Nama : Ma'ruf {{7*7}} {nb} {title} NIK" in shown


def test_a_refusal_has_its_reasons_and_the_ways_of_appeal(desk: Desk) -> None:
    case_id = desk.ready("PM", decision="refused")
    shown = text_of(desk.pdf(desk.sign(case_id)))
    (decision,) = desk.decisions()
    assert "SURAT PENOLAKAN" in shown
    assert "Cukup jelas alasannya." in shown
    assert all(word in shown for word in ("21 (dua puluh satu) hari kerja", "Keberatan", "Banding", "UU 30/2014"))
    assert (decision.outcome, decision.reasons) == ("refused", "Cukup jelas alasannya.")


def test_numbers_follow_each_other_per_office(desk: Desk) -> None:
    for service in ("PM", "D-SKU", "SIP-BD", "D-DOM"):
        desk.signed(service)
    assert desk.numbers() == [
        "500.16.7/001/DPMPTSP/XI/2026",
        "500.3.1/001/3314012001/XI/2026",
        "400.7.22/002/DPMPTSP/XI/2026",
        "400.12.2/002/3314012001/XI/2026",
    ]


def test_a_new_year_begins_at_one(desk: Desk) -> None:
    desk.signed("D-SKU")
    case_id = desk.ready("D-SKU")
    desk.town.hub.clock.move(60 * 86_400)
    desk.sign(case_id)
    assert desk.numbers() == ["500.3.1/001/3314012001/XI/2026", "500.3.1/001/3314012001/I/2027"]


def test_eight_signers_at_once_get_consecutive_numbers(desk: Desk) -> None:
    cases = [desk.ready("D-SKU") for _ in range(8)]
    desk.head("village.33.14.01.2001")
    with ThreadPoolExecutor(8) as pool:
        documents = list(pool.map(desk.sign, cases))
    with desk.town.hub.database.reading() as session:
        serials = sorted(session.scalars(select(RegisterLine.serial)))
    assert len(set(documents)) == 8
    assert serials == list(range(1, 9))


def test_two_who_sign_one_case_make_one_letter(desk: Desk) -> None:
    case_id = desk.ready("PM")
    command, head, hub = desk.command(case_id), desk.head(), desk.town.hub

    def sign(_: int) -> bool:
        try:
            sign_case(hub.database, hub.clock, head, command, NOTHING_TYPED, desk.tools)
        except (ConflictError, MoveRefusedError):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sign, range(4))) == 1
    assert len(desk.numbers()) == len(desk.decisions()) == len(desk.permits(case_id)) == 1


def test_a_crash_after_the_number_goes_on_with_it(desk: Desk) -> None:
    case_id, other = desk.ready("PM"), desk.ready("PM")
    with desk.town.hub.database.session() as session:
        reserve(session, desk.town.now(), desk.head(), desk.command(case_id), desk.tools)
    desk.sign(other)
    desk.sign(case_id)
    assert desk.numbers() == ["500.16.7/001/DPMPTSP/XI/2026", "500.16.7/002/DPMPTSP/XI/2026"]
    assert [permit.state for permit in desk.permits(case_id)] == ["issued"]


def test_a_crash_before_the_commit_leaves_a_letter_that_nobody_has(desk: Desk) -> None:
    case_id, hub = desk.ready("PM"), desk.town.hub
    with hub.database.session() as session:
        reserved = reserve(session, desk.town.now(), desk.head(), desk.command(case_id), desk.tools)
    sign_letter(reserved, NOTHING_TYPED, desk.town.now(), desk.tools)
    assert desk.decisions() == []
    desk.sign(case_id)
    assert len(desk.numbers()) == 1


def test_what_is_rolled_back_took_no_number(desk: Desk) -> None:
    case_id, hub = desk.ready("PM"), desk.town.hub
    with hub.database.session() as session:
        reserve(session, desk.town.now(), desk.head(), desk.command(case_id), desk.tools)
        session.rollback()
    assert desk.numbers() == []
    desk.sign(case_id)
    assert desk.numbers() == ["500.16.7/001/DPMPTSP/XI/2026"]


def test_a_service_that_is_away_costs_no_number(desk: Desk) -> None:
    case_id, hub = desk.ready("PM"), desk.town.hub
    for _ in range(2):
        with pytest.raises(ProviderAwayError):
            sign_case(hub.database, hub.clock, desk.head(), desk.command(case_id), NOTHING_TYPED, away(desk.tools))
    desk.sign(case_id)
    assert desk.numbers() == ["500.16.7/001/DPMPTSP/XI/2026"]


def test_a_number_that_was_not_used_on_its_day_is_struck_out(desk: Desk) -> None:
    case_id, hub = desk.ready("PM"), desk.town.hub
    with hub.database.session() as session:
        reserve(session, desk.town.now(), desk.head(), desk.command(case_id), desk.tools)
    hub.clock.move(86_400)
    desk.sign(case_id)
    with hub.database.reading() as session:
        lines = session.execute(select(RegisterLine.serial, RegisterLine.void_reason).order_by(RegisterLine.serial))
        assert [tuple(line) for line in lines] == [(1, "day_over"), (2, "")]
    assert [permit.state for permit in desk.permits(case_id)] == ["void", "issued"]
    assert audit(desk) == []


def test_a_case_that_changed_meanwhile_is_not_issued(desk: Desk) -> None:
    case_id, hub = desk.ready("PM"), desk.town.hub
    with hub.database.session() as session:
        reserved = reserve(session, desk.town.now(), desk.head(), desk.command(case_id), desk.tools)
    file = sign_letter(reserved, NOTHING_TYPED, desk.town.now(), desk.tools)
    desk.town.worker(case_id, "head", "one-stop").take("signature")
    with pytest.raises(ConflictError), hub.database.session() as session:
        issue(session, desk.town.now(), desk.head(), reserved, file, desk.tools)
    desk.sign(case_id)
    assert [permit.state for permit in desk.permits(case_id)] == ["issued"]


def test_nobody_else_can_sign(desk: Desk) -> None:
    case_id = desk.ready("PM")
    town = desk.town
    for role, office, error in (
        (Role.FRONT_OFFICE, "one-stop", MoveRefusedError),
        (Role.HEAD, "civil-registry", CaseNotFoundError),
        (Role.INSPECTORATE, "inspectorate", MoveRefusedError),
    ):
        with pytest.raises(error), town.hub.database.session() as session:
            reserve(session, town.now(), town.at(str(role), office), desk.command(case_id), desk.tools)
    assert desk.numbers() == []


def test_a_case_that_is_not_decided_is_not_signed(desk: Desk) -> None:
    case_id = desk.town.case("PM")
    with pytest.raises(MoveRefusedError), desk.town.hub.database.session() as session:
        reserve(session, desk.town.now(), desk.head(), desk.command(case_id), desk.tools)


def test_number_and_signature_are_in_the_ledger(desk: Desk) -> None:
    desk.signed("PM")
    with desk.town.hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PermitOpening)) == 2
        permit = session.scalars(select(Permit)).one()
        assert permit.numbered_index < (permit.signed_index or 0)
    assert audit(desk) == []


def test_the_code_names_the_ledger_entry_and_the_mark(desk: Desk) -> None:
    case_id = desk.ready("PM")
    with desk.town.hub.database.session() as session:
        reserved = reserve(session, desk.town.now(), desk.head(), desk.command(case_id), desk.tools)
    facts, mark = verify_facts(read_qr(reserved.paper.qr), desk.tools.key.public_key())
    (permit,) = desk.permits(case_id)
    assert (facts.ledger_index, mark) == (permit.numbered_index, permit.mark)
    assert mark_of(b"") != mark


def test_the_file_knows_its_mark_and_no_name(desk: Desk) -> None:
    case_id = desk.ready("PM")
    content = desk.pdf(desk.sign(case_id))
    (permit,) = desk.permits(case_id)
    assert f"/Keywords (simpul-permit:{permit.mark.hex()})".encode() in content
    assert desk.town.made[-1].manifest.applicant.name.encode() not in content


def renewal(made: Manifest, applicant: Applicant) -> Manifest:
    answers = dict(made.answers) | {FieldKey("old_licence_no"): "400.7.22/001/DPMPTSP/XI/2026"}
    answers[FieldKey("application_kind")] = "renewal"
    return msgspec.structs.replace(made, answers=answers, applicant=applicant)


def test_a_renewal_is_linked_to_the_earlier_letter(desk: Desk) -> None:
    first = desk.signed("SIP-BD")
    holder = desk.town.made[-1].manifest.applicant
    second = desk.ready("SIP-BD", lambda made: renewal(made, holder))
    desk.sign(second)
    assert desk.permits(second)[0].renews == desk.permits(first)[0].permit_id


def test_a_stranger_s_letter_is_not_renewed_by_naming_it(desk: Desk) -> None:
    desk.signed("SIP-BD")
    second = desk.ready("SIP-BD", lambda made: renewal(made, made.applicant))
    desk.sign(second)
    assert desk.permits(second)[0].renews is None


def test_time_of_the_papers_is_not_the_machine_s(desk: Desk) -> None:
    content = desk.pdf(desk.sign(desk.ready("PM")))
    assert NOW.year == 2026
    assert b"D:20261124" in content
