"""Things that should not happen and did: counted, with the evidence of the first time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from village_node.inbox.tables import Flag


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagRaised:
    """Something that should not happen did."""

    code: str
    about: bytes = b""
    evidence: bytes = b""


def raise_flag(session: Session, now: datetime, raised: FlagRaised) -> None:
    """Count a flag; the first evidence is kept."""
    flag = session.scalars(select(Flag).where(Flag.code == raised.code, Flag.about == raised.about)).first()
    if flag is None:
        session.add(
            Flag(
                code=raised.code,
                about=raised.about,
                times=1,
                first_at=now,
                last_at=now,
                evidence=raised.evidence,
            )
        )
        session.flush()
    else:
        flag.times += 1
        flag.last_at = now
