"""The web program: this process becomes gunicorn."""

import os
import sys
from typing import NoReturn

from hub.programs.process import load_settings, run_program


def main() -> None:
    """Serve the pages at the address of the settings."""
    run_program(lambda: serve(""), ())


def serve(bind: str) -> NoReturn:
    """Become gunicorn; ``bind`` is address and port, empty for those of the settings.

    Raises:
        SettingsError: the settings cannot be used.
    """
    settings = load_settings()
    arguments = [
        *(sys.executable, "-m", "gunicorn", "hub.wsgi:app"),
        *("--bind", bind or f"{settings.web_host}:{settings.web_port}"),
        *("--workers", str(settings.web_workers), "--threads", str(settings.web_threads)),
        *("--worker-class", "gthread", "--timeout", "30", "--graceful-timeout", "5", "--umask", "0o077"),
        # Longer than the 60 s of a proxy: the side that answers must not be the first to close.
        *("--keep-alive", "65", "--log-level", "warning", "--no-control-socket"),
    ]
    os.execv(sys.executable, arguments)  # noqa: S606  # a fixed program with settings that were checked
