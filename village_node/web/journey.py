"""A case on its item's page: the chain in words, the promised day, the fee, and what the officer can do now."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from protocol.mailbox import NoticeKind
from village_node.cases.chain import Link, durations
from village_node.cases.tasks import newest_correction_item, open_letters
from village_node.cases.timeline import chain_of, due_on, first_bundle, promise_of
from village_node.inbox.calendar import newest_calendar
from village_node.inbox.letters import list_letters
from village_node.outbox.queries import ItemRow, ItemStep, get_item
from village_node.web.chain import ChainLine, chain_lines, due_words, duration_rows, fee_line
from village_node.web.desk import local, now
from village_node.web.standing import Standing, answered
from village_node.web.words import moment


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What the page of an item shows of its case."""

    first: bytes
    lines: list[ChainLine]
    due: str
    spent: list[tuple[str, str]]
    fee: tuple[str, str] | None
    correction: int | None
    """Number of the letter with an open question."""
    decision: int | None
    """Number of the letter with the decision."""
    final: Link | None
    """The step that made the promised day known: for the final slip."""


def journey_of(session: Session, bundle: bytes, offices: Mapping[str, str]) -> Journey:
    """Return the case that a bundle belongs to."""
    first = first_bundle(session, bundle)
    chain = chain_of(session, first)
    asked = open_letters(session, first)[-1:]
    decided = list_letters(session, NoticeKind.DECISION, first)[-1:]
    promised = due_on(chain)
    return Journey(
        first=first,
        lines=chain_lines(chain, offices),
        due="" if promised is None else due_words(promised, newest_calendar(session), promise_of(chain, promised)),
        spent=duration_rows(durations(chain, now())),
        fee=fee_line(chain),
        correction=next((each.number for each in asked), None),
        decision=next((each.number for each in decided), None),
        final=promised,
    )


def answered_standing(session: Session, row: ItemRow) -> Standing | None:
    """Return what to say of a returned item whose question was answered from this PC; None when it is still open."""
    if row.step is not ItemStep.RETURNED:
        return None
    bundle = newest_correction_item(session, row.bundle)
    if bundle is None or open_letters(session, row.bundle):
        return None
    correction = get_item(session, bundle)
    return answered(correction.counter, has_arrived=correction.has_arrived)


def promised_moment(link: Link | None) -> str:
    """Return when the promised day became known."""
    return "" if link is None else moment(local(link.at))
