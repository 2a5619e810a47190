"""What waits for the officer, as the first page lists it."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from protocol.mailbox import NoticeKind
from village_node.cases.tasks import answered_through, find_reader, list_corrections, list_decisions, list_telling
from village_node.identity.errors import NotEnrolledError
from village_node.identity.hub import find_enrolled, office_names
from village_node.inbox.errors import MailboxClosedError
from village_node.inbox.letters import count_sealed, list_letters, read_new_letters
from village_node.web.chain import WORDS
from village_node.web.decisions import outcome_words
from village_node.web.desk import context, local, now, officer
from village_node.web.language import say
from village_node.web.returns import return_advice
from village_node.web.standing import office_words
from village_node.web.words import moment


@dataclass(frozen=True, kw_only=True)
class Task:
    """One line. With ``post`` it begins something; without it leads to a page."""

    title: str
    number: str
    person: str
    words: str
    tag: str
    href: str = ""
    post: str = ""
    button: str = ""


@dataclass(frozen=True, kw_only=True)
class Tasks:
    """All of them, and whether letters lie here that this officer cannot open."""

    corrections: list[Task]
    decisions: list[Task]
    telling: list[Task]
    closed_letters: int

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self.corrections) + len(self.decisions) + len(self.telling) + bool(self.closed_letters)


def open_new_letters() -> None:
    """Open what came since the last look, when the officer can."""
    with context().database.reading() as db:
        if find_enrolled(db) is None or not count_sealed(db):
            return
    with context().database.session() as db:
        try:
            read_new_letters(db, now(), find_reader(db, officer()))
        except MailboxClosedError:
            return
    context().wake()  # a decision may name a document that is to be fetched


def tasks_of(db: Session, names: Mapping[str, str]) -> Tasks:
    """Return what waits for the signed-in officer."""
    try:
        reader = find_reader(db, officer())
    except (MailboxClosedError, NotEnrolledError):
        return Tasks(corrections=[], decisions=[], telling=_telling(db), closed_letters=count_sealed(db))
    offices = office_names(db)
    corrections = [
        Task(
            title=names.get(each.asked.service, each.asked.service),
            number=each.asked.registration_no,
            person=each.asked.applicant.name,
            words=f"{office_words(each.asked.office, offices)}: {return_advice(each.asked.reason).reason}",
            tag=say("perbaikan diminta"),
            post=url_for("corrections.start", letter=each.letter),
            button=say("Lanjutkan perbaikan") if each.draft_id else say("Perbaiki"),
        )
        for each in list_corrections(db, officer(), reader)
    ]
    decisions = [
        Task(
            title=outcome_words(each.decision.outcome),
            number=each.decision.registration_no,
            person=each.decision.applicant_name,
            words=office_words(each.decision.office, offices),
            tag=say("serahkan hasilnya"),
            href=url_for("decisions.page", letter=each.letter),
        )
        for each in list_decisions(db, reader)
    ]
    return Tasks(corrections=corrections, decisions=decisions, telling=_telling(db), closed_letters=0)


def is_open_return(db: Session, bundle: bytes) -> bool:
    """Tell whether a returned item has no letter that says what is asked, and no answer: the officer must ask."""
    return not list_letters(db, NoticeKind.CORRECTION, bundle) and answered_through(db, bundle) < 0


def _telling(db: Session) -> list[Task]:
    return [
        Task(
            title=str(WORDS[each.event]) if each.event in WORDS else each.event,
            number=each.registration_no,
            person="",
            words=moment(local(each.at)),
            tag=say("beri tahu pemohon"),
            href=url_for("sending.item", bundle=each.bundle.hex()),
            post=url_for("decisions.told", bundle=each.bundle.hex()),
            button=say("Sudah diberi tahu"),
        )
        for each in list_telling(db)
    ]
