"""The wall of villages: the page, the part of it that is asked for again, and the list as a file.

Rules:
1. What is filtered stands in the address; the part that is asked for again and the files take the same arguments.
2. The part carries a tag of its content: a browser that has it gets 304 and no bytes.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import Response, abort, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime, gettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from hub.accounts.access import allow, web_context
from hub.authority.queries import waiting_enrolments
from hub.calendar.service import current_calendar
from hub.desks.export import to_csv, to_xlsx
from hub.health.alarm_queries import count_open
from hub.health.planned import excuses
from hub.health.rules import State
from hub.network import labels
from hub.network.drawing import small_map
from hub.network.shell_views import READERS, blueprint, page
from hub.network.wall import (
    MOST_TILES,
    Wall,
    WallFilter,
    WallNode,
    WallSection,
    read_wall,
    unwell_first,
    wall_nodes,
    wall_sections,
)
from hub.registry.queries import waiting_officers
from protocol.errors import SchemaError
from protocol.ids import RegionCode

MOST_LINES = 100
"""Lines of the table of what is not well; the files have all."""
FORMS = {
    "csv": (to_csv, "text/csv"),
    "xlsx": (to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@blueprint.get("")
@allow(*READERS)
def wall() -> ResponseReturnValue:
    """Show all villages, what is not well first."""
    context, wanted = web_context(), _filter()
    now = context.clock.now()
    with context.database.reading() as session:
        fleet = _wall(session, now, wanted)
        waiting = (waiting_enrolments(session), waiting_officers(session))
        alarm_count = sum(count_open(session).values())
    without_only = {name: value for name, value in _arguments(wanted).items() if name != "only"}
    return page(
        "wall",
        **_shown(fleet, wanted),
        waiting=waiting,
        alarm_count=alarm_count,
        without_only=without_only,
        subdistricts=context.catalogue.regions.subdistricts,
    )


@blueprint.get("/live")
@allow(*READERS)
def live() -> ResponseReturnValue:
    """Return the part of the wall that changes, with a tag of its content (rule 2)."""
    context, wanted = web_context(), _filter()
    with context.database.reading() as session:
        fleet = _wall(session, context.clock.now(), wanted)
    response = make_response(page("_wall", **_shown(fleet, wanted)))
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)


@blueprint.get("/export.<form>")
@allow(*READERS)
def export(form: str) -> ResponseReturnValue:
    """Hand out exactly the nodes that are filtered."""
    if form not in FORMS:
        abort(404)
    write, media_type = FORMS[form]
    context, wanted = web_context(), _filter()
    with context.database.reading() as session:
        now = context.clock.now()
        everything = wall_nodes(session, now, excuses(session, now, current_calendar(session)))
    nodes = [node for node in everything if wanted.takes(node)]
    headers = {"Content-Disposition": f"attachment; filename=jaringan.{form}"}
    return Response(write(_header(), map(_row, nodes)), mimetype=media_type, headers=headers)


def _wall(session: Session, now: datetime, wanted: WallFilter) -> Wall:
    return read_wall(session, now, excuses(session, now, current_calendar(session)), wanted)


def _shown(fleet: Wall, wanted: WallFilter) -> dict[str, Any]:
    sections = wall_sections(fleet, web_context().catalogue.regions, wanted)
    is_small = sum(len(section.tiles) for section in sections) <= MOST_TILES and not fleet.well
    return {
        "wanted": wanted,
        "arguments": _arguments(wanted),
        "counts": Counter(node.state for node in fleet.nodes if wanted.takes(node))
        + Counter({State.LIVE: len(fleet.well)}),
        "unwell": unwell_first(fleet.nodes, wanted),
        "most_lines": MOST_LINES,
        "sections": sections,
        "is_small": is_small,
        "small_maps": Markup() if is_small else _small_maps(sections, wanted),
    }


def _small_maps(sections: Sequence[WallSection], wanted: WallFilter) -> Markup:
    """Return one list item per subdistrict: its name as a link, its map, its counts in words."""
    words = {state: gettext(word) for state, word in labels.STATES.items()}
    none = gettext("belum ada simpul")
    base = f"{request.script_root}/network?" + ("only=unwell&" if wanted.only_unwell else "")
    item = Markup(
        '<li class="border rounded p-2">'
        '<a class="d-block small fw-semibold" href="{base}subdistrict={code}">{title}</a>'
        '{picture}<span class="d-block small text-body-secondary">{told}</span></li>'
    )
    found = []
    for section in sections:
        counts = Counter(section.states)
        told = ", ".join(f"{words[state] if state else none} {count}" for state, count in counts.items())
        picture = Markup(small_map(section.states, f"{section.title}: {told}"))  # noqa: S704  # drawing rule 4
        found.append(item.format(base=base, code=section.code, title=section.title, picture=picture, told=told))
    return Markup("\n").join(found)


def _filter() -> WallFilter:
    """Read the filter out of the address; what is no filter filters nothing."""
    state, subdistrict = None, ""
    with suppress(ValueError):
        state = State(request.args.get("state", ""))
    with suppress(SchemaError):
        subdistrict = str(RegionCode(request.args.get("subdistrict", "")))
    return WallFilter(only_unwell=request.args.get("only") == "unwell", state=state, subdistrict=subdistrict)


def _arguments(wanted: WallFilter) -> dict[str, str]:
    found = {
        "only": "unwell" if wanted.only_unwell else "",
        "state": "" if wanted.state is None else wanted.state.value,
        "subdistrict": wanted.subdistrict,
    }
    return {name: value for name, value in found.items() if value}


def _header() -> list[str]:
    return [
        gettext("Simpul"),
        gettext("Desa"),
        gettext("Keadaan"),
        gettext("Sebab"),
        gettext("Berkas kurang"),
        gettext("Menunggu"),
        gettext("Terlama menunggu (detik)"),
        gettext("Terakhir terdengar (WIB)"),
        gettext("Versi program"),
        gettext("Ruang cakram (MB)"),
        gettext("Sertifikat berlaku sampai (WIB)"),
    ]


def _row(node: WallNode) -> list[str]:
    return [
        node.node_id,
        node.village,
        gettext(labels.STATES[node.state]),
        ", ".join(gettext(labels.AILMENTS[each]) for each in node.ailments),
        ", ".join(map(str, node.gaps)),
        str(node.waiting),
        str(node.oldest_waiting_s),
        _moment(node.seen_at),
        node.program,
        "" if node.disk_free_mb is None else str(node.disk_free_mb),
        _moment(node.certificate_ends_at),
    ]


def _moment(at: datetime | None) -> str:
    return "" if at is None else format_datetime(at, "yyyy-MM-dd HH:mm:ss")
