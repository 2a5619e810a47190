"""How a working day is spread over the minutes of a run. Pure: progress from 0 to 1 in, share of the peak out.

Sources of the figures: the model of the regency in ``loadtests/README.md``: 1,830 applications on a usual day, four
times as many after Eid; after a week without a link 75 bundles wait at each of 208 villages.
"""

import math
from dataclasses import dataclass
from enum import StrEnum


class ShapeName(StrEnum):
    """What kind of day is played."""

    NORMAL_DAY = "normal-day"
    AFTER_EID = "after-eid"
    RECONNECTION = "reconnection"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A day."""

    name: ShapeName
    peak: float
    """Multiplies the wanted rate of applications."""
    backlog: int
    """Applications that each village has sealed before it connects."""
    arrival_share: float
    """Share of the run over which the offices open; the nodes connect in this time."""

    def rate_share(self, progress: float) -> float:
        """Return the share of the peak rate at this moment: a morning peak, a dip at noon, a smaller afternoon."""
        if self.name is ShapeName.RECONNECTION:
            return 0.2
        morning = math.exp(-(((progress - 0.3) / 0.15) ** 2))
        afternoon = 0.6 * math.exp(-(((progress - 0.75) / 0.12) ** 2))
        return max(0.1, min(1.0, morning + afternoon))


SHAPES = {
    ShapeName.NORMAL_DAY: Shape(name=ShapeName.NORMAL_DAY, peak=1.0, backlog=0, arrival_share=0.2),
    ShapeName.AFTER_EID: Shape(name=ShapeName.AFTER_EID, peak=4.0, backlog=5, arrival_share=0.1),
    ShapeName.RECONNECTION: Shape(name=ShapeName.RECONNECTION, peak=1.0, backlog=75, arrival_share=0.02),
}
