"""A bare app with both languages: words need a request to know their language, and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from flask import Flask
from flask_babel import Babel

from village_node.web import app as shell
from village_node.web.language import COOKIE, chosen

Speak = Callable[[str], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def bare() -> Flask:
    app = Flask(shell.__name__)
    app.config["BABEL_DEFAULT_LOCALE"] = "id"
    Babel(app, locale_selector=chosen)
    return app


@pytest.fixture
def speak(bare: Flask) -> Speak:
    @contextmanager
    def speaking(language: str) -> Iterator[None]:
        with bare.test_request_context("/", headers={"Cookie": f"{COOKIE}={language}"}):
            yield

    return speaking
