"""Failing runs, shrunk and kept: the shipped code survives them, the planted bug that they were made from does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.world import Event


@dataclass(frozen=True, kw_only=True)
class Story:
    """A short run."""

    name: str
    mutant: str
    seed: int
    events: Sequence[Event]


STORIES: Sequence[Story] = (
    Story(
        name="a power cut between deciding and committing",
        mutant="hub: the receipt leaves before the commit",
        seed=5,
        events=(
            Event("link", 188422404, 839466872),
            Event("seal", 445344860, 813907142),
            Event("pass", 765643526, 695455511),
            Event("crash_node", 811468560, 325949534),
            Event("old_broker", 494809636, 32178804),
            Event("pass", 630561652, 1058160705),
            Event("pass", 897055418, 179703813),
            Event("drop_up", 998832135, 225686306),
            Event("pass", 998820056, 978943091),
            Event("pass", 929935804, 724111955),
            Event("pass", 820423742, 899008732),
            Event("pass", 851050814, 622507822),
            Event("repeat_up", 792885719, 991298448),
            Event("pass", 701940498, 918610481),
            Event("drop_up", 10690602, 129276579),
            Event("damage", 345328363, 908407689),
            Event("damage", 874975310, 457489026),
            Event("crash_hub", 838041665, 421738647),
            Event("deliver", 938190064, 941660874),
            Event("damage", 187079015, 952422027),
            Event("repeat_up", 590450997, 44098872),
            Event("shuffle", 197989357, 1056696120),
            Event("shuffle", 381551370, 42772913),
            Event("shuffle", 505621009, 493443738),
            Event("link", 516692420, 287649162),
            Event("pass", 874659028, 969658193),
            Event("crash_hub", 541999804, 820539672),
        ),
    ),
    Story(
        name="a power cut in the middle of a batch",
        mutant="hub: commits half of a batch",
        seed=0,
        events=(
            Event("link", 629733662, 984804722),
            Event("seal", 603159078, 31148584),
            Event("crash_hub", 916333492, 966907382),
        ),
    ),
    Story(
        name="the broker acknowledges what the hub never gets",
        mutant="node: PUBACK counts as received",
        seed=0,
        events=(
            Event("link", 120077674, 465774386),
            Event("seal", 678188316, 98807942),
        ),
    ),
    Story(
        name="the node program is killed with an item on its way",
        mutant="node: forgets an item at a restart",
        seed=1,
        events=(
            Event("seal", 135550531, 1042450052),
            Event("keep_image", 1070706193, 57625993),
            Event("clone", 291312447, 808514355),
            Event("reinstall", 123321442, 342909914),
        ),
    ),
    Story(
        name="two PCs give out the same number",
        mutant="hub: no evidence of a conflict",
        seed=2,
        events=(
            Event("clone", 233111897, 373261041),
            Event("seal", 957826525, 360733204),
            Event("seal", 33320429, 368509670),
        ),
    ),
)
