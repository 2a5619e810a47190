"""The app for waitress on 127.0.0.1: made once per process from the node's context."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

from flask import Flask
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFProtect

from village_node.context import NodeContext
from village_node.drafts.folder import DraftFolder
from village_node.drafts.pictures import MAX_UPLOAD_BYTES
from village_node.drafts.service import tidy
from village_node.identity.hub import find_enrolled
from village_node.outbox import queries as outbox
from village_node.store.errors import StorageError
from village_node.store.space import SpaceWatch
from village_node.web import errors, security
from village_node.web.checkup import space_warning, warnings
from village_node.web.desk import Desk, desk, find_seat, local, now
from village_node.web.importing import Importing
from village_node.web.language import chosen, say, spoken
from village_node.web.notices import told
from village_node.web.pages import (
    applications,
    attachments,
    corrections,
    decisions,
    help_page,
    home,
    messages,
    numbers,
    officers,
    register,
    sending,
    session,
    usb,
    verify,
)
from village_node.web.seats import Seats
from village_node.web.standing import link_words, unknown_link
from village_node.web.uploads import MemoryRequest

BLUEPRINTS = (
    home.blueprint,
    session.blueprint,
    applications.blueprint,
    attachments.blueprint,
    corrections.blueprint,
    decisions.blueprint,
    verify.blueprint,
    usb.blueprint,
    sending.blueprint,
    officers.blueprint,
    register.blueprint,
    help_page.blueprint,
    messages.blueprint,
    numbers.blueprint,
)
_FORM_ROOM = 200_000
"""Bytes of a request besides the file itself."""


def create_app(context: NodeContext, space: SpaceWatch | None = None) -> Flask:
    """Return the officer's pages over this node; ``space`` watches the disk, by its usual rules unless given."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=context.randomness.token(32),  # a restart signs everybody out; the vaults are gone then anyway
        MAX_CONTENT_LENGTH=MAX_UPLOAD_BYTES + _FORM_ROOM,
        MAX_FORM_MEMORY_SIZE=_FORM_ROOM * 2,
        MAX_FORM_PARTS=400,
        BOOTSTRAP_SERVE_LOCAL=True,
        BABEL_DEFAULT_LOCALE="id",
        BABEL_TRANSLATION_DIRECTORIES=str(Path(__file__).parent / "translations"),
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.request_class = MemoryRequest
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    folder = DraftFolder(context.settings.drafts_dir)
    with context.database.reading() as db:
        tidy(db, folder)  # what a crash left between a file and its row
    seats = Seats(context.unlocks, context.clock, lock_after_s=context.settings.lock_after_s)
    app.extensions["simpul"] = Desk(
        context=context,
        seats=seats,
        folder=folder,
        space=space or SpaceWatch(context.settings.data_dir, context.clock),
        importing=Importing(context),
    )
    security.guard(app)
    Bootstrap5(app)
    CSRFProtect(app)
    Babel(app, locale_selector=chosen)
    errors.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    _share_with_templates(app, context)
    return app


def _share_with_templates(app: Flask, context: NodeContext) -> None:
    """Give each page what its head shows: place, link, officer, language, version."""

    @app.context_processor
    def head() -> dict[str, object]:
        shown = _known_head(context)
        return {
            **shown,
            "may_begin": desk().space.look().may_begin,
            "officer": find_seat(),
            "lock_minutes": max(1, context.settings.lock_after_s // 60),
            "language": spoken(),
            "version": _version(),
        }


def _known_head(context: NodeContext) -> dict[str, object]:
    """Return what the database knows for the head; a page about a failing disk must not need that disk."""
    try:
        with context.database.reading() as db:
            enrolled, state, warned = find_enrolled(db), outbox.home(db), [*warnings(db), *told(db)]
    except StorageError:
        return {"place": "–", "place_code": "", "node_id": "–", "link": unknown_link(), "warnings": space_warning()}
    since = local(state.link_since) if state.link_since else None
    return {
        "place": enrolled.place if enrolled else say("belum terdaftar"),
        "place_code": enrolled.node.village if enrolled else "",
        "node_id": enrolled.node if enrolled else "–",
        "link": link_words(state, since=since, now=local(now())),
        "warnings": warned,
    }


def _version() -> str:
    try:
        return installed_version("simpul")
    except PackageNotFoundError:
        return "0"
