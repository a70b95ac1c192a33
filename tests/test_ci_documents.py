"""docs/ci.md, action.yml and the workflows say what is true, and their scripts run."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshpeek.workshop.loading import load_workshop
from meshpeek.workshop.parse import parse
from tests.conftest import PROGRAM, ROOT, RunProgram
from tests.test_documents import fences

GUIDE = (ROOT / "docs" / "ci.md").read_text()
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
WORKFLOWS = {path.stem: path.read_text() for path in (ROOT / ".github/workflows").glob("*.yml")}
WORKFLOW = yaml.safe_load(WORKFLOWS["workshop"])


def jobs_of(*workflows: str) -> list[dict[str, Any]]:
    return [job for text in workflows for job in yaml.safe_load(text)["jobs"].values()]


STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
JOBS: dict[str, Any] = WORKFLOW["jobs"]
SCRIPTS = {
    step["name"]: step["run"]
    for step in [*STEPS, *(step for job in jobs_of(*WORKFLOWS.values()) for step in job["steps"])]
    if "run" in step
}
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")  # as GitHub has it for `shell: bash`


@pytest.mark.slow
def test_the_guide_leads_to_a_failure_and_then_to_a_pass(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    workshop = fences(GUIDE, "markdown")[0][1]
    failed, passed = (text for _, text in fences(GUIDE, "text"))
    ((_, change),) = fences(GUIDE, "diff")
    old, new = (line[1:] for line in change.splitlines())
    (tmp_path / "workshops").mkdir()
    file = tmp_path / "workshops" / "smiley.md"
    file.write_text(workshop)
    first = meshpeek("ci", "--rehearse", "workshops")
    assert first.returncode == 1
    assert without_times(first.stdout).endswith(f"\n{without_times(failed)}")
    assert workshop.count(old) == 1
    file.write_text(workshop.replace(old, new))
    second = meshpeek("ci", "--rehearse", "workshops")
    assert second.returncode == 0
    assert without_times(second.stdout).endswith(f"\n{without_times(passed)}")


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d+ s", "", text)


def test_the_guide_lists_what_there_is_to_test(meshpeek: RunProgram) -> None:
    listed = meshpeek("ci", "--list", "--json", "workshop.md", cwd=ROOT).stdout
    assert f"$ meshpeek ci --list --json workshop.md\n{listed}```" in GUIDE
    (sample,) = (text for _, text in fences(GUIDE, "markdown") if "matrix:" in text)
    matrix = load_workshop(ROOT / "workshop.md", {}).front_matter.matrix
    assert parse(sample, "sample.md", str).front_matter.matrix == matrix


def test_the_guide_lists_the_inputs() -> None:
    for name, described in ACTION["inputs"].items():
        default = described["default"]
        told = f" `{default}` " if default else " "
        assert f"| `{name}` | {described['description']} |{told}|\n" in GUIDE
    table = GUIDE.partition("| input |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)) == set(ACTION["inputs"])


def test_the_guide_uses_the_action_in_four_lines() -> None:
    use = fences(GUIDE, "yaml")[0][1]
    steps = yaml.safe_load(use)["jobs"]["workshops"]["steps"]
    assert set(steps[1]["with"]) <= set(ACTION["inputs"])
    assert len(use.partition("    steps:\n")[2].splitlines()) == 4


def test_the_guide_names_options_that_there_are(meshpeek: RunProgram) -> None:
    described = meshpeek("ci", "--help").stdout
    used = re.findall(r"^\$ meshpeek ci (.*)$", GUIDE, re.MULTILINE)
    for option in re.findall(r"(?<!\S)--?[a-z]+", " ".join(used)):
        assert re.search(rf"(?m)^  (?:-\w, )?{option}\b|^  {option},", described), option


def test_the_action_is_one() -> None:
    assert {"name", "description", "runs"} <= set(ACTION)
    assert ACTION["runs"]["using"] == "composite"
    for step in STEPS:
        assert ("run" in step) != ("uses" in step)
        assert ("run" in step) == ("shell" in step)  # which a composite action must say


def test_inputs_are_declared_and_used() -> None:
    used = set(re.findall(r"inputs\.([a-z-]+)", json.dumps(ACTION)))
    assert used == set(ACTION["inputs"])
    for job in JOBS.values():
        for step in job["steps"]:
            if step.get("uses") == "./":
                assert set(step["with"]) <= set(ACTION["inputs"])


def test_jobs_need_what_there_is() -> None:
    for job in JOBS.values():
        assert job.get("needs", "versions") in JOBS
    outputs = re.findall(r"needs\.(\w+)\.outputs\.(\w+)", json.dumps(WORKFLOW))
    assert outputs
    for name, output in outputs:
        assert output in JOBS[name]["outputs"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_may_only_read_and_do_not_hang(name: str) -> None:
    assert yaml.safe_load(WORKFLOWS[name])["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] for job in jobs_of(WORKFLOWS[name]))


def test_actions_are_pinned_by_commit() -> None:
    texts = [*WORKFLOWS.values(), (ROOT / "action.yml").read_text(), GUIDE]
    used = re.findall(r"\buses: *(.*)", "\n".join(texts))
    assert len(used) >= 8
    commits: dict[str, set[str]] = {}
    for use in used:
        if use in ("./", "OWNER/meshpeek@COMMIT"):
            continue
        action, _, version = use.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", version), use
        commits.setdefault(action, set()).add(version)
    assert all(len(versions) == 1 for versions in commits.values()), commits


def test_each_push_is_checked() -> None:
    checks = yaml.safe_load(WORKFLOWS["checks"])
    assert set(checks[True]) == {"push", "pull_request"}  # YAML 1.1 takes `on` for true
    job = checks["jobs"]["checks"]
    assert job["steps"][-1]["run"] == ".ci/run"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=")
    assert job["strategy"]["matrix"]["python"][0] == oldest


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_sound_and_take_values_by_variables(name: str, tmp_path: Path) -> None:
    script = SCRIPTS[name]
    assert "${{" not in script  # or a branch's name could be run
    (tmp_path / "script").write_text(script)
    shellcheck = Path(PROGRAM).with_name("shellcheck")
    checked = subprocess.run(
        [shellcheck, "--shell=bash", tmp_path / "script"], capture_output=True, text=True
    )
    assert checked.stdout == ""
    assert checked.returncode == 0


def run_workshops(
    environment: dict[str, str], folder: Path, **inputs: str
) -> subprocess.CompletedProcess[str]:
    """Run the action's script as GitHub does, with `inputs` in place of what it has by itself."""
    (step,) = (step for step in STEPS if step.get("name") == "Run the workshops")
    programs = folder / "runner" / "meshpeek" / "bin"
    programs.mkdir(parents=True)
    (programs / "meshpeek").symlink_to(PROGRAM)
    values = {name: described["default"] for name, described in ACTION["inputs"].items()} | inputs
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: values[found[1]], value)
        for name, value in step["env"].items()
    }
    (folder / "script").write_text(step["run"])
    return subprocess.run(
        [*BASH, folder / "script"],
        cwd=folder,
        env=environment | variables | {"RUNNER_TEMP": str(folder / "runner")},
        capture_output=True,
        text=True,
        timeout=120,
    )


def write(path: Path, command: str) -> None:
    path.write_text(f"---\nmeshpeek: {{contexts: [north]}}\n---\n```bash\n{command}\n```\n")


@pytest.mark.slow
def test_the_action_runs_workshops(clean_environment: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "a b.md", "echo $1")
    write(tmp_path / "c.md", "kubectl --context north version; false")
    result = run_workshops(
        clean_environment,
        tmp_path,
        files="a b.md\n[c-d].md\n",
        options="--keep-going\n--timeout 1m",
    )
    assert (result.returncode, result.stderr) == (1, "")
    assert "a b.md: REHEARSAL" in result.stdout
    reports = sorted(path.name for path in (tmp_path / "meshpeek-reports").iterdir())
    assert reports == ["junit.xml", "report.html", "report.json"]


def test_the_action_refuses_what_it_does_not_know(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    result = run_workshops(clean_environment, tmp_path, rehearse="yes")
    assert (result.returncode, result.stderr) == (2, "")
    assert result.stdout == "::error title=meshpeek::`rehearse` is true or false, not yes\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ("a.md b.md", "there is no a.md b.md in {}; it takes one file, folder or pattern a line"),
        ("x/*.md", "no file matches x/*.md in {}"),
    ],
)
def test_the_action_says_which_line_names_no_file(
    clean_environment: dict[str, str], tmp_path: Path, files: str, message: str
) -> None:
    result = run_workshops(clean_environment, tmp_path, files=files)
    told = f"::error title=meshpeek::`files`: {message.format(tmp_path)}\n"
    assert (result.returncode, result.stdout) == (2, told)


def test_what_running_needs_is_locked_as_it_is_for_the_tests() -> None:
    locks = {
        name: set(re.findall(r"^\S+==\S+(?: ;.*?)?(?= \\$)", (ROOT / name).read_text(), re.M))
        for name in ("requirements.lock", "requirements-dev.lock")
    }
    assert locks["requirements.lock"] < locks["requirements-dev.lock"]
    names = {entry.partition("==")[0] for entry in locks["requirements.lock"]}
    assert not names & {"pytest", "mypy", "playwright", "ruff", "hypothesis", "demosh"}


def test_the_action_runs_on_real_clusters_if_told(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path / "a.md", "true")
    result = run_workshops(clean_environment, tmp_path, rehearse="false")
    assert result.returncode == 3
    assert "kubectl has no context north" in result.stderr


def test_the_workflow_lists_its_jobs(clean_environment: dict[str, str], tmp_path: Path) -> None:
    (step,) = (step for step in JOBS["versions"]["steps"] if step.get("id") == "list")
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "meshpeek").symlink_to(PROGRAM)
    for name in ("workshop.md", "k8s"):
        (tmp_path / name).symlink_to(ROOT / name)
    output = tmp_path / "output"
    subprocess.run(
        [*BASH, "-c", step["run"]],
        cwd=tmp_path,
        env=clean_environment | {"GITHUB_OUTPUT": str(output)},
        check=True,
        timeout=60,
    )
    name, _, value = output.read_text().partition("=")
    assert name == "matrix"
    jobs = json.loads(value)["include"]
    keys = set(re.findall(r"matrix\.(\w+)", json.dumps(JOBS["clusters"]["steps"])))
    keys |= set(re.findall(r"matrix\.(\w+)", json.dumps(JOBS["clusters"]["env"])))
    assert jobs
    assert all(set(job) == keys for job in jobs)
    assert all((ROOT / job["workshop"]).exists() for job in jobs)
