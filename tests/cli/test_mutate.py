"""`meshpeek mutate`: what is noticed, what is not, and what cannot be seen."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from meshpeek.cli.pipelines.mutation_runs.findings import (
    Finding,
    Judge,
    Outcome,
    describe,
    share_noticed,
)
from meshpeek.cli.pipelines.mutation_runs.forked import run_forked
from meshpeek.cli.pipelines.mutation_runs.trial import StepTrial, Trial
from meshpeek.workshop.model import Normalisation
from meshpeek.workshop.mutations import Mutation
from tests.conftest import RunProgram

WORKSHOP = """---
meshpeek:
  contexts: [north, east]
  rehearsal:
    north: {manifests: [k8s]}
---
```bash
## meshpeek: expect 2/2
kubectl --context north get deployment smiley
kubectl --context north get svc smiley
```
"""
MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: smiley
  labels: {part: smiley}
spec:
  replicas: 2
  selector: {matchLabels: {app: smiley}}
  template:
    metadata: {labels: {app: smiley}}
    spec: {containers: [{name: smiley, image: smiley}]}
---
apiVersion: v1
kind: Service
metadata: {name: smiley}
spec:
  selector: {app: smiley}
  ports: [{port: 80}]
"""


@pytest.mark.slow
def test_a_workshop_is_broken_and_judged(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text(WORKSHOP)
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "a.yaml").write_text(MANIFEST)
    ran = meshpeek("mutate", "-j", "2", "--kinds", "replicas,port", "--json", "j", "w.md")
    assert ran.returncode == 1, ran.stderr
    found = json.loads((tmp_path / "j").read_text())
    outcomes = {each["change"]: (each["outcome"], each["step"]) for each in found["mutations"]}
    assert outcomes == {
        "Deployment smiley: `replicas: 2` becomes `replicas: 1`": ("noticed", "w.md:9"),
        "Service smiley: `port: 80` becomes `port: 81`": ("unnoticed", "w.md:10"),
    }
    assert found["noticed"] == 50
    assert ran.stdout.endswith(
        "2 mutations: 1 noticed, 1 unnoticed, 0 nothing to see; 50 % noticed\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "j", "k8s", "w.md"]


@pytest.mark.slow
def test_one_that_fails_as_it_is_cannot_be_judged(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text("---\nmeshpeek: {}\n---\n```bash\nkubectl delete x\n```\n")
    ran = meshpeek("mutate", "w.md")
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: w.md fails as it is: w.md:5: exit status 1")


def step(text: str, output: str, *reasons: str) -> StepTrial:
    return StepTrial("w.md", 5, text, output, reasons, not reasons, 0.1)


def mutation(kind: str = "label", harmless: str | None = None) -> Mutation:
    return Mutation("k.yaml", 3, kind, "it", "", harmless)


STEP = step("a", "1")
PLAIN = Trial((STEP, step("b", "x")), None, ("a", "b"), {"f": "1", "g": "1"})
NOISY = Trial((step("a", "1"), step("b", "y")), None, ("a", "b"), {"f": "1", "g": "2"})
UNUSED = "nothing uses it"


@pytest.mark.parametrize(
    ("trial", "given", "outcome", "reason"),
    [
        (None, mutation(), Outcome.NOTICED, "did not end"),
        (Trial(error="error: no\nhint"), mutation(), Outcome.NOTICED, "no"),
        (PLAIN.replace(steps=(step("a", "1", "why"),)), mutation(), Outcome.NOTICED, "why"),
        (PLAIN.replace(steps=(step("a", "2"),)), mutation(), Outcome.UNNOTICED, "output"),
        (PLAIN.replace(steps=(STEP, step("b", "z"))), mutation(), Outcome.HARMLESS, "same"),
        (PLAIN.replace(state={"f": "2", "g": "1"}), mutation(), Outcome.HARMLESS, "shows f"),
        (PLAIN.replace(state={"f": "1"}), mutation(), Outcome.HARMLESS, "same state"),
        (PLAIN.replace(state={**PLAIN.state, "h": "1"}), mutation(), Outcome.HARMLESS, "shows h"),
        (PLAIN.replace(state={}), mutation(harmless=UNUSED), Outcome.HARMLESS, UNUSED),
        (
            PLAIN.replace(shown=("a",)),
            mutation("directive"),
            Outcome.UNNOTICED,
            "does not see 1",
        ),
        (PLAIN, mutation(), Outcome.HARMLESS, "same state"),
    ],
)
def test_how_a_trial_is_judged(
    trial: Trial | None, given: Mutation, outcome: Outcome, reason: str
) -> None:
    finding = Judge(PLAIN, NOISY, Normalisation()).judge(given, trial)
    assert finding.outcome is outcome
    assert reason in finding.reason


def test_what_was_noticed_is_listed_only_when_asked_for() -> None:
    findings = [
        Finding(mutation(), Outcome.NOTICED, "w.md:5", "why"),
        Finding(mutation(), Outcome.HARMLESS, "", UNUSED),
    ]
    assert share_noticed(findings) == 100
    assert list(describe(findings, everything=False)) == [
        "nothing to see:",
        "  k.yaml:3: it",
        f"    {UNUSED}",
        "",
        "2 mutations: 1 noticed, 0 unnoticed, 1 nothing to see; 100 % noticed",
    ]
    assert "    w.md:5: why" in describe(findings, everything=True)


def test_forked_tasks_give_their_results_and_the_lost_ones_none() -> None:
    def lost() -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def endless() -> int:
        while True:
            time.sleep(60)

    tasks = [lambda: 1, lost, endless, lambda: 2]
    assert dict(run_forked(tasks, 2, 1.0)) == {0: 1, 1: None, 2: None, 3: 2}
