"""What is shipped for Prometheus and Grafana names only figures that the hub has; promtool takes the rules."""

import json
import re
import subprocess
from datetime import UTC, datetime

import pytest
import yaml

from hub.health.alarm_rules import Severity
from hub.health.rules import State
from hub.network.hub_status import HubStatus
from hub.network.metrics import Metric, fleet_metrics, hub_metrics, render
from hub.network.wall import WallNode
from hub.registry.rules import NodeStatus
from tests.architecture.source import ROOT
from tests.requirements import require

FOLDER = ROOT / "deploy" / "monitoring"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
RULES = yaml.safe_load((FOLDER / "simpul-alerts.yml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
STATUS = HubStatus(
    now=NOW, accepted=3, rejected=1, quarantined=2, receipts=9, last_heard_at=NOW, ledger_size=10, signed_size=8,
    signed_at=NOW, worker_at=NOW, worker_version="1", notices_waiting=4, requests_open=1,
    alarms=dict.fromkeys(Severity, 0), nodes=dict.fromkeys(NodeStatus, 1), disk_free=1, disk_total=2,
)  # fmt: skip
NODE = WallNode(
    node_id="3314052003-01", village="33.14.05.2003", state=State.LIVE, ailments=(), gaps=(), missing=2, accepted=1,
    last_counter=3, waiting=1, oldest_waiting_s=60, seen_at=NOW, program='1 "x"\n', certificate_ends_at=NOW,
    disk_free_mb=900,
)  # fmt: skip
METRICS = [*hub_metrics(STATUS), *fleet_metrics([NODE], NOW)]
EXPRESSIONS = [
    *(rule["expr"] for group in RULES["groups"] for rule in group["rules"]),
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_names_figures_and_labels_that_there_are(expression: str) -> None:
    known = {metric.name: {name for labels, _ in metric.samples for name, _ in labels} for metric in METRICS}
    named = re.findall(r"(simpul_\w+)(?:\{(\w+)=)?", expression)
    for name, label in named:
        assert name in known
        assert not label or label in known[name]
    assert named or "up{" in expression


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for rule in (rule for group in RULES["groups"] for rule in group["rules"]):
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "action"}


def test_the_text_is_what_prometheus_reads() -> None:
    line = re.compile(r'[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? -?[0-9.e+]+')
    for text in render(METRICS).splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+", text) or line.fullmatch(text), text
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_a_label_is_escaped() -> None:
    metric = Metric(name="x", kind="gauge", text="t", samples=[((("name", 'a"b\\c\nd'),), 1.5)])
    assert render([metric]).splitlines()[-1] == 'x{name="a\\"b\\\\c\\nd"} 1.5'


def test_promtool_takes_rules_and_figures() -> None:
    program = require("promtool")
    subprocess.run([program, "check", "rules", str(FOLDER / "simpul-alerts.yml")], check=True, capture_output=True)
    subprocess.run([program, "check", "metrics"], input=render(METRICS).encode(), check=True, capture_output=True)
