"""The hub's figures in the text format of Prometheus (exposition format 0.0.4). Values in, text out.

Every figure is read from the database (``hub_status`` rule 1), so that it does not matter which of several web
processes is asked, and nothing has to be shared between them. Names and units follow Prometheus' own rules: base units,
``_total`` for what only grows. No label holds personal data; a node's name is a region code with a number.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.health.rules import Ailment, State
from hub.network.hub_status import HubStatus
from hub.network.wall import WallNode

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """One figure with its help, its kind and a value per set of labels."""

    name: str
    kind: str
    """``gauge`` or ``counter``."""
    text: str
    samples: Sequence[tuple[Labels, float]]


def render(metrics: Iterable[Metric]) -> str:
    """Return the text that Prometheus reads."""
    lines: list[str] = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.text}", f"# TYPE {metric.name} {metric.kind}"]
        lines += [f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def hub_metrics(status: HubStatus) -> Iterator[Metric]:
    """Yield the figures of the hub itself."""
    yield _one("simpul_up", "gauge", "The web program answers and its database too.", 1)
    yield _one("simpul_bundles_accepted_total", "counter", "Bundles that became cases.", status.accepted)
    yield _one("simpul_bundles_rejected_total", "counter", "Bundles that were rejected with a code.", status.rejected)
    yield _one("simpul_quarantined", "gauge", "Messages that were put aside.", status.quarantined)
    yield _one("simpul_receipts_total", "counter", "Receipts that were signed.", status.receipts)
    yield _one("simpul_ledger_entries_total", "counter", "Entries of the ledger.", status.ledger_size)
    yield _one("simpul_ledger_unsigned_entries", "gauge", "Entries that no checkpoint covers.", status.unsigned)
    yield from _moment("simpul_checkpoint_signed_timestamp_seconds", "When it was signed last.", status.signed_at)
    yield from _moment("simpul_worker_beat_timestamp_seconds", "When the worker said that it works.", status.worker_at)
    yield from _moment("simpul_last_message_timestamp_seconds", "When any node was heard last.", status.last_heard_at)
    yield _one("simpul_notices_waiting", "gauge", "Notices not acknowledged by nodes.", status.notices_waiting)
    yield _one("simpul_requests_open", "gauge", "Remote requests without an answer.", status.requests_open)
    yield _one("simpul_disk_free_bytes", "gauge", "Room on the data disk.", status.disk_free)
    yield _one("simpul_disk_size_bytes", "gauge", "Size of the data disk.", status.disk_total)
    yield _each("simpul_alarms_open", "Open alarms.", "severity", {key.value: n for key, n in status.alarms.items()})
    yield _each("simpul_nodes_registered", "Nodes.", "status", {key.value: n for key, n in status.nodes.items()})


def fleet_metrics(nodes: Sequence[WallNode], now: datetime) -> Iterator[Metric]:
    """Yield the figures of the fleet: counts by state and ailment, and a few figures per node."""
    states = Counter(node.state for node in nodes)
    ailing = Counter(ailment for node in nodes for ailment in node.ailments)
    present = {state.value: states[state] for state in State if state is not State.REVOKED}
    yield _each("simpul_nodes", "Nodes by what is shown of them.", "state", present)
    yield _each("simpul_nodes_unwell", "Nodes by ailment.", "ailment", {each.value: ailing[each] for each in Ailment})
    yield _per_node("simpul_node_up", "Whether it is heard.", nodes, lambda node: float(node.state is State.LIVE))
    yield _per_node("simpul_node_waiting_bundles", "Without a receipt.", nodes, lambda node: node.waiting)
    yield _per_node("simpul_node_oldest_waiting_seconds", "Age of it.", nodes, lambda node: node.oldest_waiting_s)
    yield _per_node("simpul_node_missing_bundles", "Counters without a verdict.", nodes, lambda node: node.missing)
    yield _per_node("simpul_node_silence_seconds", "Since it was heard.", nodes, lambda node: _since(node.seen_at, now))
    yield _per_node("simpul_node_disk_free_bytes", "On the village PC.", nodes, _disk)
    yield _per_node("simpul_node_certificate_seconds", "Left of its certificate.", nodes, lambda node: _left(node, now))


def _per_node(name: str, text: str, nodes: Sequence[WallNode], value_of: Callable[[WallNode], float | None]) -> Metric:
    found = ((node, value_of(node)) for node in nodes)
    samples = [
        ((("node", node.node_id), ("subdistrict", node.village[:8])), value)
        for node, value in found
        if value is not None
    ]
    return Metric(name=name, kind="gauge", text=text, samples=samples)


def _since(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())


def _disk(node: WallNode) -> float | None:
    return None if node.disk_free_mb is None else node.disk_free_mb * 1e6


def _left(node: WallNode, now: datetime) -> float | None:
    ends = node.certificate_ends_at
    return None if ends is None else (ends - now).total_seconds()


def _one(name: str, kind: str, text: str, value: float) -> Metric:
    return Metric(name=name, kind=kind, text=text, samples=[((), value)])


def _moment(name: str, text: str, at: datetime | None) -> Iterator[Metric]:
    if at is not None:
        yield _one(name, "gauge", text, at.timestamp())


def _each(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    samples = [(((label, value),), float(count)) for value, count in values.items()]
    return Metric(name=name, kind="gauge", text=text, samples=samples)


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
