"""Tables of the authority: enrolment codes and the certificates that were issued."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, UtcDateTime


class EnrolmentCode(Base):
    """One one-time code and what became of it. The code itself is never stored, only what is derived from it."""

    __tablename__ = "enrolment_code"
    __table_args__ = (
        CheckConstraint(
            "state IN ('open', 'requested', 'approved', 'issued', 'refused', 'closed')",
            name="state",
        ),
        CheckConstraint("approved_by <> invited_by", name="two_persons"),
    )

    code_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    village: Mapped[str] = mapped_column(String(13))
    state: Mapped[str] = mapped_column(String(10), index=True)
    request_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    response_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Both keys are erased when the code is closed."""
    invited_by: Mapped[str] = mapped_column(String(80))
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """Requests with this code id and a wrong MAC."""
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    request: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """The authenticated body; it names officers, and is erased when the code is closed."""
    signing_key: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    approved_by: Mapped[str | None] = mapped_column(String(80), default=None)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    node_id: Mapped[str | None] = mapped_column(ForeignKey("node.node_id"), default=None)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """The authenticated answer, the same bytes whenever it is fetched."""
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class NodeCertificate(Base):
    """A client certificate that the hub's authority issued to a node; what the revocation list is made from."""

    __tablename__ = "node_certificate"

    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Hexadecimal."""
    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), index=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of the node's TLS key, whose holder proved to have it: what a renewal certifies again."""
    trust: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Digest of the authorities that were told with it; another one than today's is a reason to renew."""
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NodeRenewal(Base):
    """A node's wish for a new certificate, over the link or at the door, until it is answered."""

    __tablename__ = "node_renewal"

    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """The signed certificate notice, for a node that cannot connect; the same bytes also go to its mailbox."""


class SessionCut(Base):
    """How far the worker is with ending the broker session of a node that was revoked or suspended."""

    __tablename__ = "session_cut"

    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the node was revoked or suspended; a later moment begins anew."""
    rounds: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cut_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When the broker first confirmed that no session of this name is open."""
