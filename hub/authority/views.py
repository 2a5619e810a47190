"""The pages of enrolment, and the decisions about nodes and officers.

This process decides and holds no key: certificates, answers and the revocation list are made by the worker.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hub.accounts.access import allow, current_actor, web_context
from hub.accounts.queries import names_of
from hub.accounts.rules import Role
from hub.authority import labels, queries
from hub.authority.enrolment import approve, invite, refuse
from hub.authority.errors import AuthorityError
from hub.registry.errors import RegistryError
from hub.registry.service import Decision, approve_officer, load_node, revoke_node, revoke_officer
from hub.registry.suspension import ask_to_resume, resume_node, suspend_node
from protocol.errors import SchemaError
from protocol.ids import NodeId, OfficerId, VillageCode, grouped

blueprint = Blueprint("authority", __name__, url_prefix="/network", template_folder="templates")


@blueprint.post("/<node>/revoke")
@allow(Role.NETWORK_ADMIN)
def revoke(node: str) -> ResponseReturnValue:
    """Take a node out of service for ever."""
    name, reason = _node_id(node), request.form.get("reason", "")
    if reason not in labels.REVOCATION_REASONS or request.form.get("sure") != "yes":
        flash(gettext("Pilih alasan dan beri tanda bahwa Anda yakin. Belum ada yang dicabut."), "warning")
        return redirect(url_for("network.node_page", node=name), 303)
    with _told(), web_context().database.session() as session:
        revoke_node(session, name, _decision(reason))
        flash(gettext("Simpul dicabut. Kirimannya mulai sekarang dikarantina."), "success")
    return redirect(url_for("network.node_page", node=name), 303)


@blueprint.post("/<node>/suspend")
@allow(Role.NETWORK_ADMIN)
def suspend(node: str) -> ResponseReturnValue:
    """Put a node aside at once; two persons let it in again."""
    name = _node_id(node)
    with _told(), web_context().database.session() as session:
        suspend_node(session, name, _decision("administrator"))
        flash(gettext("Simpul ditangguhkan. Kirimannya mulai sekarang dikarantina."), "success")
    return redirect(url_for("network.node_page", node=name), 303)


@blueprint.post("/<node>/resume")
@allow(Role.NETWORK_ADMIN)
def resume(node: str) -> ResponseReturnValue:
    """Ask for a suspended node, as the first person, or let it in, as the second."""
    name, by, now = _node_id(node), current_actor().person_id, web_context().clock.now()
    with _told(), web_context().database.session() as session:
        record = load_node(session, name) or abort(404)
        if record.resume_asked_by:
            resume_node(session, name, _decision("administrator"))
            flash(gettext("Simpul aktif lagi."), "success")
        else:
            ask_to_resume(session, now, name, by)
            flash(gettext("Permintaan dicatat. Orang lain harus menyetujuinya."), "success")
    return redirect(url_for("network.node_page", node=name), 303)


@blueprint.get("/quarantine")
@allow(Role.NETWORK_ADMIN, Role.INSPECTORATE)
def quarantine() -> ResponseReturnValue:
    """Show what was put aside whole; ``?node=`` of one node."""
    wanted = request.args.get("node", "")
    node = _node_id(wanted) if wanted else None
    with web_context().database.reading() as session:
        lines = queries.quarantined(session, node)
    return _page("quarantine", lines=lines, node=node)


@blueprint.post("/<node>/officers/<officer>")
@allow(Role.NETWORK_ADMIN)
def decide_officer(node: str, officer: str) -> ResponseReturnValue:
    """Approve or revoke an officer's key."""
    context, officer_id = web_context(), _officer_id(officer)
    with _told(), context.database.session() as session:
        if request.form.get("decision") == "approve":
            approve_officer(session, officer_id, current_actor().person_id)
            flash(gettext("Petugas disetujui. Sertifikatnya dikirim ke simpul."), "success")
        else:
            revoke_officer(session, officer_id, _decision("administrator"))
            flash(gettext("Petugas dicabut. Tanda tangannya tidak diterima lagi."), "success")
    return redirect(url_for("network.node_page", node=_node_id(node)), 303)


@blueprint.get("/enrolment")
@allow(Role.NETWORK_ADMIN)
def enrolment() -> ResponseReturnValue:
    """Show codes and requests."""
    return _enrolment_page(village=request.args.get("village", ""))


@blueprint.post("/enrolment/invite")
@allow(Role.NETWORK_ADMIN)
def make_code() -> ResponseReturnValue:
    """Make a code and show it, this once: it is not stored, so this page cannot be a redirect."""
    context, actor = web_context(), current_actor()
    village, code = request.form.get("village", ""), ""
    try:
        with context.database.session() as session:
            code = invite(
                session,
                context.clock.now(),
                context.randomness,
                VillageCode(village),
                actor.person_id,
                regions=context.catalogue.regions,
            )
    except (AuthorityError, SchemaError):
        flash(gettext("Desa ini tidak ada di kabupaten. Pilih dari daftar."), "warning")
    return _enrolment_page(village=village, code=grouped(code)), 200 if code else 422


@blueprint.post("/enrolment/<code_id>/decision")
@allow(Role.NETWORK_ADMIN)
def decide_enrolment(code_id: str) -> ResponseReturnValue:
    """Let a requesting node in, or turn it down."""
    context, actor, raw = web_context(), current_actor(), _code_id(code_id)
    with _told(), context.database.session() as session:
        if request.form.get("decision") == "approve":
            now, by = context.clock.now(), actor.person_id
            node = approve(session, now, code_id=raw, approved_by=by, randomness=context.randomness)
            flash(gettext("Disetujui. Nama simpul ini: %(node)s.", node=node), "success")
        else:
            refuse(session, raw)
            flash(gettext("Ditolak. Kode ini tidak dapat dipakai lagi."), "success")
    return redirect(url_for("authority.enrolment"), 303)


def _enrolment_page(*, village: str, code: str = "") -> str:
    context, now = web_context(), web_context().clock.now()
    with context.database.reading() as session:
        lines = queries.enrolments(session)
        people = names_of(session, {name for line in lines for name in (line.invited_by, line.approved_by)})
    return _page("enrolment", now=now, lines=lines, people=people, village=village, code=code)


def _page(name: str, **values: Any) -> str:  # noqa: ANN401  # whatever the template shows
    context = web_context()
    return render_template(f"authority/{name}.html", labels=labels, regions=context.catalogue.regions, **values)


@contextmanager
def _told() -> Iterator[None]:
    """Turn a refused step into a message on the page that follows; the transaction inside was rolled back."""
    try:
        yield
    except AuthorityError as error:
        flash(gettext(labels.APPROVAL_RULES[error.rule]), "danger")
    except RegistryError as error:
        flash(gettext(labels.REGISTRY_RULES[error.rule]), "danger")


def _decision(reason: str) -> Decision:
    context = web_context()
    return Decision(now=context.clock.now(), by=current_actor().person_id, randomness=context.randomness, reason=reason)


def _node_id(text: str) -> NodeId:
    try:
        return NodeId(text)
    except SchemaError:
        abort(404)


def _officer_id(text: str) -> OfficerId:
    try:
        return OfficerId(text)
    except SchemaError:
        abort(404)


def _code_id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        abort(404)
