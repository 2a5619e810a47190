"""Table: service definitions, every version ever received."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from village_node.store.schema import Base, UtcDateTime


class CachedService(Base):
    """One version of one service, byte for byte as it came."""

    __tablename__ = "cached_service"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
