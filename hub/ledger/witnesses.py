"""Asks outside witnesses for their cosignatures over HTTP (c2sp.org/tlog-witness). Run by the worker.

A witness that does not answer, or refuses, is asked again later, each time after twice as long; the others do not wait
for it longer than ``TIMEOUT_S``.
"""

import http.client
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog

from hub.ledger.cosigning import (
    Push,
    WitnessState,
    keep_cosignature,
    next_push,
    note_size,
    note_witness,
)
from hub.storage.engine import Database
from protocol.cosignature import WitnessKey
from protocol.errors import MalformedError, ProtocolError

TIMEOUT_S = 3.0
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
MAX_ANSWER = 2_000
LOOPBACK = ("127.0.0.1", "localhost", "::1")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class WitnessAddress:
    """A witness that the hub asks."""

    key: WitnessKey
    url: str

    @classmethod
    def parse(cls, text: str) -> "WitnessAddress":
        """Read ``name+hash+key@https://address``.

        Raises:
            MalformedError: not that form; plain HTTP is for loopback alone.
        """
        verifier, _, url = text.partition("@")
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not is_safe or not parts.hostname or parts.query or parts.fragment:
            raise MalformedError("witness address")
        return cls(key=WitnessKey.parse(verifier), url=url.rstrip("/"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a witness answered."""

    status: int
    text: str


Post = Callable[[str, bytes], Reply]
"""Posts to a witness. Raises ``OSError`` or ``http.client.HTTPException`` when there is no answer."""


def post(url: str, body: bytes) -> Reply:
    """Post over HTTP; redirects are not followed.

    Raises:
        OSError: no connection.
        HTTPException: no HTTP.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", f"{parts.path}/add-checkpoint", body, {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        return Reply(status=answer.status, text=answer.read(MAX_ANSWER).decode("utf-8", "replace"))
    finally:
        connection.close()


class Witnesses:
    """All witnesses of a hub."""

    def __init__(self, addresses: Sequence[WitnessAddress], database: Database, send: Post = post) -> None:
        """Take whom to ask."""
        self._addresses = addresses
        self._database = database
        self._send = send
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, datetime] = {}

    def ask_all(self, now: datetime) -> None:
        """Send each witness what it lacks, and keep what it answers.

        Raises:
            LedgerCorruptError: the tiles do not add up.
        """
        for address in self._addresses:
            name = address.key.name
            if now >= self._not_before.get(name, now):
                state = self._ask(address, now)
                self._plan(name, now, state)

    def _ask(self, address: WitnessAddress, now: datetime) -> WitnessState:
        with self._database.reading() as session:
            push = next_push(session, address.key)
        if push is None:
            return WitnessState.COSIGNED
        try:
            reply = self._send(address.url, push.body)
        except (OSError, http.client.HTTPException) as error:
            log.warning("witness.silent", witness=address.key.name, error=type(error).__name__)
            return self._note(address.key, now, WitnessState.SILENT)
        return self._take(address.key, now, push, reply)

    def _take(self, key: WitnessKey, now: datetime, push: Push, reply: Reply) -> WitnessState:
        if reply.status == HTTPStatus.CONFLICT and reply.text.strip().isdigit():
            with self._database.session() as session:
                is_ours = note_size(session, now, key, int(reply.text.strip()[:19]))
            return WitnessState.BEHIND if is_ours else self._refused(key, reply)
        if reply.status != HTTPStatus.OK:
            self._refused(key, reply)
            return self._note(key, now, WitnessState.REFUSED)
        try:
            with self._database.session() as session:
                keep_cosignature(session, now, key, push, reply.text)
        except ProtocolError as error:
            log.error("witness.false_signature", witness=key.name, code=error.code)
            return self._note(key, now, WitnessState.REFUSED)
        return WitnessState.COSIGNED

    def _refused(self, key: WitnessKey, reply: Reply) -> WitnessState:
        log.error("witness.refused", witness=key.name, status=reply.status)
        return WitnessState.REFUSED

    def _note(self, key: WitnessKey, now: datetime, state: WitnessState) -> WitnessState:
        with self._database.session() as session:
            note_witness(session, now, key, state)
        return state

    def _plan(self, name: str, now: datetime, state: WitnessState) -> None:
        if state in {WitnessState.COSIGNED, WitnessState.BEHIND}:
            self._failures[name] = 0
            self._not_before[name] = now
            return
        self._failures[name] = self._failures.get(name, 0) + 1
        self._not_before[name] = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures[name] - 1, 10))
