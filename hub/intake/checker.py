"""Verification in a second process, while this one commits what came before.

Rules:
1. The other process only says: these bytes verify under these keys, and this is what they say. Who is known, active or
   revoked is looked up here, in the transaction, as ever; keys that changed meanwhile are noticed and all is done anew.
2. It is a help, not a need: what it does not answer (dead, late, refused) is verified here, and so gets its reason.
3. One batch is with it at a time: the answer is read before the next question is written, so neither blocks the other.
4. A process that died is started again after ``REST`` batches, so that a bundle that kills it cannot keep us busy.
5. What comes back is checked against its types: bytes from a process that opened hostile bundles, and nothing more.
"""

import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Protocol, TypeVar

import msgspec
import structlog

from hub.intake.opening import Opener, Proven
from protocol.catalogue import Service, service_bytes
from protocol.errors import SchemaError
from protocol.ids import HubId, NodeId

T = TypeVar("T")

LEAST = 8
"""Fewer bundles are opened here sooner than there."""
REST = 50
ANSWER_S = 30.0
STOP_S = 5.0

log = structlog.get_logger()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle, and the raw keys under which it may verify: its node's, and its node's officers' by key id."""

    payload: bytes
    node: NodeId
    node_key: bytes
    officers: dict[bytes, bytes]


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """What the other process is told first. It is never written anywhere but into the socket."""

    hub: HubId
    sealing_keys: dict[bytes, bytes]
    services: list[bytes]
    """Of all versions: which catalogue is on the disk when that process starts makes no difference."""


Answer = Proven | None


def encode(message: object) -> bytes:
    """Return the bytes of a message between the two processes."""
    return msgspec.msgpack.encode(message, enc_hook=str)


def decoder(kind: type[T]) -> msgspec.msgpack.Decoder[T]:
    """Return what reads messages of one type, with every name in them."""
    return msgspec.msgpack.Decoder(kind, dec_hook=_name)


def _name(kind: type, value: object) -> object:
    if issubclass(kind, str) and isinstance(value, str):
        return kind(value)
    raise SchemaError


_ANSWERS = decoder(list[Answer])


class Checker(Protocol):
    """Opens bundles beforehand."""

    def ask(self, questions: Sequence[Question]) -> None:
        """Begin with these; what was asked before must have been fetched."""

    def fetch(self) -> Mapping[bytes, Proven]:
        """Return what was found out about what was asked, by payload; waits for it."""


class NoChecker:
    """There is no second process: everything is verified where it is decided."""

    def ask(self, questions: Sequence[Question]) -> None:
        """Do nothing."""

    def fetch(self) -> Mapping[bytes, Proven]:
        """Know nothing."""
        return {}


NO_CHECKER = NoChecker()


class ProcessChecker:
    """The second process, seen from intake."""

    def __init__(self, opener: Opener, services: Iterable[Service]) -> None:
        """Take what it needs to know; it is started by the first question."""
        keys = {kid: key.private_bytes_raw() for kid, key in opener.sealing_keys.items()}
        wire = [service_bytes(service) for service in services]
        self._begin = Begin(hub=opener.hub, sealing_keys=keys, services=wire)
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._asked: list[Question] = []
        self._resting = 0

    @property
    def pid(self) -> int | None:
        """The id of the process, if it runs."""
        return None if self._process is None else self._process.pid

    def ask(self, questions: Sequence[Question]) -> None:
        """Hand the questions over, if there are enough of them and somebody is there to answer."""
        if len(questions) < LEAST or not self._is_there():
            return
        try:
            self._other.send_bytes(encode(list(questions)))
        except OSError as error:
            self._lose(error)
        else:
            self._asked = list(questions)

    def fetch(self) -> Mapping[bytes, Proven]:
        """Wait for the answers; none when the process does not answer (rule 2)."""
        asked, self._asked = self._asked, []
        if not asked:
            return {}
        try:
            if not self._other.poll(ANSWER_S):
                raise TimeoutError
            answers = _ANSWERS.decode(self._other.recv_bytes())
        except (EOFError, OSError, msgspec.DecodeError, SchemaError) as error:
            self._lose(error)
            return {}
        return {question.payload: found for question, found in zip(asked, answers, strict=True) if found is not None}

    def stop(self) -> None:
        """End the process: it ends when its socket does."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process, self._connection, self._asked = None, None, []

    @property
    def _other(self) -> Connection:
        if self._connection is None:
            raise EOFError
        return self._connection

    def _is_there(self) -> bool:
        if self._connection is not None:
            return True
        if self._resting > 0:
            self._resting -= 1
            return False
        try:
            self._start()
        except OSError as error:
            self._lose(error)
        return self._connection is not None

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            arguments = [sys.executable, "-m", "hub.intake.checker_process", str(theirs.fileno())]
            self._process = subprocess.Popen(arguments, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        self._connection = Connection(ours.detach())
        self._connection.send_bytes(encode(self._begin))
        log.info("checker.started", pid=self._process.pid)

    def _lose(self, error: Exception) -> None:
        log.warning("checker.lost", error=type(error).__name__)
        if self._process is not None:
            self._process.kill()
        self.stop()
        self._resting = REST
