"""Languages, and times in WIB with the zone named.

Indonesian is the language of the source texts; English is a translation. The choice is a cookie, not part of the
session: it is remembered after signing out.
"""

from datetime import date, datetime

from flask import Flask, request
from flask_babel import Babel, format_date, format_datetime, format_decimal, get_locale

LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}
COOKIE = "simpul_lang"
ZONE = "Asia/Jakarta"
YEAR_S = 365 * 24 * 3600


def choose_language() -> str:
    """Return the language of this request: the chosen one, else Indonesian."""
    chosen = request.cookies.get(COOKIE, "id")
    return chosen if chosen in LANGUAGES else "id"


def set_up_languages(app: Flask) -> None:
    """Translate pages and give the templates their filters."""
    app.config["BABEL_DEFAULT_LOCALE"] = "id"
    app.config["BABEL_DEFAULT_TIMEZONE"] = ZONE
    Babel(app, locale_selector=choose_language)
    app.jinja_env.filters["wib"] = wib
    app.jinja_env.filters["number"] = format_decimal
    app.jinja_env.filters["isodate"] = iso_date
    app.jinja_env.filters["bytes"] = readable_size
    app.jinja_env.globals["language"] = lambda: str(get_locale())
    app.jinja_env.globals["languages"] = LANGUAGES


def wib(moment: datetime | None) -> str:
    """Return a time as people here read it: ``24 Nov 2026 18.51 WIB``."""
    if moment is None:
        return "–"
    return f"{format_datetime(moment, 'd MMM y HH:mm' if str(get_locale()) == 'en' else 'd MMM y HH.mm')} WIB"


def iso_date(text: str) -> str:
    """Return a date that is stored as ``YYYY-MM-DD`` as people read it; anything else as it is."""
    try:
        return str(format_date(date.fromisoformat(text), "d MMM y"))
    except ValueError:
        return text


def readable_size(count: int) -> str:
    """Return a number of bytes as people read it: ``1,2 MB``."""
    for unit, size in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return f"{format_decimal(round(count / size, 1))} {unit}"
    return f"{count} B"
