"""All pages of the network on their one blueprint: importing this module adds the routes."""

from hub.network import alarm_views, hub_views, node_views, plan_views, views
from hub.network.shell_views import blueprint

__all__ = ["alarm_views", "blueprint", "hub_views", "node_views", "plan_views", "views"]
