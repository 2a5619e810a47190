"""Tables: residents, sealed; what the last import was. Nothing about anybody stands in clear."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from village_node.store.schema import Base, Digest, UtcDateTime


class Resident(Base):
    """One person of the village's register."""

    __tablename__ = "resident"

    nik_index: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    """HMAC of the NIK under the register's own key: finds a NIK that is known, tells nothing about one that is not."""
    name: Mapped[bytes] = mapped_column(LargeBinary)
    """The name alone, sealed: a search opens thousands of these, and one record."""
    record: Mapped[bytes] = mapped_column(LargeBinary)
    """``columns.Person``, sealed."""


class RegisterState(Base):
    """The last import. One row; no row: there is no register."""

    __tablename__ = "register_state"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    officer_id: Mapped[str] = mapped_column(String(18))
    taken: Mapped[int]
    refused: Mapped[int]
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary(200))
    """The register's key, wrapped to this PC's mailbox key, which every certified officer's PIN opens."""
