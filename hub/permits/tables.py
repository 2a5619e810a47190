"""Registers, issued documents with their files, and what was revoked."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, Digest, UtcDateTime

MARK = 16
_LIVE = "state IN ('reserved', 'issued')"


class RegisterHead(Base):
    """How far one register of one office went in one year. Whoever takes a number locks this row."""

    __tablename__ = "permit_register"

    office: Mapped[str] = mapped_column(String(40), primary_key=True)
    register: Mapped[str] = mapped_column(String(20), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)


class RegisterLine(Base):
    """One line of a register: every number from 1 to the last one has exactly one, for ever (gap-free)."""

    __tablename__ = "permit_register_line"
    __table_args__ = (UniqueConstraint("office", "register", "year", "serial"),)

    line_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    office: Mapped[str] = mapped_column(String(40))
    register: Mapped[str] = mapped_column(String(20))
    year: Mapped[int] = mapped_column(Integer)
    serial: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    taken_by: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Taken, but never used: the line stays and says so."""
    void_reason: Mapped[str] = mapped_column(String(40), default="")


class Document(Base):
    """A finished file of a case, as the village fetches it; the bytes lie sealed in the blob store."""

    __tablename__ = "permit_document"

    document_id: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    """Random: it tells nothing about what is inside."""
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(Digest, unique=True)
    content_key: Mapped[bytes] = mapped_column(LargeBinary)
    """The key of the pieces that travel, sealed with the case's data key."""
    blob: Mapped[bytes] = mapped_column(Digest)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Permit(Base):
    """A document with a number: reserved, then issued; later perhaps revoked. Void: its number was never used."""

    __tablename__ = "permit"
    __table_args__ = (
        Index(
            "ux_permit_live",
            "case_id",
            "round",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        Index("ix_permit_office", "office", "permit_id"),
    )

    permit_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    round: Mapped[int] = mapped_column(Integer)
    """Of the case: a case that is reopened may get a letter again."""
    line_id: Mapped[int] = mapped_column(ForeignKey("permit_register_line.line_id"), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(20))
    template: Mapped[str] = mapped_column(String(40))
    office: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(60))
    mark: Mapped[bytes] = mapped_column(LargeBinary(MARK), unique=True)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    """The signed facts of the QR code, sealed with the case's data key: they hold a name."""
    issued_on: Mapped[str] = mapped_column(String(10))
    valid_until: Mapped[str | None] = mapped_column(String(10))
    signer: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    capacity: Mapped[str] = mapped_column(String(120))
    """As it stands above the name: ``Kepala Dinas``, ``a.n. Bupati``, ``Plt. Camat``."""
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    numbered_index: Mapped[int] = mapped_column(BigInteger)
    """Ledger index of the entry that gave the number."""
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_index: Mapped[int | None] = mapped_column(BigInteger)
    document_id: Mapped[bytes | None] = mapped_column(ForeignKey("permit_document.document_id"), unique=True)
    renews: Mapped[str | None] = mapped_column(ForeignKey("permit.permit_id"), index=True)
    version_id: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version_id}  # noqa: RUF012  # SQLAlchemy's way to declare it


class PermitRevocation(Base):
    """A document that no longer holds. Never changed, never deleted."""

    __tablename__ = "permit_revocation"

    permit_id: Mapped[str] = mapped_column(ForeignKey("permit.permit_id"), primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary(MARK), unique=True)
    code: Mapped[str] = mapped_column(String(20))
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    """Why, in words; sealed with the case's data key."""
    proposed_by: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    confirmed_by: Mapped[str] = mapped_column(ForeignKey("person.person_id"))
    revoked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ledger_index: Mapped[int] = mapped_column(BigInteger)


class RevocationSent(Base):
    """Which list a node was written last: the worker writes it the next one when there is a newer."""

    __tablename__ = "permit_revocation_sent"

    node_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


class PermitOpening(Base):
    """What the commitment of a ledger entry ``permit.*`` hides; the auditor reads it by these column names."""

    __tablename__ = "permit_opening"

    ledger_index: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(Digest)
    subject: Mapped[bytes] = mapped_column(LargeBinary)
