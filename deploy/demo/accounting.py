"""Counts everything from outside and says what does not agree. The table at the end of the demo."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.evidence import Tally, verify_receipts
from deploy.demo.history import Past
from deploy.demo.network import DemoNetwork
from deploy.demo.privacy import leaks
from deploy.demo.scenery import CANARY
from deploy.demo.work import Day
from loadtests.processes import ProcessError


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What ``simpul-hub ledger verify`` said."""

    is_sound: bool
    size: int
    root: str


@dataclass(frozen=True, kw_only=True)
class Account:
    """All figures of the demo."""

    submitted: list[str]
    received: list[str]
    cases: list[str]
    whole: int
    routed: list[tuple[str, Counter[str]]]
    services: int
    open_services: int
    tally: Tally
    moves: Counter[str]
    receipts: Counter[str]
    due_at_villages: int
    at_villages: int
    verified: int
    far: int
    """Receipts that villages of the past weeks got at once."""
    far_verified: int
    states: Counter[str]
    realised: list[str]
    refuted: list[str]
    flags: dict[str, int]
    ledger: Ledger
    leaks: list[str]


def take_account(network: DemoNetwork, day: Day, directory: Path, past: Past | None = None) -> Account:
    """Count, verify and search. ``directory`` receives the receipts as files."""
    hub, nodes, past = network.hub_evidence, network.node_evidence, past or Past()
    verified, refuted, flags = 0, list[str](), Counter[str]()
    receipts = [each.receipts() for each in nodes]
    far = [raw for village in past.villages for raw in village.receipts]
    if far:
        verified, refuted = verify_receipts(far, nodes[0].log_key(), directory / "far")
    far_verified, verified = verified, 0
    for number, node in enumerate(nodes):
        good, bad = verify_receipts(receipts[number], node.log_key(), directory / f"village-{number}")
        verified, refuted = verified + good, refuted + bad
        flags.update(node.flags())
    return Account(
        submitted=day.numbers,
        received=hub.numbers(),
        cases=hub.cases(),
        whole=hub.whole(),
        routed=hub.desks(),
        services=len(hub.services()),
        open_services=len(nodes[0].services()),
        tally=hub.tally(),
        moves=day.moves + past.moves,
        receipts=hub.receipts(),
        due_at_villages=sum(hub.receipts([each.node_id() for each in nodes]).values()),
        at_villages=sum(map(len, receipts)),
        verified=verified,
        far=len(far),
        far_verified=far_verified,
        states=hub.states(),
        realised=network.hub.ask("calendar", "realised").splitlines(),
        refuted=refuted,
        flags=dict(flags),
        ledger=_ledger(network),
        leaks=leaks(network.directory, [CANARY, *day.names, *past.names]),
    )


def disagreements(account: Account) -> Iterator[str]:
    """Yield one line for everything that does not agree."""
    submitted = len(account.submitted)
    moves = account.moves
    expected = {
        "arrived": submitted,
        "whole": submitted,
        "complete": moves["complete"],
        "returned": moves["ask"],
        "custody": moves["take"],
    }
    made = {kind: account.receipts[kind] for kind in expected}
    agrees = {
        "a registration number was given twice": len(set(account.submitted)) == submitted,
        f"submitted {submitted}, received {len(account.received)}": sorted(account.submitted)
        == sorted(account.received),
        f"received {len(account.received)}, cases {len(account.cases)}": sorted(account.received)
        == sorted(account.cases),
        f"submitted {submitted}, whole {account.whole}": account.whole == submitted,
        f"{account.open_services} services are open, {account.services} were used": account.services
        == min(submitted, account.open_services),
        f"the intake's accounting does not add up: {account.tally}": account.tally.adds_up
        and account.tally.accepted == len(account.received),
        f"the intake turned good applications away: {account.tally}": not account.tally.rejected
        and not account.tally.quarantined,
        f"receipts {made}, expected {expected}": made == expected,
        f"{account.due_at_villages} receipts made, {account.at_villages} at the villages": (
            account.due_at_villages == account.at_villages
        ),
        f"{account.far} receipts of far villages, {account.far_verified} verified": account.far == account.far_verified,
        f"{account.at_villages} receipts, {account.verified} verified, first refuted: {account.refuted[:1]}": (
            account.verified == account.at_villages and not account.refuted
        ),
        "the ledger does not verify": account.ledger.is_sound,
        f"flags at the villages: {account.flags}": not account.flags,
        f"personal data in the clear: {', '.join(account.leaks)}": not account.leaks,
    }
    return (text for text, holds in agrees.items() if not holds)


def table(account: Account) -> list[str]:
    """Return the summary, line by line."""
    lines = [
        f"submitted            {len(account.submitted):>6}   over {account.services} services",
        f"received             {len(account.received):>6}",
        f"whole                {account.whole:>6}",
        *(f"receipt: {kind:<12}{count:>6}" for kind, count in sorted(account.receipts.items())),
        f"receipts at villages {account.at_villages:>6}",
        f"verified             {account.verified + account.far_verified:>6}   by simpul-verify, HOLDS",
        f"ledger               {account.ledger.size:>6}   {'sound' if account.ledger.is_sound else 'NOT SOUND'}",
        f"  root {account.ledger.root}",
        "",
        f"{'desk':<24}{'cases':>6}{'open':>6}{'waits':>6}{'taken':>6}{'done':>6}",
    ]
    for office, states in account.routed:
        figures = "".join(f"{states[state]:>6}" for state in ("open", "waiting", "taken", "done"))
        lines.append(f"{office:<24}{sum(states.values()):>6}{figures}")
    lines += ["", "cases", *(f"  {state:<22}{count:>6}" for state, count in sorted(account.states.items()))]
    return [*lines, "", *account.realised]


def _ledger(network: DemoNetwork) -> Ledger:
    try:
        said = network.hub.ask("ledger", "verify")
    except ProcessError:
        return Ledger(is_sound=False, size=0, root="-")
    values = dict(line.split(maxsplit=1) for line in said.splitlines() if " " in line)
    return Ledger(is_sound="sound:" in said, size=int(values.get("entries", 0)), root=values.get("root", "-").strip())
