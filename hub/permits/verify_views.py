"""The public page that verifies a paper or a file. No sign-in, no script; one answer for whatever is not ours."""

from flask import Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from hub.accounts.access import public, room_tools, web_context
from hub.accounts.throttle import Quota, take_turn
from hub.accounts.views import visitor_network
from hub.permits import labels
from hub.permits.forms import VerifyForm
from hub.permits.revocation_lists import newest_list
from hub.permits.service import PermitTools
from hub.permits.verify import Verdict, VerifyTools, check_file, check_text, seal_of
from hub.permits.views import blueprint
from protocol.permit import MARK_BYTES

__all__ = ["blueprint"]

CBOR = "application/cbor"
QUOTA = Quota(page="verify", visitor=120, all=6_000)
"""In ten minutes: whoever checks a stack of papers, and ten a second for the whole regency."""


@blueprint.get("/verifikasi")
@public
def verify() -> ResponseReturnValue:
    """Show the empty form."""
    return _page(VerifyForm(formdata=None))


@blueprint.post("/verifikasi")
@public
def verify_now() -> ResponseReturnValue:
    """Say what a QR text or a file is worth. Nothing of it is kept."""
    form, context, tools = VerifyForm(), web_context(), _tools()
    wait = take_turn(context.database, context.clock.now(), QUOTA, visitor_network())
    if wait:
        html, status = _page(form, problem=_(labels.WAIT, minutes=-(-wait // 60)), status=429)
        return html, status, {"Retry-After": str(wait)}
    text, upload = str(form.text.data or "").strip("\r\n\t"), request.files.get("file")
    content = upload.read() if upload is not None else b""
    if not form.validate() or not (text or content):
        return _page(form, problem=labels.NOTHING_GIVEN, status=422)
    with context.database.reading() as session:
        now = context.clock.now()
        found = check_file(session, now, content, tools) if content else check_text(session, now, text, tools)
    return _page(VerifyForm(formdata=None), verdict=found)


@blueprint.get("/verifikasi/kunci.json")
@public
def permit_key() -> ResponseReturnValue:
    """Send the public key that whoever verifies without the hub needs."""
    tools = room_tools(PermitTools)
    return jsonify(hub=str(tools.hub), permit=tools.key.public_key().public_bytes_raw().hex())


@blueprint.get("/verifikasi/pencabutan/<int:part>.cbor")
@public
def revocation_list(part: int) -> ResponseReturnValue:
    """Send one part of the revocation list as it stands now."""
    context, tools = web_context(), room_tools(PermitTools)
    with context.database.reading() as session:
        parts = newest_list(session, context.clock.now(), tools.hub, tools.key)
    if not 1 <= part <= len(parts):
        abort(404)
    headers = {"Content-Disposition": f"attachment; filename=pencabutan-{part}.cbor"}
    return Response(parts[part - 1], mimetype=CBOR, headers=headers)


@blueprint.get("/verifikasi/segel/<mark>.cbor")
@public
def document_seal(mark: str) -> ResponseReturnValue:
    """Send the seal of a document's file; its name is on the paper, in the code, and cannot be guessed."""
    raw = bytes.fromhex(mark) if len(mark) == 2 * MARK_BYTES and set(mark) <= set("0123456789abcdef") else b""
    with web_context().database.reading() as session:
        seal = seal_of(session, raw, _tools())
    if seal is None:
        abort(404)
    return Response(seal, mimetype=CBOR, headers={"Content-Disposition": "attachment; filename=segel.cbor"})


def _tools() -> VerifyTools:
    tools = room_tools(PermitTools)
    return VerifyTools(key=tools.key, keyring=web_context().keyring, hub=tools.hub)


def _page(form: VerifyForm, *, verdict: Verdict | None = None, problem: str = "", status: int = 200) -> tuple[str, int]:
    html = render_template("permits/verify.html", form=form, verdict=verdict, problem=problem, labels=labels)
    return html, status
