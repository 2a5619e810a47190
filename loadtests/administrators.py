"""Two persons of the network administration, at the hub's pages: one makes codes, the other approves."""

import html
import re
from dataclasses import dataclass

from loadtests.browser import Browser
from loadtests.processes import LocalHub, ProcessError

PAGE = "/network/enrolment"
NAMES = ("load-inviter", "load-approver")
_CODE = re.compile(r'id="code">\s*([0-9A-Z -]+?)\s*<')
_VILLAGE = re.compile(r'<option value="([0-9.]{13})"')


@dataclass(frozen=True, kw_only=True)
class Administrators:
    """Both signed in."""

    inviter: Browser
    approver: Browser

    @classmethod
    def employ(cls, hub: LocalHub) -> "Administrators":
        """Add both to a running hub and sign them in.

        Raises:
            ProcessError: the hub refuses.
        """
        browsers = []
        for name in NAMES:
            add_person(hub, name, "network_admin", "one-stop")
            browsers.append(Browser(hub.url))
            browsers[-1].sign_in(name, password_of(name))
        return cls(inviter=browsers[0], approver=browsers[1])

    def villages(self) -> list[str]:
        """Return the codes of all villages of the regency, in the order of the page."""
        return [html.unescape(code) for code in _VILLAGE.findall(self.inviter.read(PAGE))]

    def invite(self, village_code: str) -> str:
        """Return a code for a village.

        Raises:
            ProcessError: refused.
        """
        found = _CODE.search(self.inviter.submit(PAGE, f"{PAGE}/invite", {"village": village_code}))
        if found is None:
            raise ProcessError(f"{village_code}: no code")
        return found[1]

    def approve(self, code_id: str) -> None:
        """Let the node in that asked with this code.

        Raises:
            ProcessError: refused.
        """
        self.approver.submit(PAGE, f"{PAGE}/{code_id}/decision", {"decision": "approve"})


def add_person(hub: LocalHub, name: str, role: str, office: str) -> None:
    """Add a person of the hub.

    Raises:
        ProcessError: the hub refuses.
    """
    seat = ("--role", role, "--office", office)
    hub.ask("people", "add", name, *seat, "--name", name, "--password-stdin", given=f"{password_of(name)}\n")


def password_of(name: str) -> str:
    """Return the password of a person of a load test: long enough, and good for loopback alone."""
    return f"{name} {name} {name}"
