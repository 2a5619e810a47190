"""The context of the web program; it stands in a lower room so that every room's views can use it."""

from hub.accounts.context import WebContext

__all__ = ["WebContext"]
