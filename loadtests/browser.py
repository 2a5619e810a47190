"""A person at the hub's pages without a browser: signs in, keeps the cookie, sends forms with their token."""

import re
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPResponse
from http.cookiejar import CookieJar

from loadtests.processes import ProcessError

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
TIMEOUT_S = 30


class Browser:
    """One signed-in person."""

    def __init__(self, url: str) -> None:
        """Start without a cookie."""
        self._url = url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def sign_in(self, username: str, password: str) -> None:
        """Sign in.

        Raises:
            ProcessError: the hub does not let this person in.
        """
        page = self.submit("/sign-in", "/sign-in", {"username": username, "password": password})
        if 'name="password"' in page:
            raise ProcessError(f"{username} cannot sign in")

    def read(self, path: str) -> str:
        """Return a page.

        Raises:
            ProcessError: not answered with success.
        """
        return self._open(urllib.request.Request(self._url + path))  # noqa: S310  # loopback

    def submit(self, form_page: str, path: str, fields: dict[str, str]) -> str:
        """Send a form with the token of the page that shows it, and return the page that follows.

        Raises:
            ProcessError: not answered with success.
        """
        found = _TOKEN.search(self.read(form_page))
        if found is None:
            raise ProcessError(f"{form_page}: no form")
        body = urllib.parse.urlencode({**fields, "csrf_token": found[1]}).encode()
        return self._open(urllib.request.Request(self._url + path, data=body))  # noqa: S310  # loopback

    def _open(self, asked: urllib.request.Request) -> str:
        try:
            answer: HTTPResponse = self._opener.open(asked, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as error:
            with error:
                raise ProcessError(f"{urllib.parse.urlsplit(asked.full_url).path}: HTTP {error.code}") from None
        with answer:
            return answer.read().decode()
