"""Outside witnesses: the hub's side against the shipped ``simpul-witness``, which shares no code with it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from deploy import simpul_witness
from hub.ledger.cosigning import WitnessState, cosigned_text, witness_rows
from hub.ledger.witnesses import Reply, WitnessAddress, Witnesses
from hub.storage.engine import Database
from protocol.checkpoint import sign_checkpoint, verify_checkpoint
from protocol.cosignature import WitnessKey, request_bytes, verify_cosignature
from protocol.errors import MalformedError, ProtocolError
from tests.ledgers import KEY, LOG, NOW, ORIGIN, Ledger

NAME = "inspectorate.example/1"


@dataclass
class Outside:
    """A witness that runs."""

    folder: Path
    address: WitnessAddress

    @property
    def evidence(self) -> list[str]:
        return [path.read_text(encoding="utf-8") for path in (self.folder / "evidence").glob("*.txt")]


@pytest.fixture
def outside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Outside]:
    folder = tmp_path / "witness"
    assert simpul_witness.main(["init", str(folder), "--name", NAME]) == 0
    verifier = capsys.readouterr().out.strip()
    assert simpul_witness.main(["trust", str(folder), LOG.verifier]) == 0
    server = simpul_witness.make_server(simpul_witness.Witness(folder), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Outside(folder, WitnessAddress.parse(f"{verifier}@http://127.0.0.1:{server.server_address[1]}"))
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    database = Database(database_url)
    made = Ledger(database)
    made.grow(300)
    made.sign()
    yield made
    database.dispose()


def states(ledger: Ledger) -> dict[str, tuple[WitnessState, int]]:
    with ledger.database.reading() as session:
        return {row.name: (row.state, row.size) for row in witness_rows(session)}


def lines_of(ledger: Ledger) -> list[str]:
    with ledger.database.reading() as session:
        shown = cosigned_text(session)
    assert shown is not None
    verify_checkpoint(shown, LOG)
    return [line for line in shown.split("\n") if NAME in line]


def test_each_new_checkpoint_is_cosigned(ledger: Ledger, outside: Outside) -> None:
    asked = Witnesses([outside.address], ledger.database)
    for size in (300, 301, 857):
        ledger.grow(size - ledger.drafts)
        checkpoint = ledger.sign().checkpoint
        asked.ask_all(NOW)
        (line,) = lines_of(ledger)
        assert verify_cosignature(checkpoint.text, line, outside.address.key) > 0
        assert states(ledger) == {NAME: (WitnessState.COSIGNED, size)}


def test_a_hub_that_forgot_the_witness_is_told_where_it_was(ledger: Ledger, outside: Outside) -> None:
    Witnesses([outside.address], ledger.database).ask_all(NOW)
    ledger.tamper("DELETE FROM ledger_witness")
    ledger.tamper("DELETE FROM ledger_cosignature")
    ledger.grow(5)
    ledger.sign()
    again = Witnesses([outside.address], ledger.database)
    again.ask_all(NOW)
    assert states(ledger) == {NAME: (WitnessState.BEHIND, 300)}
    again.ask_all(NOW)
    assert states(ledger) == {NAME: (WitnessState.COSIGNED, 305)}


def test_another_history_is_refused_and_kept_as_evidence(ledger: Ledger, outside: Outside) -> None:
    Witnesses([outside.address], ledger.database).ask_all(NOW)
    forged = sign_checkpoint(ORIGIN, 400, b"\x07" * 32, KEY)
    witness = simpul_witness.Witness(outside.folder)
    with pytest.raises(simpul_witness.Refused) as refused:
        witness.add_checkpoint(request_bytes(300, [b"\x01" * 32], forged.text))
    assert refused.value.status == simpul_witness.UNPROVEN
    (kept,) = outside.evidence
    assert forged.text in kept
    assert simpul_witness.main(["show", str(outside.folder)]) == 3


def test_two_roots_for_one_size_are_evidence(ledger: Ledger, outside: Outside) -> None:
    Witnesses([outside.address], ledger.database).ask_all(NOW)
    other = sign_checkpoint(ORIGIN, 300, b"\x09" * 32, KEY)
    with pytest.raises(simpul_witness.Refused) as refused:
        simpul_witness.Witness(outside.folder).add_checkpoint(request_bytes(300, [], other.text))
    assert refused.value.status == simpul_witness.CONFLICT
    assert len(outside.evidence) == 1


def test_what_the_log_did_not_sign_accuses_nobody(ledger: Ledger, outside: Outside) -> None:
    Witnesses([outside.address], ledger.database).ask_all(NOW)
    good = ledger.sign().checkpoint.text
    witness = simpul_witness.Witness(outside.folder)
    for text in (good.replace("300", "301"), good.replace(ORIGIN, "simpul/9999"), good[:-10], "", "old 0"):
        with pytest.raises(simpul_witness.Refused):
            witness.add_checkpoint(request_bytes(300, [], text))
    assert outside.evidence == []


def test_a_rewritten_hub_is_refused_and_says_so(ledger: Ledger, outside: Outside, tmp_path: Path) -> None:
    Witnesses([outside.address], ledger.database).ask_all(NOW)
    other = Ledger(Database(f"sqlite:///{tmp_path / 'other.db'}"), drafts=1)
    other.grow(400)
    other.sign()
    again = Witnesses([outside.address], other.database)
    again.ask_all(NOW)  # learns where the witness was
    again.ask_all(NOW)
    assert states(other) == {NAME: (WitnessState.REFUSED, 300)}
    assert len(outside.evidence) == 1
    other.database.dispose()


def test_a_silent_witness_is_asked_again_later_and_holds_nobody_up(ledger: Ledger, outside: Outside) -> None:
    calls: list[str] = []

    def send(url: str, body: bytes) -> Reply:
        calls.append(url)
        raise OSError(len(body))

    asked = Witnesses([outside.address], ledger.database, send)
    for minutes in (0, 0.5, 1.5, 2, 4):
        asked.ask_all(NOW + timedelta(minutes=minutes))
    assert len(calls) == 3
    assert states(ledger)[NAME][0] is WitnessState.SILENT


WRONG = [Reply(status=200, text="— x AAAA\n"), Reply(status=403, text=""), Reply(status=409, text="999")]


@pytest.mark.parametrize("reply", WRONG)
def test_a_witness_that_answers_wrongly_gives_no_signature(ledger: Ledger, outside: Outside, reply: Reply) -> None:
    Witnesses([outside.address], ledger.database, lambda _url, _body: reply).ask_all(NOW)
    assert states(ledger)[NAME][0] is WitnessState.REFUSED
    assert lines_of(ledger) == []


def test_a_restarted_witness_goes_on_where_it_was(ledger: Ledger, outside: Outside) -> None:
    Witnesses([outside.address], ledger.database).ask_all(NOW)
    seen = simpul_witness.Witness(outside.folder).seen(ORIGIN)
    assert seen is not None
    assert seen.size == 300


def test_a_log_keeps_its_key(outside: Outside) -> None:
    other = LOG.verifier[:-4] + "AAA="
    assert simpul_witness.main(["trust", str(outside.folder), other]) == 1
    assert simpul_witness.main(["trust", str(outside.folder), LOG.verifier]) == 0


@pytest.mark.parametrize("form", ["{key}@http://hub.example", "{key}", "{key}@https://", "x@https://hub.example"])
def test_an_address_that_is_none(outside: Outside, form: str) -> None:
    with pytest.raises(MalformedError):
        WitnessAddress.parse(form.format(key=outside.address.key.verifier))


def test_a_cosignature_belongs_to_one_checkpoint(ledger: Ledger, outside: Outside) -> None:
    Witnesses([outside.address], ledger.database).ask_all(NOW)
    (line,) = lines_of(ledger)
    ledger.grow(1)
    with pytest.raises(ProtocolError):
        verify_cosignature(ledger.sign().checkpoint.text, line, outside.address.key)
    stranger = WitnessKey(name=NAME, public_key=LOG.public_key)
    with pytest.raises(ProtocolError):
        verify_cosignature(ledger.sign().checkpoint.text, line, stranger)
