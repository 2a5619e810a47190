"""Cases, their stages, decisions and proposals, what was asked, and what happened."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, Digest, UtcDateTime

_STANDS = text("state IN ('proposed', 'standing')")
_IS_OPEN = text("state = 'open'")
_ON_DESK = text("state IN ('open', 'taken')")


class Case(Base):
    """What the hub makes of one application: its first bundle, and the corrections that followed."""

    __tablename__ = "case_file"
    __table_args__ = (
        Index("ix_case_file_queue", "received_at", "case_id"),
        Index("ix_case_file_state", "state"),
        Index("ix_case_file_service", "service"),
        Index("ix_case_file_subdistrict", "subdistrict"),
    )

    case_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    bundle_id: Mapped[bytes] = mapped_column(ForeignKey("bundle.bundle_id"), unique=True)
    """The first bundle; ``CaseBundle`` has all of them."""
    registration_no: Mapped[str] = mapped_column(String(24), unique=True)
    village: Mapped[str] = mapped_column(String(13))
    subdistrict: Mapped[str] = mapped_column(String(8))
    service: Mapped[str] = mapped_column(String(40))
    service_version: Mapped[int] = mapped_column(Integer)
    front_office: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(12))
    """Empty until decided."""
    round: Mapped[int] = mapped_column(Integer)
    """1; one more with each reopening."""
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applicant: Mapped[bytes] = mapped_column(LargeBinary)
    """The applicant, sealed with the bundle's data key."""
    tracking: Mapped[bytes] = mapped_column(Digest)
    """Commitment of the resident's tracking code, as the manifest names it."""
    version_id: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version_id}  # noqa: RUF012  # SQLAlchemy's way to declare it


class CaseBundle(Base):
    """A bundle of a case: 0 is the application, the corrections follow in the order in which they came."""

    __tablename__ = "case_bundle"

    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    bundle_id: Mapped[bytes] = mapped_column(ForeignKey("bundle.bundle_id"), unique=True)


class CaseStage(Base):
    """One stage of a case at one office. ``seat`` 0 is the stage's own office, 1 and more are those of a joint visit.

    A proposal that waits for a second person is a row too, under the stage ``proposal``: so it lies on that office's
    desk like any other work.
    """

    __tablename__ = "case_stage"
    __table_args__ = (
        Index("ix_case_stage_office", "office", "state", "since"),
        Index("ix_case_stage_action", "action", "case_id", sqlite_where=_ON_DESK, postgresql_where=_ON_DESK),
        Index("ix_case_stage_taken_by", "taken_by", sqlite_where=_ON_DESK, postgresql_where=_ON_DESK),
    )

    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(40), primary_key=True)
    seat: Mapped[int] = mapped_column(Integer, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String(24))
    office: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it came into this state."""
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it first lay on the desk; before that its office knows nothing of the case."""
    proposed_to: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    """Who has the least to do at this desk."""
    taken_by: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(80))
    """Number of what was done: a letter, a payment, an entry of a national system or of a register."""


class CaseDecision(Base):
    """A decision on a case. It stands once whoever has to agree has agreed; the database keeps to one at a time."""

    __tablename__ = "case_decision"
    __table_args__ = (
        Index("uq_case_decision_one", "case_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("ix_case_decision_person_id", "person_id", "at"),
    )

    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    verdict: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    office: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(24))
    capacity: Mapped[str] = mapped_column(String(8))
    """a.n., u.b., Plt., Plh.; empty when the person has the power in their own right."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Reasons or conditions, sealed with the bundle's data key."""
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    confirmed_office: Mapped[str] = mapped_column(String(40))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CaseProposal(Base):
    """What one person proposes and a second one of another office has to agree to before it happens."""

    __tablename__ = "case_proposal"
    __table_args__ = (
        Index("uq_case_proposal_open", "case_id", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    )

    proposal_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    seat: Mapped[int] = mapped_column(Integer)
    """Its row in ``case_stage``, under the stage ``proposal``."""
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12))
    proposed_by: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    office: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_office: Mapped[str] = mapped_column(String(40))
    note: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What the room that proposed it needs to carry it out, sealed."""
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RapidDecisions(Base):
    """A person who decided more in an hour than anybody can read: allowed, and shown to everybody (fault F36)."""

    __tablename__ = "rapid_decisions"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    """The beginning of the hour."""
    office: Mapped[str] = mapped_column(String(40))
    decisions: Mapped[int] = mapped_column(Integer)


class CaseAsk(Base):
    """What a stage asked the village to correct."""

    __tablename__ = "case_ask"
    __table_args__ = (Index("ix_case_ask_case_id", "case_id", "answered_at"),)

    ledger_index: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    """Of the event that asked; it names the question."""
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"))
    stage: Mapped[str] = mapped_column(String(40))
    seat: Mapped[int] = mapped_column(Integer)
    office: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(40))
    fields: Mapped[str] = mapped_column(String(5000))
    requirements: Mapped[str] = mapped_column(String(2000))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[bytes | None] = mapped_column(ForeignKey("bundle.bundle_id"))


class CaseEvent(Base):
    """One thing that happened, or one look. Never changed, never deleted.

    A routing follows from the entry that caused it and shares its ``ledger_index``; every other event has a ledger
    entry of its own, opened by ``CaseOpening``.
    """

    __tablename__ = "case_event"
    __table_args__ = (Index("ix_case_event_case_id", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"))
    kind: Mapped[str] = mapped_column(String(20))
    office: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_index: Mapped[int] = mapped_column(BigInteger, index=True)
    receipt_index: Mapped[int | None] = mapped_column(BigInteger)
    """Ledger index of the receipt that the village gets for this event."""
    stage: Mapped[str] = mapped_column(String(40), default="")
    code: Mapped[str] = mapped_column(String(40), default="")
    names: Mapped[str] = mapped_column(String(5000), default="")
    """Keys named by a return, offices or numbers, separated by blanks."""
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What was written, sealed with the bundle's data key: it may hold personal data."""
    out_of_turn: Mapped[bool] = mapped_column(Boolean, default=False)


class CaseOpening(Base):
    """What the commitment of a ledger entry ``case.*`` hides; the auditor reads it by these column names."""

    __tablename__ = "case_opening"

    ledger_index: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(Digest)
    subject: Mapped[bytes] = mapped_column(LargeBinary)
