"""The files of an application: attach, look at, remove; what was seen on paper."""

from contextlib import suppress

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from protocol.catalogue import MediaType, Requirement
from village_node.drafts import service
from village_node.drafts.pictures import UploadError, prepare
from village_node.drafts.queries import find_file
from village_node.drafts.rules import SEEN_PREFIX
from village_node.store.errors import StorageError
from village_node.web.desk import context, desk, for_officers, local, now, officer
from village_node.web.drawing import Shown, file_problems, needs
from village_node.web.errors import wants_json
from village_node.web.language import say
from village_node.web.pages.shown import common, shown_draft
from village_node.web.security import FILE_CSP
from village_node.web.words import UPLOADS, moment, size

blueprint = Blueprint("attachments", __name__)


class UploadRefusedError(Exception):
    """A file that cannot be attached. ``words`` says why."""

    def __init__(self, words: str) -> None:
        """Keep the sentence for the officer."""
        super().__init__("upload refused")
        self.words = words


_ENDINGS = {MediaType.JPEG: ".jpg", MediaType.PNG: ".png", MediaType.PDF: ".pdf"}


@blueprint.get("/isian/<draft_id>/berkas")
@for_officers
def files(draft_id: str) -> ResponseReturnValue:
    """Show the requirements that apply, with what is there."""
    return _page(shown_draft(draft_id), show_problems=False)


@blueprint.post("/isian/<draft_id>/berkas")
@for_officers
def go_on(draft_id: str) -> ResponseReturnValue:
    """Save what was seen on paper and go on, or show which file is missing."""
    shown = shown_draft(draft_id)
    ticked = {f"{SEEN_PREFIX}{each.key}": "" for each in shown.service.requirements}
    ticked |= {key: text for key, text in request.form.items() if key in ticked}
    with context().database.session() as db:
        service.save_fields(db, now(), officer(), draft_id=draft_id, service=shown.service, typed=ticked)
    if shown.reading.file_problems:
        return _page(shown_draft(draft_id), show_problems=True), 422
    return redirect(url_for("applications.check", draft_id=draft_id))


@blueprint.post("/isian/<draft_id>/berkas/tambah")
@for_officers
def attach(draft_id: str) -> ResponseReturnValue:
    """Shrink, seal and keep what was chosen or photographed."""
    shown = shown_draft(draft_id)
    requirement = shown.service.requirement(request.form.get("requirement", ""))
    if requirement is None:
        return redirect(url_for("attachments.files", draft_id=draft_id))
    for upload in request.files.getlist("file"):
        try:
            made = prepare(upload.stream.read(), accepted=requirement.media_types)
        except UploadError as error:
            return _refused(draft_id, str(UPLOADS[error.problem]))
        name = _named(upload.filename or "", made.media_type)
        file = service.NewFile(file_id=context().ids.new(), requirement=requirement.key, name=name, prepared=made)
        _keep(draft_id, file)
    return jsonify(ok=True) if wants_json() else redirect(_at(draft_id, requirement.key))


@blueprint.post("/isian/<draft_id>/berkas/<file_id>/hapus")
@for_officers
def remove(draft_id: str, file_id: str) -> ResponseReturnValue:
    """Take a file away."""
    with context().database.session() as db:
        service.remove_file(db, now(), officer(), draft_id=draft_id, file_id=file_id)
    with context().database.session() as db:
        service.tidy(db, desk().folder, draft_id=draft_id)
    return redirect(url_for("attachments.files", draft_id=draft_id))


@blueprint.get("/isian/<draft_id>/berkas/<file_id>")
@for_officers
def view_file(draft_id: str, file_id: str) -> ResponseReturnValue:
    """Show a file; a PDF is handed out to be saved, nothing of it runs here."""
    with context().database.reading() as db:
        file = find_file(db, officer(), draft_id, file_id)
    content = service.read_bytes(officer(), desk().folder, draft_id, file_id)
    response = Response(content, mimetype=file.media_type)
    response.headers["Content-Security-Policy"] = FILE_CSP
    if file.media_type == MediaType.PDF:
        response.headers["Content-Disposition"] = 'attachment; filename="berkas.pdf"'
    return response


def _keep(draft_id: str, file: service.NewFile) -> None:
    """Keep a file; what the disk took of it before it refused is removed at once, for the next try needs the room.

    Raises:
        StorageError: the disk does not take it; the application is as it was.
    """
    try:
        with context().database.session() as db:
            service.attach_file(db, now(), officer(), draft_id=draft_id, file=file, folder=desk().folder)
    except StorageError:
        with suppress(StorageError), context().database.session() as db:
            service.tidy(db, desk().folder, draft_id=draft_id)
        raise


def take_uploads(draft_id: str, requirement: Requirement) -> None:
    """Shrink, seal and keep the files that came with this request.

    Raises:
        UploadRefusedError: one of them cannot be attached; those before it stay.
        DraftGoneError: no such draft of this officer.
        DraftFullError: the application would have too many files, or too large ones together.
    """
    for upload in request.files.getlist("file"):
        try:
            made = prepare(upload.stream.read(), accepted=requirement.media_types)
        except UploadError as error:
            raise UploadRefusedError(str(UPLOADS[error.problem])) from None
        name = _named(upload.filename or "", made.media_type)
        file = service.NewFile(file_id=context().ids.new(), requirement=requirement.key, name=name, prepared=made)
        _keep(draft_id, file)


def _page(shown: Shown, *, show_problems: bool) -> str:
    facts = {
        file.file_id: {
            "size": size(file.size),
            "time": moment(local(file.attached_at)),
            "is_picture": file.media_type != MediaType.PDF,
        }
        for file in shown.draft.files
    }
    return render_template(
        "files.html",
        **common(shown),
        requirements=needs(shown, show_problems=show_problems),
        facts=facts,
        problems=file_problems(shown) if show_problems else [],
    )


def _refused(draft_id: str, words: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(problem=words), 422
    flash(words, "bad")
    return redirect(url_for("attachments.files", draft_id=draft_id))


def _at(draft_id: str, key: str) -> str:
    return f"{url_for('attachments.files', draft_id=draft_id)}#{key}"


def _named(name: str, media_type: MediaType) -> str:
    """Return the file's own name with the ending of what it became."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = "".join(letter for letter in last.rsplit(".", 1)[0] if letter.isprintable()).strip()[:100]
    return (stem or say("berkas")) + _ENDINGS[media_type]
