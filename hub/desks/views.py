"""The work queue: parse, one query, render; search, bulk take, export.

The blueprint of the room is here; ``case_views`` and ``move_views`` add the routes of one case to it.
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime, get_locale
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest, NotFound

from hub.accounts.access import allow, current_actor, room_tools, web_context
from hub.accounts.queries import names_of
from hub.accounts.rules import CASE_READERS, DESK_ROLES, Actor
from hub.calendar.rules import Calendar
from hub.calendar.service import current_calendar
from hub.casework.commands import StageCommand
from hub.casework.errors import CaseNotFoundError, ConflictError, MoveRefusedError
from hub.casework.events import CaseTools
from hub.casework.finding import understand
from hub.casework.service import take_stage
from hub.desks import labels
from hub.desks.export import Export, note_export, to_csv, to_xlsx
from hub.desks.forms import filter_arguments, read_filter, read_picks, read_position, write_position
from hub.desks.queries import (
    DESK_VIEWS,
    MOST_COUNTED,
    ClockFacts,
    Moments,
    QueueFilter,
    QueueRow,
    View,
    counts,
    export_rows,
    work_queue,
)
from hub.desks.time_left import NO_CLOCK, TimeLeft, near_until, time_left
from protocol.receipt import Outcome

blueprint = Blueprint("casework", __name__, template_folder="templates", url_prefix="/cases")

MAX_QUERY = 2_000
MAX_TYPED = 120
FORMS = {
    "csv": (to_csv, "text/csv"),
    "xlsx": (to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@blueprint.get("")
@allow(*CASE_READERS)
def queue() -> ResponseReturnValue:
    """Show the work queue; the filter is in the URL."""
    context, actor, wanted = web_context(), current_actor(), _filter()
    now = context.clock.now()
    with context.database.reading() as session:
        calendar = current_calendar(session)
        moments = Moments(now=now, near=near_until(calendar, str(actor.office), now))
        page = work_queue(session, actor, wanted, moments, read_position(request.args.get("after", "")))
        present = counts(session, actor, moments) if actor.role in DESK_ROLES else {}
        names = names_of(session, [who for row in page.rows for who in _people(row)])
    return render_template(
        "desks/queue.html",
        page=page,
        counts=present,
        most=MOST_COUNTED,
        views=[view for view in View if view in present or view is View.ALL],
        wanted=wanted,
        arguments=filter_arguments(wanted),
        next_position=write_position(page.next) if page.next is not None else "",
        services=context.catalogue.newest_services(),
        subdistricts=context.catalogue.regions.subdistricts,
        left_of=lambda clock: _left(calendar, clock, now),
        names=names,
        may_take=actor.role in DESK_ROLES and wanted.view in DESK_VIEWS,
        labels=labels,
    )


@blueprint.post("/search")
@allow(*CASE_READERS)
def search() -> ResponseReturnValue:
    """Turn what was typed into a filter: names and numbers of people never stand in an address."""
    typed = request.form.get("typed", "")[:MAX_TYPED]
    asked = understand(web_context().keyring, typed)
    kept = {name: value for name, value in request.form.items() if name in _KEPT and len(value) < MAX_TYPED}
    wanted = read_filter(request.form.__class__(kept), _default_view())
    arguments = filter_arguments(wanted) | filter_arguments(
        QueueFilter(view=wanted.view, number=asked.number, marks=asked.marks)
    )
    return redirect(_queue_address(arguments), 303)


@blueprint.post("/take")
@allow(*DESK_ROLES)
def take_many() -> ResponseReturnValue:
    """Take several cases at once: each for itself, so that one that a colleague has taken holds up no other."""
    picked = read_picks(request.form.getlist("pick"))
    results = [_take(StageCommand(case_id=case, version=0, stage=stage, seat=seat)) for case, stage, seat in picked]
    if results.count("done"):
        flash(_("%(n)s berkas diambil.", n=results.count("done")), "success")
    if results.count("late"):
        flash(_("%(n)s berkas sudah lebih dahulu diambil orang lain.", n=results.count("late")), "warning")
    for refused in sorted(set(results) - {"done", "late"}):
        flash(_("%(n)s berkas tidak dapat diambil:", n=results.count(refused)) + " " + _(refused), "warning")
    if not picked:
        flash(_("Belum ada berkas yang ditandai."), "warning")
    return redirect(_queue_address(filter_arguments(_filter())), 303)


@blueprint.get("/export.<form>")
@allow(*CASE_READERS)
def export(form: str) -> ResponseReturnValue:
    """Send exactly what the filter shows, as CSV or XLSX; who took it out is in the ledger."""
    if form not in FORMS:
        raise NotFound
    write, media_type = FORMS[form]
    context, actor, wanted = web_context(), current_actor(), _filter()
    now = context.clock.now()
    with context.database.reading() as session:
        calendar = current_calendar(session)
        moments = Moments(now=now, near=near_until(calendar, str(actor.office), now))
        rows = [_export_row(row, calendar, now) for row in export_rows(session, actor, wanted, moments)]
    content = write(_export_header(), rows)
    taken = Export(form=form, filter=urlencode(filter_arguments(wanted)), rows=len(rows), content=content)
    with context.database.session() as session:
        note_export(session, now, actor, taken, context.randomness)
    headers = {"Content-Disposition": f"attachment; filename=antrean.{form}"}
    return Response(content, mimetype=media_type, headers=headers)


def case_tools() -> CaseTools:
    """Return what the use cases of this room work with."""
    return room_tools(CaseTools)


def who_acts() -> tuple[datetime, Actor]:
    """Return the time and the person of this request."""
    return web_context().clock.now(), current_actor()


_KEPT = frozenset({"view", "sort", "state", "service", "subdistrict", "stage", "due"})


def _take(command: StageCommand) -> str:
    try:
        with web_context().database.session() as session:
            take_stage(session, *who_acts(), command, case_tools())
    except ConflictError:
        return "late"
    except CaseNotFoundError:
        return labels.NOT_ON_DESK
    except MoveRefusedError as refused:
        return labels.RULES[refused.rule]
    return "done"


def _queue_address(arguments: dict[str, str]) -> str:
    return f"{url_for('casework.queue')}?{urlencode(arguments)}"


def _default_view() -> View:
    return View.TO_DO if current_actor().role in DESK_ROLES else View.ALL


def _filter() -> QueueFilter:
    if len(request.query_string) > MAX_QUERY:
        raise BadRequest
    return read_filter(request.args, _default_view())


def _people(row: QueueRow) -> Sequence[str]:
    return () if row.stage is None else tuple(who for who in (row.stage.taken_by, row.stage.proposed_to) if who)


def _left(calendar: Calendar, clock: ClockFacts | None, now: datetime) -> TimeLeft:
    if clock is None:
        return NO_CLOCK
    return time_left(calendar, clock.office, clock.due_at, now, is_paused=clock.is_paused)


def _export_header() -> list[str]:
    return [
        _("Nomor registrasi"),
        _("Kode layanan"),
        _("Layanan"),
        _("Desa/kelurahan"),
        _("Keadaan"),
        _("Hasil"),
        _("Tahap"),
        _("Keadaan tahap"),
        _("Sisa hari kerja"),
        _("Jatuh tempo (WIB)"),
        _("Diterima (WIB)"),
        _("Lengkap (WIB)"),
    ]


def _export_row(row: QueueRow, calendar: Calendar, now: datetime) -> list[str]:
    catalogue = web_context().catalogue
    name = catalogue.service(row.service, row.service_version).name.in_language(str(get_locale()))
    left = _left(calendar, row.clock if row.stage is None else row.stage.clock, now)
    return [
        row.registration_no,
        row.service,
        name,
        row.village,
        _(labels.STATES[row.state].text),
        _(labels.OUTCOMES[Outcome(row.outcome)].text) if row.outcome else "",
        _(labels.ACTIONS[row.stage.action]) if row.stage is not None else "",
        _(labels.STAGE_STATES[row.stage.state].text) if row.stage is not None else "",
        _days(left),
        _moment(left.due_at),
        _moment(row.received_at),
        _moment(row.completed_at),
    ]


def _days(left: TimeLeft) -> str:
    """Return the days as text that no spreadsheet takes for a formula: a word, not a minus."""
    if left.due_at is None:
        return str(_(labels.HASTES[left.haste].text))
    return str(left.days if left.days >= 0 else _("terlambat %(n)s hari kerja", n=-left.days))


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else format_datetime(moment, "yyyy-MM-dd HH:mm")
