"""Table: which drafts answer a question of an office."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from village_node.store.schema import Base, Digest


class CorrectionDraft(Base):
    """A draft that corrects a case: an ordinary draft with all answers, of which a few may change."""

    __tablename__ = "correction_draft"
    __table_args__ = (Index("uq_correction_draft_case_officer", "bundle_id", "officer_id", unique=True),)

    draft_id: Mapped[str] = mapped_column(
        String(26), ForeignKey("draft.draft_id", ondelete="CASCADE"), primary_key=True
    )
    officer_id: Mapped[str] = mapped_column(String(18))
    bundle_id: Mapped[bytes] = mapped_column(Digest)
    """The first bundle of the case."""
    letter: Mapped[int]
    """Number of the notice that asked when the draft was begun; others may have come since."""
