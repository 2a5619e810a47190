"""What every program of the hub does at its start and its end."""

import signal
import sys
from collections.abc import Callable
from threading import Event
from typing import NoReturn

from hub.logs import configure_logs
from hub.settings import Settings, SettingsError
from hub.storage.errors import StorageError

EXIT_CONFIG = 78
EXIT_IO = 74
EXIT_DEAF = 69


def load_settings() -> Settings:
    """Read the settings and set the log format.

    Raises:
        SettingsError: they cannot be used.
    """
    settings = Settings.load()
    configure_logs(settings.log_level)
    return settings


def stop_event() -> Event:
    """Return an event that SIGTERM and SIGINT set."""
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def run_program(work: Callable[[], None], broken: tuple[type[Exception], ...]) -> None:
    """Run a program; known failures end it with one line and a stable exit code, ``broken`` ones with 74."""
    try:
        work()
    except SettingsError as error:
        fail(EXIT_CONFIG, "settings", *error.problems)
    except StorageError as error:
        fail(EXIT_CONFIG, "start", str(error))
    except broken as error:
        fail(EXIT_IO, type(error).__name__, str(error))


def end_if(*, is_deaf: bool) -> None:
    """End with a code that lets the service manager start again: a new connection may hear what this one cannot."""
    if is_deaf:
        fail(EXIT_DEAF, "broker: nothing is heard any more")


def fail(code: int, *lines: str) -> NoReturn:
    """End the process with these lines and this code."""
    for line in lines:
        sys.stderr.write(f"simpul-hub: {line}\n")
    sys.exit(code)
