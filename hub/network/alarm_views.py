"""The pages of alarms: the list by filter, one alarm with its history; acknowledge, clear, comment."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from hub.accounts.access import allow, current_actor, web_context
from hub.accounts.queries import names_of
from hub.accounts.rules import Role
from hub.health.alarm_queries import AlarmFilter, alarm_page, count_open, list_alarms
from hub.health.alarm_rules import AlarmKind, Phase, Severity
from hub.health.alarms import AlarmError, acknowledge, clear, comment
from hub.network import labels
from hub.network.shell_views import READERS, blueprint, page
from protocol.errors import SchemaError
from protocol.ids import RegionCode

Word = TypeVar("Word", bound=StrEnum)

PAGE_LINES = 100


@blueprint.get("/alarms")
@allow(*READERS)
def alarms() -> ResponseReturnValue:
    """Show alarms; the filter stands in the address."""
    context, wanted = web_context(), _filter()
    with context.database.reading() as session:
        lines = list_alarms(session, wanted)
        counts = count_open(session)
        people = names_of(session, {by for line in lines for by in (line.acknowledged_by, line.cleared_by) if by})
    more = lines[-1].id if len(lines) == PAGE_LINES else None
    return page("alarms", lines=lines, wanted=wanted, counts=counts, people=people, more=more, arguments=_arguments())


@blueprint.get("/alarms/<int:alarm_id>")
@allow(*READERS)
def alarm(alarm_id: int) -> ResponseReturnValue:
    """Show one alarm with its history."""
    with web_context().database.reading() as session:
        found = alarm_page(session, alarm_id) or abort(404)
        people = names_of(session, {event.by for event in found.events if event.by})
    return page("alarm", alarm=found.line, events=found.events, people=people)


@blueprint.post("/alarms/<int:alarm_id>")
@allow(Role.NETWORK_ADMIN)
def decide_alarm(alarm_id: int) -> ResponseReturnValue:
    """Acknowledge, clear or comment, with an optional note for each."""
    context, by, note = web_context(), current_actor().person_id, request.form.get("text", "").strip()
    step = STEPS.get(request.form.get("step", "")) or abort(422)
    try:
        with context.database.session() as session:
            step(session, context.clock.now(), alarm_id, by, note)
        flash(gettext("Dicatat."), "success")
    except AlarmError as error:
        flash(gettext(labels.ALARM_RULES[error.rule]), "warning")
    return redirect(url_for("network.alarm", alarm_id=alarm_id), 303)


def _acknowledge(session: Session, now: datetime, alarm_id: int, by: str, note: str) -> None:
    acknowledge(session, now, alarm_id, by)
    _note(session, now, alarm_id, by, note)


def _clear(session: Session, now: datetime, alarm_id: int, by: str, note: str) -> None:
    _note(session, now, alarm_id, by, note)
    clear(session, now, alarm_id, by)


def _comment(session: Session, now: datetime, alarm_id: int, by: str, note: str) -> None:
    comment(session, now, alarm_id, by, note)


def _note(session: Session, now: datetime, alarm_id: int, by: str, note: str) -> None:
    if note:
        comment(session, now, alarm_id, by, note)


STEPS: dict[str, Callable[[Session, datetime, int, str, str], None]] = {
    "acknowledge": _acknowledge,
    "clear": _clear,
    "comment": _comment,
}


def _filter() -> AlarmFilter:
    before, scope = request.args.get("before", "", type=str), ""
    with suppress(SchemaError):
        scope = str(RegionCode(request.args.get("scope", "")))
    return AlarmFilter(
        phase=None if request.args.get("phase") == "all" else _word(Phase, "phase") or Phase.OPEN,
        severity=_word(Severity, "severity"),
        kind=_word(AlarmKind, "kind"),
        scope=scope,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,  # noqa: PLR2004
        limit=PAGE_LINES,
    )


def _word(kind: type[Word], name: str) -> Word | None:
    with suppress(ValueError):
        return kind(request.args.get(name, ""))
    return None


def _arguments() -> dict[str, str]:
    names = ("phase", "severity", "kind", "scope")
    return {name: request.args[name] for name in names if request.args.get(name)}
