"""Marks by which a case is found by its applicant, without a name or number that anybody could read."""

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base

MARK_BYTES = 16
"""Half of a keyed digest: one chance in 10^33 that two words of a million meet, and an address that can be read out."""


class CaseWord(Base):
    """One word of an applicant's name, or their NIK whole or masked, as a keyed mark (``Keyring.blind``)."""

    __tablename__ = "case_word"
    __table_args__ = (Index("ix_case_word_case_id", "case_id"),)

    value: Mapped[bytes] = mapped_column(LargeBinary(MARK_BYTES), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), primary_key=True)
