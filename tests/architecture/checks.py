"""The checks on a single module; each returns one line per finding, `path:line: what`."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from tests.architecture.source import Module, imported, third_party, used_names

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_PARAMETERS = 6
MAX_COMPLEXITY = 8

Function = ast.FunctionDef | ast.AsyncFunctionDef


def too_big(module: Module) -> list[str]:
    """Find a module, function, branching or argument list beyond the limits of the house."""
    lines = module.text.count("\n")
    found = [f"{module.path}:1: {lines} lines"] if lines > MAX_MODULE_LINES else []
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            found += [f"{module.path}:{node.lineno}: {node.name} {problem}" for problem in _function_problems(node)]
    return found


def _function_problems(node: Function) -> Iterator[str]:
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if length > MAX_FUNCTION_LINES:
        yield f"has {length} lines"
    arguments = node.args
    named = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    count = len([name for name in named if name not in {"self", "cls"}])
    if count > MAX_PARAMETERS:
        yield f"has {count} parameters"
    if (branches := complexity(node)) > MAX_COMPLEXITY:
        yield f"has complexity {branches}"


_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)


def complexity(function: Function) -> int:
    """Count the ways through a function as McCabe does: one, and one for each branch, loop, handler and case."""
    inner = [node for node in ast.walk(function) if isinstance(node, Function) and node is not function]
    nested = {id(each) for node in inner for each in ast.walk(node)}
    return 1 + sum(isinstance(node, _BRANCHES) and id(node) not in nested for node in ast.walk(function))


# --- size exemptions -------------------------------------------------------------------------------------------------

_EXEMPTION = re.compile(r"#\s*(noqa(?!:)|noqa:.*\b(C901|PLR09\d\d)|type:\s*ignore(?!\[)|ruff:\s*noqa|mypy:)")


def silent_exemptions(module: Module) -> list[str]:
    """Find comments that switch off the size rules, or any rule without naming it."""
    return [f"{module.path}:{line}: {text}" for line, text in _comments(module.text) if _EXEMPTION.search(text)]


def untracked_work(module: Module) -> list[str]:
    """Find a comment that postpones work without the number of an issue."""
    return [
        f"{module.path}:{line}: {text}"
        for line, text in _comments(module.text)
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text) and not re.search(r"#\d+", text)
    ]


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


# --- purity ----------------------------------------------------------------------------------------------------------

# Standard modules that reach out of the process or read its surroundings.
REACHING_OUT = frozenset({
    "asyncio", "ftplib", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets",
    "select", "shutil", "signal", "smtplib", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time",
    "urllib", "uuid",
})  # fmt: skip


def impure_rules(module: Module) -> list[str]:
    """Find imports by which a module of pure decisions could do I/O, or lean on anything but rules and protocol."""
    found = []
    for line, name in imported(module.tree):
        top = name.split(".")[0]
        ours = top in {"hub", "village_node"} and ".rules." not in f"{name}." and not name.endswith(".rules")
        foreign = any(top == library for _, library in third_party(module.tree)) and top != "msgspec"
        if top in REACHING_OUT or ours or foreign or name.startswith("."):
            found.append(f"{module.path}:{line}: imports {name}")
    return found


def impure_protocol(module: Module) -> list[str]:
    """Find imports of the wire contract beyond the standard library's pure part and its three libraries."""
    allowed = {"cbor2", "cryptography", "msgspec"}
    foreign = {top for _, top in third_party(module.tree)} - allowed
    return [
        f"{module.path}:{line}: imports {name}"
        for line, name in imported(module.tree)
        if name.split(".")[0] in REACHING_OUT | foreign | {"hub", "village_node", "deploy", "loadtests", "tests"}
    ]


# --- clocks, identifiers, randomness, environment --------------------------------------------------------------------

PORTS = ("hub/storage/ports.py", "village_node/store/ports.py")
STOPWATCHES = ("hub/intake/mqtt.py", "village_node/sync/mqtt.py", "*/cli.py", "hub/worker.py", "hub/brokers/*.py")
READERS_OF_ENVIRONMENT = ("hub/settings.py", "village_node/settings.py", "hub/cli.py")  # cli: for child processes

# full name (or a prefix ending in a dot) -> where it may stand
FORBIDDEN = {
    "datetime.datetime.now": PORTS,
    "datetime.datetime.utcnow": PORTS,
    "datetime.datetime.today": PORTS,
    "datetime.date.today": PORTS,
    "time.time": PORTS,
    "time.time_ns": PORTS,
    "time.monotonic": (*PORTS, *STOPWATCHES),
    "time.monotonic_ns": (*PORTS, *STOPWATCHES),
    "time.perf_counter": (*PORTS, *STOPWATCHES),
    "uuid.uuid1": PORTS,
    "uuid.uuid4": PORTS,
    "os.urandom": PORTS,
    "secrets.": PORTS,
    "random.": (),
    "os.environ": READERS_OF_ENVIRONMENT,
    "os.getenv": READERS_OF_ENVIRONMENT,
}


def hidden_inputs(module: Module) -> list[str]:
    """Find a clock, a random source or the environment used outside its one home."""
    return sorted(
        {
            f"{module.path}:{line}: {name}"
            for line, name in used_names(module.tree)
            for forbidden, homes in FORBIDDEN.items()
            if _matches(name, forbidden) and not at_home(module.path, homes)
        }
    )


def _matches(name: str, forbidden: str) -> bool:
    if forbidden.endswith("."):
        return name.startswith(forbidden)
    return name == forbidden or name.startswith(f"{forbidden}.")


def at_home(path: str, homes: Iterable[str]) -> bool:
    """Say whether a path is one of the homes; `*` stands for any text."""
    return any(fnmatch(path, home) for home in homes)


# --- exceptions ------------------------------------------------------------------------------------------------------

# A loop that must outlive one bad item, and the page that answers 500.
MAY_CATCH_ALL = (
    "hub/worker.py",
    "hub/intake/mqtt.py",
    "hub/intake/runner.py",
    "hub/parcels/reader.py",
    "hub/web/errors.py",
    "village_node/app.py",
    "village_node/sync/mqtt.py",
    "village_node/web/errors.py",
)


def caught_all(module: Module) -> list[str]:
    """Find a handler that catches everything outside the worker loops and the page for 500."""
    if at_home(module.path, MAY_CATCH_ALL):
        return []
    return [
        f"{module.path}:{node.lineno}: catches everything"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _is_everything(node.type)
    ]


def _is_everything(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = [caught, *caught.elts] if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(each, ast.Name) and each.id in {"Exception", "BaseException"} for each in names)


# --- views -----------------------------------------------------------------------------------------------------------

_WRITES = {"add", "add_all", "commit", "delete", "flush", "merge"}


def writing_views(module: Module) -> list[str]:
    """Find a view that writes by itself instead of calling a service."""
    return [
        f"{module.path}:{node.lineno}: session.{node.func.attr}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _WRITES
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "session"
        and module.path.endswith(("views.py", "/api.py"))
    ]


ACCESS = {"allow", "public", "machine"}
_ROUTES = {"route", "get", "post", "put", "patch", "delete"}


def undeclared_routes(module: Module) -> list[str]:
    """Find a view that does not declare, below its route, exactly once who may use it (hub.accounts.access)."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, Function) and any(_is_route(each) for each in node.decorator_list):
            last_route = max(place for place, each in enumerate(node.decorator_list) if _is_route(each))
            declared = [place for place, each in enumerate(node.decorator_list) if _name_of(each) in ACCESS]
            if len(declared) != 1 or declared[0] < last_route:
                found.append(f"{module.path}:{node.lineno}: {node.name} declares no access")
    return found


def _is_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr in _ROUTES
    )


def _name_of(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.id if isinstance(called, ast.Name) else ""


# --- logs ------------------------------------------------------------------------------------------------------------

LOGGERS = {"log", "logger", "_log", "_logger", "LOG"}
PERSONAL = {
    "address", "answers", "applicant", "body", "content", "email", "file_name", "kk", "manifest", "name", "nik",
    "password", "payload", "phone", "pin", "raw", "secret", "text", "tracking", "tracking_code",
}  # fmt: skip


def talkative_logs(module: Module) -> list[str]:
    """Find a log line that takes something that may be personal or secret, or that is not a constant event."""
    found = []
    for node in ast.walk(module.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id in LOGGERS):
            continue
        found += [f"{module.path}:{node.lineno}: logs {key.arg}" for key in node.keywords if key.arg in PERSONAL]
        if node.func.attr != "bind" and not all(isinstance(each, ast.Constant) for each in node.args):
            found.append(f"{module.path}:{node.lineno}: event is not a constant")
    return found


# --- homes of libraries ----------------------------------------------------------------------------------------------

_WEB = ("*views.py", "*/api.py", "*/access.py", "*/web/*", "*forms.py", "*/wsgi.py", "*/app.py")
_STORES = ("hub/*", "village_node/*")
HOMES = {
    "alembic": ("hub/storage/*", "village_node/store/*"),
    "argon2": ("hub/accounts/*", "village_node/identity/*"),
    "babel": _WEB,
    "cbor2": ("protocol/codec.py",),
    "cryptography": (
        "protocol/*",
        "hub/storage/*",
        "hub/ledger/*",
        "hub/registry/*",  # officers' certificates are signed here
        "hub/dispatch/*",  # notices are signed here
        "hub/authority/*",
        "hub/brokers/routes.py",  # what the brokers of a cluster know each other by
        "hub/network/*",
        "hub/intake/*",
        "hub/permits/*",  # facts, lists and documents are signed here
        "village_node/identity/*",
        "village_node/store/*",
        "village_node/health/road.py",  # reads a certificate's dates
        "village_node/register/keys.py",  # the residents' register has a key of its own
    ),
    "flask": _WEB,
    "flask_babel": _WEB,
    "flask_bootstrap": _WEB,
    "flask_limiter": _WEB,
    "flask_login": _WEB,
    "flask_wtf": _WEB,
    "fpdf": ("hub/permits/paper.py",),
    "gunicorn": ("hub/cli.py", "hub/web/*", "hub/wsgi.py"),
    "jinja2": _WEB,
    "markupsafe": _WEB,
    "msgspec": ("protocol/*", "hub/*", "village_node/*"),
    "openpyxl": ("village_node/register/*",),
    "paho": ("hub/intake/mqtt.py", "village_node/sync/mqtt.py"),
    "PIL": ("village_node/drafts/*", "hub/attachments/*", "hub/permits/paper.py"),
    "pikepdf": ("hub/attachments/*",),
    "platformdirs": ("village_node/settings.py",),
    "psutil": ("village_node/health/*", "hub/brokers/*", "*/cli.py"),
    "psycopg": ("hub/storage/*",),
    "pyhanko": ("hub/permits/signing.py", "hub/permits/local_ca.py"),
    "pyhanko_certvalidator": ("hub/permits/local_ca.py",),
    "pypdf": ("village_node/drafts/*",),
    "pysqlite3": ("hub/storage/*", "village_node/store/*"),
    "segno": ("village_node/outbox/*", "village_node/web/*", "hub/permits/paper.py"),
    "sqlalchemy": _STORES,
    "structlog": _STORES,
    "typer": ("*/cli.py", "*/commands.py"),
    "waitress": ("village_node/app.py", "village_node/cli.py", "village_node/web/*"),
    "werkzeug": _WEB,
    "wtforms": _WEB,
    "xlsxwriter": ("hub/desks/export.py",),
    "yaml": ("hub/catalogue/*",),
}


def away_from_home(module: Module) -> list[str]:
    """Find a library that is used outside its home, or that has none yet."""
    return sorted(
        {
            f"{module.path}:{line}: {library}"
            for line, library in third_party(module.tree)
            if not at_home(module.path, HOMES.get(library, ()))
        }
    )


# --- rooms -----------------------------------------------------------------------------------------------------------


def unexplained_room(module: Module) -> list[str]:
    """Find a package whose docstring does not say what it is for and how to add one more of its kind."""
    if not module.path.endswith("/__init__.py"):
        return []
    text = ast.get_docstring(module.tree) or ""
    if module.path.count("/") > 1 and not re.search(r"\b(to add|adding|one more)\b", text, re.IGNORECASE):
        return [f"{module.path}:1: says not how to add one more of its kind"]
    return [] if text else [f"{module.path}:1: has no docstring"]


LAST_RESORT_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
NAMED_WELL = ("hub/storage/base.py",)  # the declarative base of SQLAlchemy has no other name


def nameless(module: Module) -> list[str]:
    """Find a module or folder whose name says nothing."""
    if module.path in NAMED_WELL:
        return []
    parts = set(module.path.removesuffix(".py").split("/"))
    return [f"{module.path}:1: name the thing" for _ in parts & LAST_RESORT_NAMES]
