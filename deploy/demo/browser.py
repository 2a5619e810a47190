"""A browser without a screen: cookies, redirects, forms with their hidden fields, one page at a time."""

import http.client
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

MAX_REDIRECTS = 5
SEE_OTHER = frozenset({301, 302, 303})
TIMEOUT_S = 60.0


class BrowserError(Exception):
    """A page is not what a person would have expected; the text says which page, never what was typed."""


@dataclass(kw_only=True)
class Form:
    """One form of a page with what its fields hold already."""

    action: str
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Of radio buttons: value and the id of the input."""
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a request brought, after redirects."""

    path: str
    status: int
    text: str
    forms: Sequence[Form]
    links: Sequence[tuple[str, str]]
    """Address and ``rel``."""
    labels: Mapping[str, str]
    """Text of a label by the id of its input."""

    def form(self, ending: str) -> Form:
        """Return the form whose address ends so.

        Raises:
            BrowserError: the page has none.
        """
        for each in self.forms:
            if urlsplit(urljoin(self.path, each.action)).path.endswith(ending):
                return each
        raise BrowserError(f"HTTP {self.status}: no form {ending} on {self.path}")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file to be sent with a form."""

    name: str
    media_type: str
    content: bytes


class Browser:
    """One browser window at one site of loopback. Not thread-safe."""

    def __init__(self, url: str) -> None:
        """Point it at a site; nothing is asked yet."""
        self.url = url
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        """Open a page.

        Raises:
            OSError: the site does not answer.
        """
        return self._follow("GET", path, b"", {})

    def post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Page:
        """Send a form.

        Raises:
            OSError: the site does not answer.
        """
        body = urlencode(fields).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._follow("POST", path, body, kind | dict(headers or {}))

    def submit(self, page: Page, ending: str, **changed: str) -> Page:
        """Send one of the page's forms with some fields changed.

        Raises:
            BrowserError: the page has no such form.
            OSError: the site does not answer.
        """
        form = page.form(ending)
        return self.post(urljoin(page.path, form.action), form.fields | changed)

    def upload(self, path: str, fields: Mapping[str, str], upload: Upload) -> Page:
        """Send a form with a file.

        Raises:
            OSError: the site does not answer.
        """
        body, kind = _multipart(fields, upload)
        return self._follow("POST", path, body, {"Content-Type": kind})

    def send_json(self, path: str, body: bytes, token: str) -> Page:
        """Send what the page's script would send.

        Raises:
            OSError: the site does not answer.
        """
        headers = {"Content-Type": "application/json", "X-CSRFToken": token, "Accept": "application/json"}
        return self._follow("POST", path, body, headers)

    def _follow(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Page:
        for _ in range(MAX_REDIRECTS):
            status, target, raw = self._ask(method, path, body, headers)
            if status not in SEE_OTHER:
                return _read(path, status, raw)
            method, path, body, headers = "GET", _local(urljoin(path, target)), b"", {}
        raise BrowserError(f"redirects without end at {path}")

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, bytes]:
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(place.hostname), place.port or 80, timeout=TIMEOUT_S)
        own = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "id"}
        if self._cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            connection.request(method, path, body or None, own | dict(headers))
            answer = connection.getresponse()
            raw = answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(type(error).__name__) from error
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or ():
            self._keep(line)
        return answer.status, answer.headers.get("Location", ""), raw

    def _keep(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == "0" or not morsel.value:
                self._cookies.pop(name, None)
            else:
                self._cookies[name] = morsel.value


class _Reader(HTMLParser):
    """Collects forms, links and labels of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.labels: dict[str, str] = {}
        self._open: Form | None = None
        self._label = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take one tag in."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(action=values.get("action", ""), method=values.get("method", "get").lower())
            self.forms.append(self._open)
        elif tag == "a" and "href" in values:
            self.links.append((values["href"], values.get("rel", "")))
        elif tag == "label":
            self._label = values.get("for", "")
        elif tag in {"input", "button", "textarea"} and self._open is not None:
            self._take(tag, values, self._open)

    def handle_endtag(self, tag: str) -> None:
        """Close what ends."""
        if tag == "form":
            self._open = None
        elif tag == "label":
            self._label = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        """Take text in that belongs to a label or a text area."""
        if self._label:
            self.labels[self._label] = " ".join(f"{self.labels.get(self._label, '')} {data}".split())
        if self._area and self._open is not None:
            self._open.fields[self._area] += data

    def _take(self, tag: str, values: Mapping[str, str], form: Form) -> None:
        name, kind, value = values.get("name", ""), values.get("type", "text"), values.get("value", "")
        if not name or kind == "file":
            return
        if tag == "button":
            form.buttons.append((name, value))
            return
        if tag == "textarea":
            self._area = name
        if kind == "radio":
            form.choices.setdefault(name, []).append((value, values.get("id", "")))
        if kind in {"radio", "checkbox"} and "checked" not in values:
            return
        form.fields[name] = value


def _read(path: str, status: int, raw: bytes) -> Page:
    reader = _Reader()
    text = raw.decode("utf-8", "replace")
    reader.feed(text)
    return Page(
        path=path, status=status, text=text, forms=reader.forms, links=reader.links, labels=reader.labels
    )  # fmt: skip


def _local(target: str) -> str:
    parts = urlsplit(target)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _multipart(fields: Mapping[str, str], upload: Upload) -> tuple[bytes, str]:
    """Return body and content type (RFC 7578)."""
    mark = secrets.token_hex(16)
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{upload.name}"\r\n'
        f"Content-Type: {upload.media_type}\r\n\r\n"
    )
    return b"".join([*parts, head.encode(), upload.content, f"\r\n--{mark}--\r\n".encode()]), (
        f"multipart/form-data; boundary={mark}"
    )
