"""Fifty changes of an output: which of them a comparison with a transcript overlooks."""

from __future__ import annotations

import pytest

from meshpeek.sinks.transcripts.comparison import Comparison
from meshpeek.sinks.transcripts.transcript import RecordedStep, Transcript
from meshpeek.workshop.model import Command
from meshpeek.workshop.parse import parse

GET = "kubectl get things"
PODS = "NAME                    READY   STATUS    RESTARTS   AGE\n"
POD = "color-6d4b9c8f7-x2x9q   2/2     Running   0          4m\n"

OVERLOOKED = [
    (GET, f"{PODS}{POD}", f"{PODS}{POD.replace('4m', '3d2h')}"),
    (GET, f"{PODS}{POD}", f"{PODS}{POD.replace('6d4b9c8f7-x2x9q', '74d8bb8f6c-mnp4z')}"),
    (GET, f"{PODS}{POD}", f"{PODS}{POD}".replace("   R", "      R").replace("   2", "      2")),
    (f"{GET} | grep color", POD, POD.replace("4m", "12s")),
    ("show_pods | grep color", POD, POD.replace("4m", "12s")),
    (f"{GET} --no-headers", "a   b   30s\n", "a   b   90s\n"),
    (GET, "NAME   X\na   1\nb   2\n", "NAME   X\nb   2\na   1\n"),
    ("events", "LAST SEEN   WHY\n3m   A\n2m   B\n", "LAST SEEN   WHY\n9s   B\n8s   A\n"),
    ("x", "Restarted 3d ago", "Restarted 5m ago"),
    ("x", "(x4 over 10m)", "(x4 over 2h)"),
    ("x", "done in 1.25s", "done in 0.9s"),
    ("x", "ok (0.42s)", "ok (1.7s)"),
    ("x", "real\t0m1.203s", "real\t0m0.004s"),
    ("x", "time=0.045 ms", "time=0.051 ms"),
    ("x", "https://127.0.0.1:34307", "https://127.0.0.1:40001"),
    ("x", "80:31234/TCP", "80:30001/TCP"),
    ("x", "pod at 10.42.0.7", "pod at 10.23.1.12"),
    ("x", "balancer 34.1.2.3", "balancer 35.9.8.7"),
    ("x", 'at "2026-11-24T14:17:17Z"', 'at "2023-08-22T01:02:03Z"'),
    ("x", "notAfter: 2027-01-01T00:00:00Z", "notAfter: 2028-05-05T00:00:00Z"),
    ("x", 'resourceVersion: "213"', 'resourceVersion: "9"'),
    ("x", "the last line", "the last line\n"),
]  # fmt: skip

NOTICED = [
    (GET, f"{PODS}{POD}", f"{PODS}{POD.replace('2/2', '1/2')}"),
    (GET, f"{PODS}{POD}", f"{PODS}{POD.replace('Running', 'Pending')}"),
    (GET, f"{PODS}{POD}", f"{PODS}{POD.replace('   0 ', '   3 ')}"),
    (GET, f"{PODS}{POD}", f"{PODS}{POD}{POD}"),
    (GET, f"{PODS}{POD}", f"{PODS}{POD.replace('color', 'colour')}"),
    (GET, "NAME   TIMEOUT\nr1   5s\n", "NAME   TIMEOUT\nr1   300s\n"),
    (GET, "NAME   INTERVAL\nprobe   10s\n", "NAME   INTERVAL\nprobe   60s\n"),
    ("x", "a  b  30s\n", "a  b  90s\n"),
    ("x", "request: 1.5s", "request: 2.5s"),
    ("x", "request: 5s", "request: 300ms"),
    ("x", "timeout 300 ms", "timeout 900 ms"),
    (f"{GET} --sort-by=.x", "NAME   X\na   1\nb   2\n", "NAME   X\nb   2\na   1\n"),
    (f"{GET} | sort -r", "NAME   X\na   1\nb   2\n", "NAME   X\nb   2\na   1\n"),
    ("list", "PRIORITY   NAME\n1   a\n2   b\n", "PRIORITY   NAME\n2   b\n1   a\n"),
    ("logs", "one   two   3\nfour   five   6\n", "four   five   6\none   two   3\n"),
    ("x", "http://localhost:3000", "http://localhost:3001"),
    ("x", "10.0.0.1:9090", "10.0.0.1:9999"),
    ("curl localhost:30080", "80:30080/TCP", "80:31234/TCP"),
    ("x", "on 0.0.0.0:8080", "on 127.0.0.1:8080"),
    ("x", "dns 10.43.0.10", "dns 8.8.8.8"),
    ("x", "version 2.14.10.1", "version 2.15.0.1"),
    ("x", "v2.14.10.1", "v2.15.0.1"),
    ("x", "notAfter: 2027-01-01T00:00:00Z", "notAfter: 2020-01-01T00:00:00Z"),
    ("x", "weight: 50", "weight: 0"),
    ("x", "80/TCP", "8080/TCP"),
    ("x", "type: ClusterIP", "type: NodePort"),
    ("x", "  a: 1\n  b: 2\n", "  b: 2\n  a: 1\n"),
    ("x", "  indented", "    indented"),
    ("x", "image: web:1.2", "image: web:1.3"),
    ("x", "x\n", "x\ny\n"),
]  # fmt: skip


def differs(command: str, recorded: str, seen: str) -> bool:
    workshop = parse(f"```bash\n{command}\n```\n", "w.md", lambda path: path)
    (step,) = workshop.steps
    assert isinstance(step, Command)
    recorded_step = RecordedStep(command, None, 2, 0, recorded, recorded)
    transcript = Transcript("t.yaml", (recorded_step,), recorded="2026-11-24")
    comparison = Comparison(workshop, transcript, today="2026-11-28")
    return comparison.compare(step, 0, seen) is not None


@pytest.mark.parametrize(("command", "recorded", "seen"), OVERLOOKED)
def test_what_the_cluster_makes_up_is_overlooked(command: str, recorded: str, seen: str) -> None:
    assert not differs(command, recorded, seen)


@pytest.mark.parametrize(("command", "recorded", "seen"), NOTICED)
def test_what_somebody_has_set_is_not(command: str, recorded: str, seen: str) -> None:
    assert differs(command, recorded, seen)
