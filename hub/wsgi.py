"""The WSGI application that gunicorn loads: ``gunicorn hub.wsgi:app``. Built from the settings, once per process."""

import gc

from flask import Flask

from hub.accounts.context import WebContext
from hub.catalogue.catalogue import Catalogue
from hub.logs import configure_logs
from hub.settings import Settings
from hub.web.app import create_app
from hub.wiring.equipment import make_ports, make_stores
from hub.wiring.web import make_room_tools


def build_app(settings: Settings) -> Flask:
    """Build the web program with the ports of the real world."""
    ports, catalogue = make_ports(settings), Catalogue.load()
    stores = make_stores(settings)
    context = WebContext(
        database=stores.database,
        catalogue=catalogue,
        keyring=stores.keyring,
        blobs=stores.blobs,
        clock=ports.clock,
        randomness=ports.randomness,
        ids=ports.ids,
        settings=settings,
    )
    return create_app(context, *make_room_tools(settings, catalogue, stores, ports))


def _load() -> Flask:
    settings = Settings.load()
    configure_logs(settings.log_level)
    return build_app(settings)


app = _load()
gc.freeze()  # what was loaded stays: a full collection that walked over it cost every hundredth page 70 ms
