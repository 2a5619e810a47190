"""Which intake hears which subdistricts, where several share the work. Pure.

Topic filters and not ``$share``: that is silently dead on NATS, and on Mosquitto the messages of a member that died
are lost or wait for it. A node belongs to one shard, so the order of its messages is kept. Every code that a
subdistrict can have belongs to some shard: one that is founded tomorrow is heard.
"""

from dataclasses import dataclass

from protocol.ids import HubId
from protocol.topics import up_filter

CODES = tuple(f"{number:02d}" for number in range(100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of several intakes, counted from 1."""

    number: int
    of: int

    @property
    def suffix(self) -> str:
        """What tells its session and its lock from those of the others; nothing when it is the only one."""
        return f"-{self.number}" if self.of > 1 else ""

    @property
    def is_first(self) -> bool:
        """Whether it does what only one may do."""
        return self.number == 1

    def filters(self, hub: HubId) -> list[str]:
        """Return what this intake subscribes to."""
        if self.of == 1:
            return [up_filter(hub)]
        mine = [code for place, code in enumerate(CODES) if place % self.of == self.number - 1]
        return [up_filter(hub, f"{hub}{code}") for code in mine]

    def foreign_filters(self, hub: HubId) -> list[str]:
        """Return what a session of the same name may still hold from when the work was shared otherwise."""
        every = [up_filter(hub), *(up_filter(hub, f"{hub}{code}") for code in CODES)]
        mine = set(self.filters(hub))
        return [each for each in every if each not in mine]
