"""The road to the hub's web address for the enrolment: standard library, one POST, a time limit, a size limit."""

import http.client
import urllib.error
import urllib.request

from protocol.limits import MAX_ENROLMENT_BYTES
from village_node.identity.errors import HubUnreachableError

MAX_REFUSAL_BYTES = 200
"""A refusal is a map with one code."""

TIMEOUT_S = 60.0
"""An answer of 120 KB takes 15 s on a link of 64 kbit/s."""


class UrlHubWeb:
    """Posts CBOR to the hub. What comes back is authenticated by its content, not by the transport."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Take the hub's web address (http or https; settings have checked that)."""
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Return HTTP status and body.

        Raises:
            HubUnreachableError: no answer.
        """
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked to be http or https
            self._url + path, data=body, headers={"Content-Type": "application/cbor"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310  # the same
                return answer.status, answer.read(MAX_ENROLMENT_BYTES + 1_000)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(MAX_REFUSAL_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise HubUnreachableError(type(error).__name__) from None
