"""Both languages of the officer's pages: a typed door to Flask-Babel.

Messages are written in Indonesian and are their own keys; English stands in ``translations/en``. Extract them anew with
``pybabel extract -F village_node/web/babel.cfg -k say -k later`` after a text changed (a test compares).
"""

from datetime import date

import flask_babel
from flask import request
from flask_babel.speaklater import LazyString as Lazy

__all__ = ["COOKIE", "LANGUAGES", "Lazy", "chosen", "day", "decimal", "later", "say", "spoken"]

LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}
COOKIE = "simpul-language"


def chosen() -> str:
    """Return the language that the officer chose; Indonesian without a choice."""
    wish = request.cookies.get(COOKIE, "id")
    return wish if wish in LANGUAGES else "id"


def spoken() -> str:
    """Return the language of the page being made."""
    return str(flask_babel.get_locale())[:2]


def say(message: str, **values: object) -> str:
    """Return a message in the language of the page being made."""
    return str(flask_babel.gettext(message, **values))


def later(message: str) -> Lazy:
    """Return a message that finds its language when it is shown: for tables at module level."""
    return flask_babel.lazy_gettext(message)


def decimal(number: float, pattern: str | None = None) -> str:
    """Return a number with the separators of the language."""
    return str(flask_babel.format_decimal(number, format=pattern))


def day(at: date) -> str:
    """Return a day with the month in words: ``24 November 2026``."""
    return str(flask_babel.format_date(at, "d MMMM y"))
