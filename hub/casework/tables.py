"""Cases, their desks, and what happened to them."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, Digest, UtcDateTime


class Case(Base):
    """What the hub makes of one bundle."""

    __tablename__ = "case_file"
    __table_args__ = (
        Index("ix_case_file_queue", "received_at", "case_id"),
        Index("ix_case_file_state", "state"),
        Index("ix_case_file_service", "service"),
        Index("ix_case_file_subdistrict", "subdistrict"),
    )

    case_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    bundle_id: Mapped[bytes] = mapped_column(ForeignKey("bundle.bundle_id"), unique=True)
    registration_no: Mapped[str] = mapped_column(String(24), unique=True)
    village: Mapped[str] = mapped_column(String(13))
    subdistrict: Mapped[str] = mapped_column(String(8))
    service: Mapped[str] = mapped_column(String(40))
    service_version: Mapped[int] = mapped_column(Integer)
    front_office: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applicant: Mapped[bytes] = mapped_column(LargeBinary)
    """The applicant, sealed with the bundle's data key."""
    version_id: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version_id}  # noqa: RUF012  # SQLAlchemy's way to declare it


class Desk(Base):
    """One office that has, waits for, or had a case."""

    __tablename__ = "case_desk"
    __table_args__ = (Index("ix_case_desk_office", "office", "state", "since"),)

    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), primary_key=True)
    office: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_by: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


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
    code: Mapped[str] = mapped_column(String(40), default="")
    names: Mapped[str] = mapped_column(String(5000), default="")
    """Keys named by a return, separated by blanks."""
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What was written, sealed with the bundle's data key: it may hold personal data."""
    out_of_turn: Mapped[bool] = mapped_column(Boolean, default=False)


class CaseOpening(Base):
    """What the commitment of a ledger entry ``case.*`` hides; the auditor reads it by these column names."""

    __tablename__ = "case_opening"

    ledger_index: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(Digest)
    subject: Mapped[bytes] = mapped_column(LargeBinary)
