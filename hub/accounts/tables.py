"""People, their delegations and absences, their sessions, and the counts that slow sign-in and public pages down."""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, Digest, UtcDateTime


class Person(Base):
    """One person with one role at one office."""

    __tablename__ = "person"

    person_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password: Mapped[str] = mapped_column(String(200))
    """The argon2id hash with its parameters."""
    role: Mapped[str] = mapped_column(String(24))
    office: Mapped[str] = mapped_column(String(40))
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    nik_index: Mapped[bytes | None] = mapped_column(Digest)
    """The keyed index of the person's own NIK, if they gave it: nobody works on their own case."""


class Delegation(Base):
    """Somebody acts for the holder of a post, from one day to another. Never deleted, only withdrawn."""

    __tablename__ = "delegation"
    __table_args__ = (Index("ix_delegation_holder_id", "holder_id"), Index("ix_delegation_office", "office", "role"))

    delegation_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    office: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(24))
    capacity: Mapped[str] = mapped_column(String(3))
    holder_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    principal_id: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    basis: Mapped[str] = mapped_column(String(200))
    """The letter of appointment."""
    entered_by: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Absence(Base):
    """A person is away, from one day to another. Never deleted, only withdrawn."""

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_person_id", "person_id"),)

    absence_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    reason: Mapped[str] = mapped_column(String(12))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    entered_by: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountOpening(Base):
    """What the commitment of a ledger entry ``people.*`` hides; the auditor reads it by these column names."""

    __tablename__ = "account_opening"

    ledger_index: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(Digest)
    subject: Mapped[bytes] = mapped_column(LargeBinary)


class WebSession(Base):
    """A signed-in browser. The token itself is only in the cookie."""

    __tablename__ = "web_session"
    __table_args__ = (Index("ix_web_session_person_id", "person_id"), Index("ix_web_session_expires_at", "expires_at"))

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delegation_id: Mapped[str | None] = mapped_column(ForeignKey("delegation.delegation_id"))
    """The delegation that the person acts under in this session."""


class SignInFailure(Base):
    """Failed sign-ins of one account in one network, or of one network; the names are hashed."""

    __tablename__ = "sign_in_failure"

    name_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AskedCount(Base):
    """How often one network, or all of them, asked a public page within one window; the names are hashed."""

    __tablename__ = "asked_count"

    page: Mapped[str] = mapped_column(String(20), primary_key=True)
    window: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Number of the window since 1970."""
    name_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    asked: Mapped[int] = mapped_column(Integer)
