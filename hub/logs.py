"""Structured logs: one JSON object a line on standard error. Ids only, never personal data."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping

import structlog

_SIXTEEN_DIGITS = re.compile(r"(?<![0-9])[0-9]{16}(?![0-9])")
_MAX_VALUE = 2_000
_TRAIL_FRAMES = 8


def configure_logs(level: str) -> None:
    """Set the log format of this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def redact(_: object, __: str, event: MutableMapping[str, object]) -> Mapping[str, object]:
    """Mask whatever looks like an identity number and cut what is too long: the last fence, not the first."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _SIXTEEN_DIGITS.sub("[16 digits]", value)[:_MAX_VALUE]
    return event


def trail_of(error: Exception) -> list[str]:
    """Return the last places that an unforeseen error came through, for the log.

    Never its text: drivers and parsers put values into it.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_TRAIL_FRAMES:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
