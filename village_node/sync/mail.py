"""What the node writes to the hub in its mail."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from protocol.ids import NodeId
from protocol.mailbox import Mail
from protocol.renewal import RenewalRequest
from village_node.identity.certificates import uncertified_officers
from village_node.identity.hub import free_numbers
from village_node.inbox.service import read_cursor
from village_node.notices.service import due_answers
from village_node.sync.rules.messages import SendMail

ROOM_BESIDE_ANSWER = 10_000
"""Bytes of statements beside which a mail still has room for what a request brought."""


def build_mail(
    session: Session,
    node: NodeId,
    action: SendMail,
    stated: Sequence[bytes],
    renewal: RenewalRequest | None = None,
) -> Mail:
    """Return the mail: how far the node has read, what it lacks, what its officers state, what became of requests."""
    officers = uncertified_officers(session)
    is_light = not officers and sum(map(len, stated)) <= ROOM_BESIDE_ANSWER
    return Mail(
        node=node,
        cursor=read_cursor(session),
        proof=action.proof,
        officers=officers,
        free_numbers=free_numbers(session),
        documents=list(action.documents),
        acts=list(stated),
        answers=due_answers(session, may_carry_body=is_light),
        renewal=renewal,
    )
