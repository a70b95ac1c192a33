"""`meshpeek record`, and `ci --against` what it wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import ROOT, RunProgram

WORKSHOP = "# Story\n\n```bash\necho one\nprintf '\\033[1mtwo\\033[0m\\n'\n```\n"


@pytest.fixture
def recorded(meshpeek: RunProgram, tmp_path: Path) -> Path:
    (tmp_path / "w.md").write_text(WORKSHOP)
    ran = meshpeek("record", "w.md")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.endswith("written: w.transcript.yaml\n")
    return tmp_path / "w.transcript.yaml"


def test_a_run_like_the_recorded_one_passes(meshpeek: RunProgram, recorded: Path) -> None:
    assert recorded.stat().st_mode & 0o777 == 0o644
    ran = meshpeek("ci", "w.md", "--against", recorded)
    assert ran.returncode == 0, ran.stdout


def test_another_output_fails_and_is_shown_beside_the_recorded_one(
    meshpeek: RunProgram, recorded: Path
) -> None:
    recorded.write_text(recorded.read_text().replace('output: "one\\n"', 'output: "eins\\n"'))
    ran = meshpeek("ci", "w.md", "--against", recorded, "--events", "events.jsonl")
    assert ran.returncode == 1
    assert "failed in" in ran.stdout
    assert "the output differs from the transcript\n" in ran.stdout
    *_, drawn = (line for line in ran.stdout.splitlines() if line.startswith("eins"))
    assert drawn.split() == ["eins", "|", "one"]
    assert "\x1b" not in ran.stdout
    at_github = meshpeek("ci", "w.md", "--against", recorded, GITHUB_ACTIONS="true")
    assert "\x1b[31meins" in at_github.stdout


def test_an_update_keeps_comments(meshpeek: RunProgram, recorded: Path) -> None:
    text = recorded.read_text().replace("  - line: 4", "  # First of all.\n  - line: 4")
    recorded.write_text(text.replace('output: "one\\n"', 'output: "eins\\n"'))
    ran = meshpeek("ci", "w.md", "--against", recorded, "--update")
    assert ran.returncode == 0, ran.stdout
    assert recorded.read_text() == text


def test_a_failed_run_writes_nothing(meshpeek: RunProgram, recorded: Path) -> None:
    before = recorded.read_text()
    workshop = recorded.with_name("w.md")
    workshop.write_text(WORKSHOP.replace("echo one", "echo one; false"))
    ran = meshpeek("ci", "w.md", "--against", recorded, "--update")
    assert ran.returncode == 1
    assert "w.transcript.yaml is unchanged" in ran.stdout
    assert meshpeek("record", "w.md", "--force").returncode == 1
    assert recorded.read_text() == before
    assert not list(recorded.parent.glob(".*.spare"))


def test_a_transcript_is_not_written_over_by_accident(meshpeek: RunProgram, recorded: Path) -> None:
    recorded.write_text("mine")
    ran = meshpeek("record", "w.md")
    assert ran.returncode == 2
    assert "w.transcript.yaml already exists" in ran.stderr
    assert recorded.read_text() == "mine"
    assert meshpeek("record", "w.md", "--force").returncode == 0
    assert "steps:" in recorded.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["w.md", "--update"], "--update needs --against, which names the transcript"),
        (
            ["w.md", "w.md", "--against", "w.transcript.yaml"],
            "a transcript belongs to one workshop",
        ),
        (["w.md", "--against", "nowhere.yaml"], "nowhere.yaml does not exist"),
        (["w.md", "--against", "w.md"], "w.md:3:1: error: not valid YAML"),
    ],
)
def test_a_wrong_command_line_is_refused(
    meshpeek: RunProgram, recorded: Path, arguments: list[str], message: str
) -> None:
    ran = meshpeek("ci", *arguments)
    assert ran.returncode == 2
    assert message in ran.stderr


def test_a_folder_that_cannot_be_written_is_no_fit_environment(
    meshpeek: RunProgram, recorded: Path
) -> None:
    ran = meshpeek("record", "w.md", "-o", "missing/t.yaml")
    assert (ran.returncode, ran.stdout) == (3, "")  # nothing has run
    assert ran.stderr.startswith("error: cannot write missing/t.yaml: No such file or directory\n")


def test_a_report_that_cannot_be_written_leaves_nothing_behind(
    meshpeek: RunProgram, recorded: Path
) -> None:
    ran = meshpeek("ci", "w.md", "--against", recorded, "--update", "--junit", "missing/j.xml")
    assert ran.returncode == 3
    assert not list(recorded.parent.glob(".*.spare"))


def test_a_transcript_holds_no_secrets_and_is_compared_without_them(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text(
        "---\nmeshpeek:\n  env: {TOKEN: {secret: true, value: hunter2-hunter2}}\n---\n"
        "```bash\necho $TOKEN; echo hunter2-hunter2 one\n```\n"
    )
    assert meshpeek("record", "w.md").returncode == 0
    assert "hunter2" not in (tmp_path / "w.transcript.yaml").read_text()
    ran = meshpeek("ci", "w.md", "--against", "w.transcript.yaml")
    assert ran.returncode == 0, ran.stdout


@pytest.mark.slow
def test_the_workshop_passes_against_a_transcript_of_itself(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    transcript = tmp_path / "t.yaml"
    recorded = meshpeek("record", "--rehearse", "workshop.md", "-o", transcript, cwd=ROOT)
    assert recorded.returncode == 0, recorded.stdout
    again = meshpeek("ci", "--rehearse", "workshop.md", "--against", transcript, cwd=ROOT)
    assert again.returncode == 0, again.stdout
    text = transcript.read_text()
    assert text.count("mirror.linkerd.io/exported: remote-discovery") >= 1
    transcript.write_text(text.replace("2/2     Running", "1/2     Running", 1))
    changed = meshpeek("ci", "--rehearse", "workshop.md", "--against", transcript, cwd=ROOT)
    assert changed.returncode == 1
    assert "kubectl --context north get pods -n faces" in changed.stdout


def size_of(log: str) -> str:
    return log.partition("$ stty size <&1\n")[2].partition("\n")[0]


def test_a_run_has_the_size_of_its_transcript_wherever_it_is_started(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    workshop = tmp_path / "w.md"
    workshop.write_text("```bash\nstty size <&1\n```\n")
    wide, narrow = {"COLUMNS": "200", "LINES": "50"}, {"COLUMNS": "80"}
    assert size_of(meshpeek("ci", "w.md", **wide).stdout) == "24 120"
    meshpeek("record", "w.md", **wide)
    recorded = (tmp_path / "w.transcript.yaml").read_text()
    assert "\nsize: 120x24\nsteps:\n" in recorded
    assert meshpeek("ci", "w.md", "--against", "w.transcript.yaml", **narrow).returncode == 0
    meshpeek("record", "w.md", "--size", "90x30", "--force", **wide)
    ran = meshpeek("ci", "w.md", "--against", "w.transcript.yaml", "--cast", "r.cast")
    assert (ran.returncode, size_of(ran.stdout)) == (0, "30 90")
    header = json.loads((tmp_path / "r.cast").read_text().partition("\n")[0])
    assert (header["width"], header["height"]) == (90, 30)
    workshop.write_text("---\nmeshpeek: {size: 100x20}\n---\n```bash\nstty size <&1\n```\n")
    assert size_of(meshpeek("ci", "w.md", **wide).stdout) == "20 100"
    assert meshpeek("ci", "w.md", "--size", "9x9").returncode == 2


def test_a_tool_of_another_version_explains_a_difference(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    tool = tmp_path / "bin" / "thing"
    tool.parent.mkdir()
    (tmp_path / "w.md").write_text(
        '---\nmeshpeek: {requires: {thing: "1.0"}}\n---\n```bash\nthing\n```\n'
    )
    path = f"{tool.parent}:{os.environ['PATH']}"
    for version in ("1.2.0", "1.3.0"):
        tool.write_text(f"#!/bin/sh\necho thing v{version}\n")
        tool.chmod(0o755)
        if version == "1.2.0":
            assert meshpeek("record", "w.md", PATH=path).returncode == 0
    assert 'versions: {thing: "1.2.0"}\n' in (tmp_path / "w.transcript.yaml").read_text()
    ran = meshpeek("ci", "w.md", "--against", "w.transcript.yaml", PATH=path)
    assert ran.returncode == 1
    assert "hint: recorded with thing 1.2.0 (this run has 1.3.0)\n" in ran.stdout
    assert meshpeek("ci", "w.md", "--against", "w.transcript.yaml", "--update", PATH=path)
    assert 'versions: {thing: "1.3.0"}\n' in (tmp_path / "w.transcript.yaml").read_text()
