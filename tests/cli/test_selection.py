"""Which of several workshops run: a share of them, those that failed, those that changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from meshpeek.cli.pipelines.selection import Share, WorkshopSelection, in_shard, select, shares_of
from meshpeek.cli.pipelines.workshop_history import WorkshopHistory, share
from meshpeek.errors import InputError
from meshpeek.run.events import Event, RunEnded, RunRefused, RunStarted, WorkshopSkipped
from meshpeek.sinks.run_report import RunReport
from meshpeek.workshop.loading import load_workshop
from meshpeek.workshop.model import Mode, Workshop
from meshpeek.workshop.parse import parse
from tests.sinks.story import tell


def workshop(path: str, code: str = "true") -> Workshop:
    return parse(f"```bash\n{code}\n```\n", path, lambda name: pytest.fail(name))


@pytest.mark.parametrize(
    ("seconds", "shares"),
    [
        ({}, ["ad", "be", "c"]),
        ({"a": 9, "b": 1, "c": 1, "d": 1, "e": 1}, ["a", "bd", "ce"]),
        ({"a": 4, "e": 6}, ["e", "bd", "ac"]),
    ],
)
def test_shares_take_about_as_long(seconds: dict[str, float], shares: list[str]) -> None:
    assert ["".join(share("abcde", seconds, number, 3)) for number in (1, 2, 3)] == shares


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/3"])
def test_a_share_is_one_of_a_number(text: str) -> None:
    assert Share.parse(text) is None
    assert Share.parse("3/10") == Share(3, 10)


def ended(path: str, outcome: str) -> list[Event]:
    story = list(tell(Mode.CI))
    started = story[0]
    assert isinstance(started, RunStarted)
    if outcome == "failed":
        return [started.replace(workshop=started.workshop.replace(path=path)), *story[1:]]
    return [RunRefused(path, "error: no")]


def test_the_history_has_the_last_run_of_each(tmp_path: Path) -> None:
    file = tmp_path / "h" / "history.json"
    history = WorkshopHistory(file)
    for event in [*ended("a.md", "failed"), *ended("b.md", "refused")]:
        history.take(event)
    history.close()
    again = WorkshopHistory(file)
    report = RunReport()
    for event in tell(Mode.CI):
        report.take(event)
    last = again.last("a.md")
    assert last is not None
    assert (last.outcome, last.passed) == ("failed", False)
    assert last.seconds == report.duration > 0
    refused = again.last("b.md")
    assert refused is not None
    assert not refused.passed
    assert again.last("c.md") is None
    again.take(RunStarted(workshop("c.md"), Mode.CI, False))
    again.take(RunEnded(report.reason, 1.0))  # type: ignore[arg-type]
    again.close()
    assert {"a.md", "b.md", "c.md"} == {
        name for name in ("a.md", "b.md", "c.md", "d.md") if WorkshopHistory(file).last(name)
    }


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    (tmp_path / "h").write_text("[]")
    with pytest.raises(InputError, match="is not a history of workshops"):
        WorkshopHistory(tmp_path / "h")


def selected(
    workshops: list[Workshop], selection: WorkshopSelection, history: WorkshopHistory | None = None
) -> tuple[list[str], list[Event]]:
    told: list[Event] = []
    found = select(workshops, selection, None, history, told.append)
    return [each.path for each in found], told


def test_those_that_failed_last_time_run(tmp_path: Path) -> None:
    history = WorkshopHistory(tmp_path / "h")
    every = [workshop("a.md"), workshop("b.md")]
    selection = WorkshopSelection(last_failed=True)
    assert selected(every, selection, history)[0] == ["a.md", "b.md"]
    for event in ended("b.md", "failed"):
        history.take(event)
    history.close()
    found, told = selected(every, selection, WorkshopHistory(tmp_path / "h"))
    assert found == ["b.md"]
    assert told == [WorkshopSkipped("a.md", "passed last time (--last-failed)")]


def test_shards_are_by_the_last_durations(tmp_path: Path) -> None:
    history = WorkshopHistory(tmp_path / "h")
    every = [workshop(name) for name in ("a.md", "b.md", "c.md")]
    shards = shares_of([each.path for each in every], 2, history)
    assert shards == [["a.md", "c.md"], ["b.md"]]
    for number, paths in enumerate(shards, 1):
        found = in_shard(every, WorkshopSelection(shard=Share(number, 2)), history)
        assert [each.path for each in found] == paths


def git(folder: Path, *command: str) -> None:
    names = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", *names, *command], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("changed", "touched"),
    [
        ("other/x", []),
        ("w/a.md", ["a.md"]),
        ("w/part.md", ["b.md"]),
        ("w/k8s/north/n.yaml", ["c.md"]),
        ("w/k8s/app.yaml", ["b.md"]),
        ("w/data/deep/x", ["b.md"]),
        ("w/k8s/new.yaml", []),
        ("w/k8s/north/new.yaml", ["c.md"]),
    ],
)
def test_those_that_a_change_touches_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, touched: list[str]
) -> None:
    files = {
        "w/a.md": "```bash\ntrue\n```\n",
        "w/b.md": "<!-- @import part.md -->\n"
        "```bash\nkubectl apply -f k8s/app.yaml\ncp -r data x\n```\n",
        "w/c.md": "---\nmeshpeek: {contexts: [n], rehearsal: {n: {manifests: [k8s/north]}}}\n---\n"
        "```bash\ntrue\n```\n",
        **dict.fromkeys(["w/part.md", "w/k8s/north/n.yaml", "w/k8s/app.yaml"], "# x\n"),
        **dict.fromkeys(["w/data/deep/x", "other/x"], "x\n"),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    monkeypatch.chdir(tmp_path / "w")
    every = [load_workshop(Path(name), {}) for name in ("a.md", "b.md", "c.md")]
    (tmp_path / changed).write_text(f"{files.get(changed, '')}\nmore\n")
    found, told = selected(every, WorkshopSelection(since="HEAD"))
    assert found == touched
    assert len(told) == 3 - len(touched)
    with pytest.raises(InputError, match="git does not know what changed since nope"):
        selected(every, WorkshopSelection(since="nope"))
