"""What happens when a decision stands: the case goes on, and the village is told, with a receipt."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.events import CaseTools, Happening, ask_receipt, write_event
from hub.casework.stages import Work, advance, note_routing
from hub.casework.tables import CaseStage
from hub.casework.telling import tell_result
from hub.intake.receipts import Statement
from protocol.receipt import Outcome, ReceiptKind


def make_final(
    session: Session,
    now: datetime,
    actor: Actor,
    work: Work,
    done: tuple[Happening, CaseStage],
    tools: CaseTools,
) -> None:
    """Let the case go on after its decision stands."""
    happening, row = done
    opened = advance(session, now, work, [row])
    statement = Statement(kind=ReceiptKind.DECIDED, office=str(actor.office), code=work.case.outcome)
    receipt = ask_receipt(session, now, work.case, statement, tools)
    if work.case.outcome == Outcome.RECORDED:
        number = next((each.reference for each in work.rows if each.action == "recording"), "")
        tell_result(session, now, actor, work.case, (number, ""), tools)
    index = write_event(session, now, actor, work.case, replace(happening, receipt_index=receipt), tools)
    session.flush()
    note_routing(session, now, opened, index)
