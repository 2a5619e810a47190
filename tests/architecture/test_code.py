"""The checks hold for our code, and each can fail."""

from collections.abc import Callable, Iterable

import pytest

from tests.architecture import checks
from tests.architecture.source import PACKAGES, PROGRAMS, Module, modules

Check = Callable[[Module], list[str]]
EVERYWHERE = (*PACKAGES, "tests")


def findings(check: Check, found: Iterable[Module]) -> list[str]:
    return [line for module in found for line in check(module)]


@pytest.mark.parametrize(
    ("check", "packages"),
    [
        (checks.too_big, EVERYWHERE),
        (checks.silent_exemptions, EVERYWHERE),
        (checks.untracked_work, EVERYWHERE),
        (checks.hidden_inputs, PROGRAMS),
        (checks.caught_all, PROGRAMS),
        (checks.writing_views, PROGRAMS),
        (checks.talkative_logs, PROGRAMS),
        (checks.undeclared_routes, ("hub",)),
        (checks.away_from_home, PROGRAMS),
        (checks.impure_protocol, ("protocol",)),
        (checks.unexplained_room, PACKAGES),
        (checks.nameless, EVERYWHERE),
    ],
)
def test_our_code_keeps_the_rule(check: Check, packages: tuple[str, ...]) -> None:
    found = findings(check, modules(*packages))
    assert not found, "\n".join(found)


PURE = ("/rules.py", "hub/casework/flow.py", "village_node/sync/engine.py")


def test_rules_and_the_sync_engine_are_pure() -> None:
    pure = [module for module in modules(*PROGRAMS) if module.path.endswith(PURE)]
    found = findings(checks.impure_rules, pure)
    assert not found, "\n".join(found)


LONG_FUNCTION = "def f() -> None:\n" + "    print()\n" * 50
BRANCHY = "def f(n: int) -> None:\n" + "".join(f"    if n == {n}:\n        print()\n" for n in range(8))
ROOM = '"""A room that says much, but nothing of its kind."""\n'


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        (checks.too_big, "hub/x.py", "\n" * 401),
        (checks.too_big, "hub/x.py", LONG_FUNCTION),
        (checks.too_big, "hub/x.py", "def f(a, b, c, d, *, e, f, g): ...\n"),
        (checks.too_big, "hub/x.py", BRANCHY),
        (checks.silent_exemptions, "hub/x.py", "x = 1  # noqa\n"),
        (checks.silent_exemptions, "hub/x.py", "def f():  # noqa: C901\n    pass\n"),
        (checks.silent_exemptions, "hub/x.py", "x = f()  # type: ignore\n"),
        (checks.untracked_work, "hub/x.py", "# TODO: later\n"),
        (checks.hidden_inputs, "hub/casework/service.py", "from datetime import datetime\nx = datetime.now()\n"),
        (checks.hidden_inputs, "hub/casework/service.py", "import datetime as dt\nx = dt.datetime.now(dt.UTC)\n"),
        (checks.hidden_inputs, "hub/casework/tables.py", "import time\nx = dict(default=time.time)\n"),
        (checks.hidden_inputs, "protocol/x.py", "from secrets import token_bytes\nx = token_bytes(3)\n"),
        (checks.hidden_inputs, "hub/intake/service.py", "import os\nx = os.environ['HOME']\n"),
        (checks.hidden_inputs, "village_node/x.py", "from uuid import uuid4 as fresh\nx = fresh()\n"),
        (checks.caught_all, "hub/intake/service.py", "try:\n    f()\nexcept Exception:\n    pass\n"),
        (checks.caught_all, "hub/intake/service.py", "try:\n    f()\nexcept (OSError, BaseException):\n    raise\n"),
        (checks.caught_all, "hub/intake/service.py", "try:\n    f()\nexcept:\n    raise\n"),
        (checks.writing_views, "hub/desks/views.py", "session.add(row)\n"),
        (checks.talkative_logs, "hub/intake/service.py", "log.info('bundle.accepted', nik=nik)\n"),
        (checks.undeclared_routes, "hub/desks/views.py", "@bp.get('/')\ndef page(): ...\n"),
        (checks.undeclared_routes, "hub/desks/views.py", "@public\n@bp.get('/')\ndef page(): ...\n"),
        (
            checks.undeclared_routes,
            "hub/desks/views.py",
            "@bp.get('/')\n@public\n@allow(Role.HEAD)\ndef page(): ...\n",
        ),
        (checks.talkative_logs, "hub/intake/service.py", "log.info(f'accepted {name}')\n"),
        (checks.away_from_home, "hub/casework/service.py", "import paho.mqtt.client\n"),
        (checks.away_from_home, "hub/casework/service.py", "def f():\n    from flask import request\n"),
        (checks.away_from_home, "hub/casework/service.py", "import a_new_library\n"),
        (checks.impure_protocol, "protocol/x.py", "import os\n"),
        (checks.impure_protocol, "protocol/x.py", "import sqlalchemy\n"),
        (checks.impure_protocol, "protocol/x.py", "from hub.settings import Settings\n"),
        (checks.impure_rules, "hub/casework/rules.py", "import time\n"),
        (checks.impure_rules, "hub/casework/rules.py", "from sqlalchemy import select\n"),
        (checks.impure_rules, "hub/casework/rules.py", "from hub.casework.tables import Case\n"),
        (checks.impure_rules, "hub/casework/rules.py", "from . import tables\n"),
        (checks.unexplained_room, "hub/casework/__init__.py", ""),
        (checks.unexplained_room, "hub/casework/__init__.py", ROOM),
        (checks.nameless, "hub/common/service.py", ""),
        (checks.nameless, "hub/casework/utils.py", ""),
    ],
)
def test_a_breach_is_found(check: Check, path: str, text: str) -> None:
    assert check(Module(path=path, text=text)) != []


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        (checks.too_big, "hub/x.py", "def f(self, a, b, c, d, e, f): ...\n"),
        (checks.untracked_work, "hub/x.py", "# TODO: when the witness exists, #12\n"),
        (checks.hidden_inputs, "hub/storage/ports.py", "import time\nx = time.time()\n"),
        (
            checks.hidden_inputs,
            "hub/casework/service.py",
            "from datetime import datetime\ndef f(d: datetime) -> None: ...\n",
        ),
        (checks.hidden_inputs, "hub/casework/service.py", "def f(clock) -> None:\n    clock.now()\n"),
        (
            checks.impure_rules,
            "hub/casework/rules.py",
            "from hub.fees.rules import levy\nfrom protocol.ids import NodeId\n",
        ),
        (checks.undeclared_routes, "hub/desks/views.py", "@bp.get('/')\n@allow(Role.HEAD)\ndef page(): ...\n"),
        (checks.caught_all, "hub/worker.py", "try:\n    f()\nexcept Exception:\n    pass\n"),
    ],
)
def test_what_is_allowed_is_not_found(check: Check, path: str, text: str) -> None:
    assert check(Module(path=path, text=text)) == []
