"""The Linkerd workshop itself, from its first step to its last, on rehearsal clusters."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, RunProgram

pytestmark = pytest.mark.slow

ADDRESS = re.compile(r"10\.23\.\d+\.\d+")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with a copy of the workshop that a test may change."""
    folder = tmp_path / "workshop"
    folder.mkdir()
    shutil.copy(ROOT / "workshop.md", folder)
    shutil.copytree(ROOT / "k8s", folder / "k8s")
    return folder


@dataclass
class Story:
    """The commands of a run, as its events tell of them."""

    commands: list[dict[str, Any]]

    def after(self, line: str, text: str) -> dict[str, Any]:
        """Return the first command with `text` in it that comes after one with `line` in it."""
        found = iter(self.commands)
        for command in found:
            if line in command["text"]:
                break
        return next(command for command in found if text in command["text"])

    def one(self, text: str) -> dict[str, Any]:
        """Return the first command with `text` in it."""
        return next(command for command in self.commands if text in command["text"])


def read_story(path: Path) -> Story:
    events = [json.loads(line) for line in path.read_text().splitlines()]
    return Story([e for e in events if e["event"] == "command" and e["final"]])


def run_ci(meshpeek: RunProgram, folder: Path) -> tuple[int, str, Story]:
    result = meshpeek("ci", "--rehearse", "--events", "events.jsonl", "workshop.md", cwd=folder)
    return result.returncode, result.stdout + result.stderr, read_story(folder / "events.jsonl")


def replace_once(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_every_step_passes_and_shows_what_real_clusters_would(
    meshpeek: RunProgram, copy: Path
) -> None:
    status, log, story = run_ci(meshpeek, copy)
    assert status == 0, log
    assert {command["verdict"] for command in story.commands} == {"passed"}
    assert "REHEARSAL" in log

    pods = story.one("north get pods -n faces")["output"].splitlines()
    assert pods[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [line.rsplit("-", 2)[0] for line in pods[1:]] == [
        "color", "color", "face", "face", "faces-gui",
    ]  # fmt: skip
    assert all(line.split()[1:4] == ["2/2", "Running", "0"] for line in pods[1:])

    assert names(story.one("north get svc -n faces")) == [
        "color", "face", "faces-gui", "smiley", "smiley-east",
    ]  # fmt: skip
    assert "smiley-east" not in story.one("east get svc,pods -n faces")["output"]

    missing = story.one("north get endpoints smiley-east")
    assert missing["status"] == 1
    assert 'Error from server (NotFound): endpoints "smiley-east" not found' in missing["output"]

    at_home = ADDRESS.findall(story.one("east get endpoints smiley")["output"])
    seen_from_north = ADDRESS.findall(story.one("diagnostics endpoints smiley-east")["output"])
    assert len(at_home) == 2
    assert sorted(at_home) == sorted(seen_from_north)

    route = story.after("edit httproute.policy.linkerd.io smiley-router", "smiley-router")
    assert "300ms" in route["output"]

    assert "color2-west" in names(story.after("label svc/color2", "north -n faces get svc"))
    split = story.after("edit httproute.policy.linkerd.io color-canary", "color-canary")
    assert re.findall(r"\bcolor[\w-]*\b", split["output"]) == ["color2-west"]

    rest = story.after("delete -n faces deployment color", "get pods")["output"]
    assert not re.search(r"^color-", rest, re.MULTILINE)
    assert re.search(r"^face-", rest, re.MULTILINE)


def names(command: dict[str, Any]) -> list[str]:
    return [line.split()[0] for line in command["output"].splitlines()[1:]]


def test_without_the_label_it_fails_where_the_mirror_is_needed(
    meshpeek: RunProgram, copy: Path
) -> None:
    workshop = copy / "workshop.md"
    label = "kubectl --context west -n faces label svc/color2"
    lines = [line for line in workshop.read_text().splitlines() if not line.startswith(label)]
    workshop.write_text("\n".join(lines) + "\n")
    status, log, story = run_ci(meshpeek, copy)
    assert status == 1
    last = story.commands[-1]
    assert last["text"] == "kubectl --context north -n faces get svc"
    # The label's own expectations stay behind, and are this step's now.
    assert any("color2-west" in reason for reason in last["reasons"])
    assert f"failed: workshop.md:{last['line']} [north]" in log


def test_a_wrong_context_fails_there_and_names_the_right_ones(
    meshpeek: RunProgram, copy: Path
) -> None:
    text = (copy / "workshop.md").read_text()
    changed = text.replace("kubectl --context north get svc", "kubectl --context nrth get svc", 1)
    assert changed != text
    (copy / "workshop.md").write_text(changed)
    status, log, story = run_ci(meshpeek, copy)
    assert status == 1
    assert "kubectl --context nrth get svc" in story.commands[-1]["text"]
    assert "unknown context nrth; the contexts are north, east, west; did you mean north?" in log


def test_nothing_is_left_behind(meshpeek: RunProgram, copy: Path) -> None:
    replace_once(
        copy / "workshop.md",
        'BAT_STYLE="grid,numbers"\n',
        'BAT_STYLE="grid,numbers"\necho "$KUBECONFIG" >kubeconfig-path\n',
    )
    run_ci(meshpeek, copy)
    assert not Path((copy / "kubeconfig-path").read_text().strip()).parent.exists()
