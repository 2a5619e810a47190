"""Who may use a route. Every view carries exactly one of these decorators; ``create_app`` refuses a view without.

* ``@allow(Role.X, …)``: signed-in people of these roles.
* ``@public``: anybody, no sign-in.
* ``@machine``: programs (no cookie, so no CSRF token); whoever serves it checks a proof of its own.

Inside a view ``current_actor()`` is the signed-in person, ``web_context()`` the stores and ports, and ``room_tools(X)``
what the use cases of a higher room work with, as ``create_app`` was given it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from flask import current_app, g
from werkzeug.exceptions import Unauthorized

from hub.accounts.context import WebContext
from hub.accounts.rules import Actor, Role

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

EXTENSION = "simpul"
TOOLS = "simpul-tools"
_MARK = "simpul_access"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What a view declares: the roles, or that no sign-in is needed."""

    roles: frozenset[Role] = frozenset()
    max_bytes: int = 0
    """The largest request that the view takes from those who may use it; 0: as every page."""
    is_public: bool = False
    is_machine: bool = False


def allow(*roles: Role, max_bytes: int = 0) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare that only people of these roles may use the view, and how large a file they may send.

    Raises:
        ValueError: no role was named.
    """
    if not roles:
        raise ValueError("a view that nobody may use")
    return lambda view: _marked(view, Access(roles=frozenset(roles), max_bytes=max_bytes))


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Declare that anybody may use the view."""
    return _marked(view, Access(is_public=True))


def machine(view: Callable[P, R]) -> Callable[P, R]:
    """Declare that programs use the view; it checks their proof itself."""
    return _marked(view, Access(is_public=True, is_machine=True))


def access_of(view: Callable[..., object]) -> Access | None:
    """Return what a view declares; None when it declares nothing."""
    found = getattr(view, _MARK, None)
    return found if isinstance(found, Access) else None


def current_actor() -> Actor:
    """Return the person who is signed in.

    Raises:
        Unauthorized: nobody is.
    """
    actor = g.get("actor")
    if not isinstance(actor, Actor):
        raise Unauthorized
    return actor


def web_context() -> WebContext:
    """Return the stores and ports of this program."""
    context = current_app.extensions[EXTENSION]
    assert isinstance(context, WebContext)  # noqa: S101  # create_app put it there
    return context


def room_tools(kind: type[T]) -> T:
    """Return the tools of this kind that the program was built with.

    Raises:
        KeyError: it was built without.
    """
    found = current_app.extensions[TOOLS][kind]
    assert isinstance(found, kind)  # noqa: S101  # create_app sorted them by kind
    return found


def _marked(view: Callable[P, R], access: Access) -> Callable[P, R]:
    setattr(view, _MARK, access)
    return view
