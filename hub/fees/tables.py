"""Assessments and recorded payments."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, Digest, UtcDateTime

_COUNTS = text("state <> 'replaced'")


class FeeAssessment(Base):
    """What is due for a case, who set it, and from what. One counts; the others were replaced by it."""

    __tablename__ = "fee_assessment"
    __table_args__ = (
        Index("uq_fee_assessment_one", "case_id", "stage", unique=True, sqlite_where=_COUNTS, postgresql_where=_COUNTS),
        CheckConstraint("amount_rp >= 0", name="amount"),
    )

    assessment_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    stage: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(20))
    amount_rp: Mapped[int] = mapped_column(BigInteger)
    inputs: Mapped[bytes] = mapped_column(LargeBinary)
    """What it was computed from (answers, tariff, divisor), sealed with the case's data key."""
    reference: Mapped[str] = mapped_column(String(60))
    """Number of the levy notice (SKRD), of the tax notice (SKPD), or of the national system."""
    line_id: Mapped[int | None] = mapped_column(ForeignKey("permit_register_line.line_id"), unique=True)
    """The register's line, where the notice is ours."""
    payment_code: Mapped[str | None] = mapped_column(String(16), unique=True)
    office: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    second_person: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"))
    """Who agreed to a change."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaces: Mapped[str | None] = mapped_column(ForeignKey("fee_assessment.assessment_id"), unique=True)
    ledger_index: Mapped[int] = mapped_column(BigInteger)


class FeePayment(Base):
    """A payment as its proof tells it. Never changed, never deleted."""

    __tablename__ = "fee_payment"
    __table_args__ = (
        UniqueConstraint("channel", "reference_key"),
        Index("ix_fee_payment_revenue", "paid_on", "office", "service"),
    )

    payment_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    assessment_id: Mapped[str] = mapped_column(ForeignKey("fee_assessment.assessment_id"), unique=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    service: Mapped[str] = mapped_column(String(40))
    office: Mapped[str] = mapped_column(String(40))
    """The office that assessed it: the revenue is counted there."""
    amount_rp: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(String(10))
    reference: Mapped[str] = mapped_column(String(60))
    reference_key: Mapped[str] = mapped_column(String(60))
    """The reference in the one form that is compared."""
    paid_on: Mapped[str] = mapped_column(String(10))
    proof: Mapped[bytes | None] = mapped_column(Digest)
    """SHA-256 of a file of the proof."""
    line_id: Mapped[int] = mapped_column(ForeignKey("permit_register_line.line_id"), unique=True)
    """The line of the receipt's register."""
    recorded_by: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    recorded_office: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_index: Mapped[int] = mapped_column(BigInteger)


class FeeOpening(Base):
    """What the commitment of a ledger entry ``fee.*`` hides; the auditor reads it by these column names."""

    __tablename__ = "fee_opening"

    ledger_index: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(Digest)
    subject: Mapped[bytes] = mapped_column(LargeBinary)
