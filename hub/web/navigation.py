"""The menu: which rooms a person finds, in which order. The first one is the home page of a role."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app

from hub.accounts.rules import CASE_READERS, Actor, Role, reads_network


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One entry; ``label`` is a msgid."""

    endpoint: str
    label: str
    icon: str
    roles: frozenset[Role]

    @property
    def room(self) -> str:
        """The blueprint that the entry leads to."""
        return self.endpoint.split(".")[0]


ITEMS = (
    Item(endpoint="casework.queue", label="Antrean kerja", icon="inbox", roles=frozenset(CASE_READERS)),
    Item(endpoint="permits.registers", label="Register surat", icon="journal-text", roles=frozenset(CASE_READERS)),
    Item(
        endpoint="fees.revenue_page",
        label="Penerimaan",
        icon="cash-coin",
        roles=frozenset({Role.HEAD, Role.DIVISION_HEAD, Role.INSPECTORATE}),
    ),
    Item(
        endpoint="parcels.page",
        label="Berkas USB",
        icon="usb-drive",
        roles=frozenset({Role.FRONT_OFFICE, Role.NETWORK_ADMIN}),
    ),
    Item(
        endpoint="network.wall",
        label="Jaringan desa",
        icon="diagram-3",
        roles=frozenset({Role.NETWORK_ADMIN, Role.INSPECTORATE, Role.HEAD}),
    ),
)


def items_for(actor: Actor | None) -> Iterator[Item]:
    """Yield the entries that this person may use."""
    if actor is not None:
        mine = (item for item in ITEMS if actor.role in item.roles and item.endpoint in current_app.view_functions)
        yield from (item for item in mine if item.room != "network" or reads_network(actor))
