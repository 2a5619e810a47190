"""What the checks of files found."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, UtcDateTime


class AttachmentCheck(Base):
    """One file that was looked at. Written once; a new version of the check would be another row of another table."""

    __tablename__ = "attachment_check"
    __table_args__ = (
        ForeignKeyConstraint(["bundle_id", "position"], ["bundle_attachment.bundle_id", "bundle_attachment.position"]),
        Index("ix_attachment_check_state", "state"),
    )

    bundle_id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(20))
    """The real media type; empty when it is none that is served."""
    findings: Mapped[str] = mapped_column(String(200))
    pages: Mapped[int] = mapped_column(Integer)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
