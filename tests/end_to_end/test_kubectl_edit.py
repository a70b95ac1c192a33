"""`kubectl edit` where nobody is there, with the real kubectl on a rehearsal cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunProgram

pytestmark = pytest.mark.slow

LOOKALIKES = ["y", "n", "1e3", "=", "0o7", "010", "2001-01-01", "~", "null", ".5", "0x1F", "1_000"]
WORKSHOP = """\
---
meshpeek: {contexts: [dev], install: []}
---
```bash
kubectl --context dev create -f objects.json
kubectl --context dev get cm words -o json | tee before.json
## meshpeek: patch [{"op": "add", "path": "/data/added", "value": "y"}]
kubectl --context dev edit cm words
kubectl --context dev get cm words -o json | tee after.json
## meshpeek: exit 1
## meshpeek: patch [{"op": "replace", "path": "/spec/replicas", "value": -4}]
## meshpeek: expect spec.replicas: Invalid value: -4: must be greater than or equal to 0
## meshpeek: reject changes nothing
kubectl --context dev edit deploy web
```
"""
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "web:1"}]},
        },
    },
}


def test_an_edit_changes_what_it_says_and_leaves_no_file(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text(WORKSHOP)
    words = {word: word for word in LOOKALIKES if word not in ("=", "~")} | {
        "values": "=",
        "z": "~",
    }
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "words"}, "data": words},
        DEPLOYMENT,
    ]
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    (tmp_path / "objects.json").write_text(json.dumps(listed))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    result = meshpeek("ci", "--rehearse", "w.md", TMPDIR=str(temporary))
    assert result.returncode == 0, result.stdout + result.stderr
    before, after = (
        json.loads((tmp_path / f"{name}.json").read_text()) for name in ("before", "after")
    )
    assert before["data"] == words
    assert after["data"] == words | {"added": "y"}
    assert list(temporary.glob("**/kubectl-edit-*")) == []
