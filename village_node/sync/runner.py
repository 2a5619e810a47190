"""Executes what the engine decides: store changes of a step in one transaction, then what is seen outside.

Rules:
1. Events that came together are one step: one transaction, one flush to the disk.
2. If the transaction fails nothing is sent: the engine is thrown away and begins anew from what the store holds.
3. Nothing that comes from outside can end the loop; what it raises is an error of this program and ends the process
   loudly (``app.py``), so that the service manager starts it again from the store.
"""

import queue
import threading
from collections.abc import Callable
from functools import partial
from itertools import islice

import structlog

from protocol.envelope import Purpose
from protocol.health import HealthKind
from protocol.topics import Up
from protocol.wire import to_bytes
from village_node.store.errors import StorageError
from village_node.store.ports import fraction
from village_node.sync.carrier import Carrier, Greeting, Outbound
from village_node.sync.engine import Engine
from village_node.sync.rules import messages as m
from village_node.sync.staging import read_messages
from village_node.sync.store import NodeParts, SqlStore, Store

__all__ = ["NodeParts", "Runner"]

MOST_EVENTS = 64
"""Events of one step."""

LONGEST_WAIT_S = 30.0
AFTER_FAILURE_S = 30.0

log = structlog.get_logger()


class Runner:
    """The sync thread of one node. ``step`` can be called by a test without any thread."""

    def __init__(self, parts: NodeParts, carrier: Carrier, store: Store | None = None) -> None:
        """Begin from what the store holds; the store is the parts' database, or what a simulation hands in."""
        self._parts, self._carrier = parts, carrier
        self._store = SqlStore(parts) if store is None else store
        self._queue: queue.SimpleQueue[Callable[[], m.Event | None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._session = 0
        self._last_counter = 0
        self._engine = self._restart()

    def run(self) -> None:
        """Work until ``stop``."""
        while not self._stopping.is_set():
            try:
                self._carrier.start(self._deliver, self._greet)
                while not self._stopping.is_set():
                    self.step(self._wait_for_events())
                    self.read_parcels()
            except StorageError as error:  # rule 2
                log.error("sync.storage", code=error.code, reason=error.reason)
                self._carrier.stop(None)
                self._stopping.wait(AFTER_FAILURE_S)
                self._begin_anew()
        self._carrier.stop(self._farewell())

    def read_parcels(self) -> int:
        """Take in the parcels that were staged, and return how many messages that were.

        Raises:
            StorageError: the store did not take it; the parcel stays.
        """
        count = 0
        for path in self._parts.parcels.waiting():
            self.step([m.Ticked()])  # the engine knows every item that this may be about
            messages = read_messages(path)
            while batch := [m.Received(kind, raw, is_carried=True) for kind, raw in islice(messages, MOST_EVENTS)]:
                self.step(list(batch))
                count += len(batch)
            self._parts.parcels.remove(path)
        return count

    def wake(self) -> None:
        """Look into the outbox and try now. From any thread."""
        self._carrier.hurry()
        self._queue.put(m.Woken)

    def stop(self) -> None:
        """End ``run``. From any thread, also from a signal handler."""
        self._stopping.set()
        self._queue.put(m.Ticked)

    def step(self, events: list[m.Event]) -> None:
        """Handle events that came together (rule 1).

        What the store lacks of documents comes first: a piece among the events is newer. New items come last, so that
        a wish to hurry sends them once.

        Raises:
            StorageError: the store did not take it; nothing was sent.
        """
        actions: list[m.Action] = []
        lacking, items = self._look_around(events)
        for event in [*lacking, *events, *items]:
            actions += self._engine.handle(event, self._parts.clock.elapsed_ms())
            if isinstance(event, m.Connected):
                self._session = max(self._session, event.session)
        stores = [action for action in actions if not isinstance(action, m.SendAction)]
        if stores:
            self._store.keep(self._parts.clock.now(), stores, self._session)
        for send in actions:
            if isinstance(send, m.SendAction):
                self._send(send)

    # --- the loop ----------------------------------------------------------------------------------------------------

    def _deliver(self, make: Callable[[], m.Event | None]) -> None:
        self._queue.put(make)

    def _wait_for_events(self) -> list[m.Event]:
        wait_s = (self._engine.next_wake_ms() - self._parts.clock.elapsed_ms()) / 1_000
        events: list[m.Event] = []
        try:
            first = self._queue.get(timeout=max(0.0, min(wait_s, LONGEST_WAIT_S)))
            for make in [first, *self._rest_of_queue()]:
                event = make()
                if event is not None:
                    events.append(event)
        except queue.Empty:
            pass
        return events or [m.Ticked()]

    def _rest_of_queue(self) -> list[Callable[[], m.Event | None]]:
        found: list[Callable[[], m.Event | None]] = []
        while len(found) < MOST_EVENTS and not self._queue.empty():
            found.append(self._queue.get())
        return found

    def _begin_anew(self) -> None:
        while not self._stopping.is_set():
            try:
                self._engine = self._restart()
                return
            except StorageError as error:
                log.error("sync.storage", code=error.code, reason=error.reason)
                self._stopping.wait(AFTER_FAILURE_S)

    def _restart(self) -> Engine:
        parts, enrolled = self._parts, self._parts.enrolled
        begun = self._store.begin(parts.clock.now())
        self._session = max(self._session, begun.last_session)
        self._last_counter = max((item.counter for item in begun.memory.items), default=0)
        trust = m.Trust(
            node=enrolled.node, hub=enrolled.hub, log=enrolled.log, find_message_key=enrolled.find_message_key
        )
        return Engine(trust, begun.memory, partial(fraction, parts.randomness), parts.limits)

    def _look_around(self, events: list[m.Event]) -> tuple[list[m.Event], list[m.Event]]:
        if not any(isinstance(event, m.Woken | m.Ticked | m.Connected) for event in events):
            return [], []
        seen = self._store.look(self._last_counter)
        self._last_counter = max((item.counter for item in seen.items), default=self._last_counter)
        return [m.DocumentsLacking(seen.lacking)] if seen.lacking else [], [m.ItemSealed(item) for item in seen.items]

    # --- send actions ------------------------------------------------------------------------------------------------

    def _send(self, action: m.SendAction) -> None:
        match action:
            case m.SendManifest():
                self._publish(Up.BUNDLE, self._store.message(action.bundle), action.token)
            case m.SendChunk():
                self._send_chunk(action)
            case m.SendMail():
                self._send_mail(action)
            case m.SendBirth():
                self._publish(Up.BIRTH, self._health(HealthKind.BIRTH, action.session))
            case m.SendHeartbeat():
                self._publish(Up.HEALTH, self._health(HealthKind.HEARTBEAT, action.session))
            case m.DropConnection():
                self._carrier.reconnect()

    def _send_chunk(self, action: m.SendChunk) -> None:
        try:
            message = self._parts.files.chunk(action.bundle, action.attachment, action.index)
        except StorageError:
            log.error("sync.file_damaged", bundle=action.bundle.hex(), attachment=action.attachment)
            self._deliver(partial(m.ItemUnreadable, action.bundle))
            return
        self._publish(Up.CHUNK, message, action.token)

    def _publish(self, kind: Up, payload: bytes, token: int | None = None) -> None:
        self._carrier.publish(Outbound(kind=kind, payload=payload, token=token))

    def _send_mail(self, action: m.SendMail) -> None:
        mail = self._store.mail(self._parts.clock.now(), action)
        self._publish(Up.MAIL, self._parts.keys.sign(to_bytes(mail), Purpose.MAIL))

    def _health(self, kind: HealthKind, broker_session: int) -> bytes:
        return self._parts.keys.sign(to_bytes(self._store.health(kind, broker_session)), Purpose.HEALTH)

    def _greet(self) -> Greeting:
        """Draw a session number larger than every one before; it is stored when the session begins."""
        self._session = max(self._session + 1, self._parts.clock.now_ms())
        return Greeting(session=self._session, will=self._death(self._session))

    def _death(self, broker_session: int) -> bytes:
        return self._parts.keys.sign(to_bytes(self._store.farewell(broker_session)), Purpose.HEALTH)

    def _farewell(self) -> Outbound:
        return Outbound(kind=Up.DEATH, payload=self._death(self._session))
