"""Renewal at the door: what a PC does that comes back from a drawer with a certificate that is over.

It cannot connect any more, so it asks the hub's web address, before a try to connect and from the thread that waits for
the link: nothing else stops meanwhile, and the officer goes on saving. Every answer is signed by the hub; who sits in
between learns the node's name, which its certificate says to every broker anyway.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog

from protocol.envelope import Purpose
from protocol.errors import ProtocolError
from protocol.renewal import RENEWAL_PATH, DoorRequest
from protocol.wire import to_bytes
from village_node.identity.enrolment import HubWeb, refusal_code
from village_node.identity.errors import HubUnreachableError
from village_node.identity.hub import Enrolled, find_enrolled
from village_node.identity.keys import NodeKeys
from village_node.identity.renewal import is_over, read_next, store_next
from village_node.store.engine import Database
from village_node.store.ports import Clock

PAUSE_MS = 60_000
"""Between two tries. The hub needs a second; a person who renews nothing need not be asked more often."""

SOON_MS = 2_000
"""After ``pending``: the certificate is being made."""

log = structlog.get_logger()


@dataclass(kw_only=True, slots=True)
class Door:
    """Asks at the hub's web address when, and only when, the certificate is over."""

    database: Database
    keys: NodeKeys
    clock: Clock
    open_web: Callable[[str], HubWeb]
    """Returns what posts to a web address."""
    hub_url: str = ""
    """From the settings; empty: where the enrolment was."""
    _next_ms: int = field(default=0, init=False)

    def knock(self) -> str:
        """Renew the certificate if it is over; return how that went as a stable word, empty when nothing was due.

        Raises:
            StorageError: the store did not take the certificate; the next try gets the same one.
        """
        with self.database.reading() as session:
            enrolled = find_enrolled(session)
        now_ms = self.clock.elapsed_ms()
        if enrolled is None or now_ms < self._next_ms or not is_over(enrolled, self.clock.now()):
            return ""
        outcome = self._ask(enrolled, self.hub_url or enrolled.hub_url)
        self._next_ms = now_ms + (SOON_MS if outcome == "pending" else PAUSE_MS)
        log.info("renewal.door", outcome=outcome)
        return outcome

    def _ask(self, enrolled: Enrolled, url: str) -> str:
        if not url:
            return "no_address"
        request = DoorRequest(node=enrolled.node, csr=self.keys.signing_request(), asked_at=max(0, self.clock.now_ms()))
        envelope = self.keys.sign(to_bytes(request), Purpose.RENEWAL)
        try:
            status, body = self.open_web(url).post(RENEWAL_PATH, envelope)
        except HubUnreachableError:
            return "unreachable"
        if status != HTTPStatus.OK:
            return refusal_code(status, body)
        return self._take(body, enrolled)

    def _take(self, body: bytes, enrolled: Enrolled) -> str:
        try:
            found = read_next(body, enrolled)
        except ProtocolError as error:
            return error.code
        if found is None:
            return "no_newer"
        with self.database.session() as session:
            store_next(session, found)
        self.keys.write_certificates(found.certificate, found.authority)
        return "renewed"
