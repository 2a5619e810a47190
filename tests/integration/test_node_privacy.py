"""Two officers at one PC see only their own; a sealed bundle opens to nothing that lies on this disk."""

import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import Flask
from sqlalchemy import inspect, select, table, text
from werkzeug.routing import Rule

from protocol.errors import ProtocolError
from protocol.sealing import open_sealed, parse_sealed
from tests.integration.node_pages import Browser, app, browser, clock, desk, fill, furnished
from tests.village_desk import OTHER_PIN, PIN, VillageDesk
from tests.village_post import PDF, Post
from village_node.identity.mailbox import find_mailbox_key
from village_node.identity.officers import unlock

__all__ = ["app", "browser", "clock", "desk", "furnished"]

SECRET = "RAHASIA-SUPARMI"


def addresses(app: Flask, values: dict[str, str]) -> list[tuple[str, Rule]]:
    """Return an address for every route that names a draft."""
    found = []
    for rule in app.url_map.iter_rules():
        if "draft_id" in rule.arguments:
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: values[part[1]], rule.rule)
            found.append((path, rule))
    return found


def test_no_route_shows_or_changes_a_colleagues_draft(app: Flask, browser: Browser, desk: VillageDesk) -> None:
    draft = fill(browser, purpose_detail=SECRET)
    before = browser.get(f"/isian/{draft}").text
    file = re.findall(rf"/isian/{draft}/berkas/(\w+)/hapus", browser.get(f"/isian/{draft}/berkas").text)[0]
    colleague = Browser(app)
    assert colleague.sign_in(desk.other, OTHER_PIN).status_code == 302
    routes = addresses(app, {"draft_id": draft, "file_id": file, "bundle": "00" * 32})
    assert len(routes) >= 10
    for path, rule in routes:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if method == "GET":
                answer = colleague.get(path)
            elif path.endswith("/simpan"):
                answer = colleague.script(path, {"key": "purpose_detail", "value": "x"})
            else:
                answer = colleague.post(path, pin=OTHER_PIN, requirement="id_card", resident="00" * 32)
            assert answer.status_code == 404, (method, path)
            assert SECRET not in answer.text
    assert SECRET in before
    assert SECRET in browser.get(f"/isian/{draft}").text
    assert len(re.findall("/hapus", browser.get(f"/isian/{draft}/berkas").text)) == 3


def test_the_lists_of_a_colleague_name_nobody(app: Flask, browser: Browser, desk: VillageDesk) -> None:
    fill(browser)
    browser.post(f"/isian/{fill(browser)}/tanda-tangan", pin=PIN)
    colleague = Browser(app)
    colleague.sign_in(desk.other, OTHER_PIN)
    for path in ("/", "/keadaan/kiriman", "/nomor", "/penduduk", "/bantuan", "/bantuan/berkas-dukungan.json"):
        assert "Suparmi" not in colleague.get(path).text, path


def test_no_key_on_this_disk_opens_a_sealed_bundle_not_even_with_the_pin(browser: Browser, desk: VillageDesk) -> None:
    browser.post(f"/isian/{fill(browser)}/tanda-tangan", pin=PIN)
    with desk.context.database.reading() as session:
        sealed = parse_sealed(session.execute(text("SELECT message FROM outbox_item")).scalar_one())
    keys = candidates(desk)
    assert len(keys) > 10
    for raw in keys:
        with pytest.raises(ProtocolError):
            open_sealed(sealed, X25519PrivateKey.from_private_bytes(raw))


def candidates(desk: VillageDesk) -> set[bytes]:
    """Return whatever could be a private key: of the key files, of the database, and of the officer's opened vault."""
    context = desk.context
    owner = unlock(context.database, context.clock, context.randomness, desk.officer, PIN)
    found = {owner.key.private_bytes_raw(), owner.box.private_bytes_raw()}
    for path in context.settings.keys_dir.glob("*.key"):
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        found.add(key.private_bytes_raw())
    with context.database.reading() as session:
        if mailbox := find_mailbox_key(session, owner):
            found.add(mailbox.private_bytes_raw())
        for name in inspect(session.connection()).get_table_names():
            for row in session.execute(select("*").select_from(table(name))):
                found |= {value for value in row if isinstance(value, bytes) and len(value) == 32}
    return found


def test_corrections_decisions_and_hand_overs_are_nowhere_in_clear(browser: Browser, desk: VillageDesk) -> None:
    post, draft = Post(desk), fill(browser)
    location = browser.post(f"/isian/{draft}/tanda-tangan", pin=PIN).headers["Location"]
    bundle = bytes.fromhex(location.split("/")[2])
    post.ask(bundle, {"purpose": "feast", "road_name": "JALAN-RAHASIA"}, requirements=[], note="CATATAN-RAHASIA")
    action = re.search(r'action="(/perbaikan/\d+/mulai)"', browser.get("/").text)
    assert action is not None
    path = browser.post(action[1]).headers["Location"]
    assert "CATATAN-RAHASIA" in browser.get(path).text
    browser.script(f"{path}/simpan", {"key": "road_name", "value": "JALAN-BARU-RAHASIA"})
    post.decide(bundle)
    letter = re.search(r'href="(/keputusan/\d+)"', browser.get("/").text)
    assert letter is not None
    assert browser.get(f"{letter[1]}/dokumen").data == PDF
    assert browser.post(f"{letter[1]}/serahkan", person="PENERIMA-RAHASIA", pin=PIN).status_code == 302
    secrets = (b"RAHASIA", b"Suparmi", b"3314994503850002", PDF[9:60])
    files = [each for each in desk.context.settings.data_dir.rglob("*") if each.is_file()]
    assert any(each.name.endswith("-wal") for each in files)
    for each in files:
        content = each.read_bytes()
        assert not [secret for secret in secrets if secret in content or secret in each.name.encode()], each.name


def test_every_address_that_changes_something_wants_the_token_and_its_page_is_kept_by_no_cache(
    app: Flask, browser: Browser
) -> None:
    values = {"draft_id": "x", "file_id": "x", "bundle": "aa", "code": "JALAN", "letter": "1", "filename": "own.css"}
    values["request_id"] = "01KB000000000000000000000A"
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: values[part[1]], rule.rule)
        if "POST" in (rule.methods or ()):
            assert browser.client.post(path).headers.get("X-Simpul-Problem") == "token", path
        elif not rule.endpoint.endswith("static"):
            assert browser.get(path).headers["Cache-Control"] == "no-store", path
