"""The WSGI application that gunicorn loads: ``gunicorn hub.wsgi:app``. Built from the settings, once per process."""

from flask import Flask

from hub.accounts.context import WebContext
from hub.catalogue.catalogue import Catalogue
from hub.logs import configure_logs
from hub.settings import Settings
from hub.storage.blobs import FileBlobStore
from hub.storage.engine import Database
from hub.storage.keyring import Keyring
from hub.storage.ports import SystemClock, SystemIds, SystemRandomness
from hub.web.app import create_app


def build_app(settings: Settings) -> Flask:
    """Build the web program with the ports of the real world."""
    clock, randomness = SystemClock(settings.demo_clock), SystemRandomness()
    return create_app(
        WebContext(
            database=Database(settings.url),
            catalogue=Catalogue.load(),
            keyring=Keyring.open(settings.keys_dir),
            blobs=FileBlobStore(settings.blobs_dir),
            clock=clock,
            randomness=randomness,
            ids=SystemIds(clock, randomness),
            settings=settings,
        )
    )


def _load() -> Flask:
    settings = Settings.load()
    configure_logs(settings.log_level)
    return build_app(settings)


app = _load()
