"""What is being filled in. Everything that says something about the resident is sealed with the officer's vault key."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from village_node.store.schema import Base, UtcDateTime


class Draft(Base):
    """One application that is not signed yet."""

    __tablename__ = "draft"

    draft_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    officer_id: Mapped[str] = mapped_column(String(18), index=True)
    service: Mapped[str] = mapped_column(String(64))
    service_version: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """``rules.Content`` as JSON, sealed at the place ``draft.content:<draft_id>``."""


class DraftFile(Base):
    """One attached file. Its bytes lie in the drafts folder, sealed at ``draft_file.bytes:<file_id>``."""

    __tablename__ = "draft_file"

    file_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("draft.draft_id", ondelete="CASCADE"), index=True)
    requirement: Mapped[str] = mapped_column(String(40))
    media_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    """Bytes as they will be sent, before sealing."""
    attached_at: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    """File name as the officer's computer has it, sealed at the place ``draft_file.name:<file_id>``."""
