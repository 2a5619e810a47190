"""Marks by which cases of the same person, family card or address are found without storing any of them readably."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, Digest


class CaseMark(Base):
    """One mark of a case: a keyed digest (``Keyring.blind``). Equal marks, equal values; nothing else can be read."""

    __tablename__ = "case_mark"
    __table_args__ = (Index("ix_case_mark_value", "value", "kind"),)

    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    """``nik``, ``kk_no`` or ``address``."""
    value: Mapped[bytes] = mapped_column(Digest)
