"""The workshop is a test that can be trusted: one thing wrong in it, and the right step fails.

Each mutation is what somebody might do to the script or to a manifest. The step that fails is the
first one whose promise no longer holds; the others before it have passed. `make mutate` tries a
hundred more, and asks only whether any step fails.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT, RunProgram
from tests.end_to_end.test_workshop import read_story, replace_once

pytestmark = pytest.mark.slow

SCRIPT, NORTH, EAST = "workshop.md", "k8s/north/faces.yaml", "k8s/east/smileys.yaml"
ROUTE, CANARY = "k8s/north/smiley-router.yaml", "k8s/canary/color-canary.yaml"
GET_ROUTE = "kubectl --context north get httproute.policy.linkerd.io"


class Mutation(NamedTuple):
    """In `file`, `old` (which stands there once) becomes `new`; the step `fails` is to fail.

    `reason` is a part of what is said against it. `patience`, where there is one, is the `until`
    of that step, which a test shortens.
    """

    name: str
    file: str
    old: str
    new: str
    fails: str
    reason: str
    patience: str = ""


MUTATIONS = [
    Mutation(
        "a link is missing",
        SCRIPT, "links: [east, west]", "links: [west]",
        "cells_of_the_page", "smiley-east", "until 10s",
    ),
    Mutation(
        "the exported Service has the label of gateway mode",
        EAST, "mirror.linkerd.io/exported: remote-discovery", 'mirror.linkerd.io/exported: "true"',
        "cells_of_the_page", "smiley-east", "until 10s",
    ),
    Mutation(
        "pods are not injected",
        NORTH, "linkerd.io/inject: enabled", "linkerd.io/inject: disabled",
        "cells_of_the_page", "smiley-east", "until 10s",
    ),
    Mutation(
        "the route takes from a port that nobody asks",
        ROUTE, "name: smiley\n      port: 80", "name: smiley\n      port: 81",
        "cells_of_the_page", "smiley-router", "until 10s",
    ),
    Mutation(
        "the ingress leads nowhere",
        "k8s/emissary/mappings.yaml", "service: face\n", "service: nowhere\n",
        "paths_of_the_ingress", "/face/ face",
    ),
    Mutation(
        "the timeout stays as it was",
        SCRIPT, '"value": "300ms"}]', '"value": "5s"}]',
        "kubectl --context north edit httproute.policy.linkerd.io smiley-router", "exit status 1",
    ),
    Mutation(
        "the label goes on a Service of another cluster",
        SCRIPT, "kubectl --context west -n faces label", "kubectl --context east -n faces label",
        "kubectl --context east -n faces label svc/color2", "exit status 1",
    ),
    Mutation(
        "the canary sends nothing to west",
        CANARY, "name: color2-west\n          port: 80\n          weight: 50",
        "name: color2-west\n          port: 80\n          weight: 0",
        "bat k8s/canary/color-canary.yaml", "weight: 50",
    ),
    Mutation(
        "the canary is applied elsewhere",
        SCRIPT, "--context north apply -f k8s/canary", "--context west apply -f k8s/canary",
        f"{GET_ROUTE} color-canary", "exit status 1", "until 30s",
    ),
    Mutation(
        "the wrong backend is deleted",
        SCRIPT, '{"op": "remove", "path": "/spec/rules/0/backendRefs/0"}',
        '{"op": "remove", "path": "/spec/rules/0/backendRefs/1"}',
        f"{GET_ROUTE} color-canary -n faces \\\n  -o jsonpath", "color2-west",
    ),
]  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_right_step_fails(meshpeek: RunProgram, tmp_path: Path, mutation: Mutation) -> None:
    shutil.copy(ROOT / SCRIPT, tmp_path)
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    replace_once(tmp_path / mutation.file, mutation.old, mutation.new)
    if mutation.patience:
        script = tmp_path / SCRIPT
        script.write_text(script.read_text().replace(mutation.patience, "until 1s"))
    # kubectl leaves in TMPDIR what it could not edit.
    ran = meshpeek("ci", "--rehearse", "--events", "events.jsonl", SCRIPT, TMPDIR=str(tmp_path))
    assert ran.returncode == 1, ran.stdout
    *before, failed = read_story(tmp_path / "events.jsonl").commands
    assert {command["verdict"] for command in before} == {"passed"}
    assert failed["text"].startswith(mutation.fails)
    assert failed["verdict"] == "failed"
    assert any(mutation.reason in reason for reason in failed["reasons"]), failed["reasons"]
