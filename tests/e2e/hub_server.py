"""The hub's web program around a hub without processes, served on loopback: for pages that a test prepares exactly."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

from hub.accounts.rules import Actor
from hub.accounts.service import begin_session
from tests.webs import HubWeb


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the program in a thread; yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)


def session_of(web: HubWeb, person: Actor) -> str:
    """Return the token of a new session of a person."""
    with web.hub.database.session() as session:
        return begin_session(session, web.hub.clock.now(), web.hub.randomness, person.person_id)
