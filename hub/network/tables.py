"""Table of the hub's own programs: when each was last at work."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, UtcDateTime


class ProgramBeat(Base):
    """When a program of the hub said that it works."""

    __tablename__ = "program_beat"

    program: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[str] = mapped_column(String(40))
