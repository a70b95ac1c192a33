"""A job that is killed at any moment leaves reports that hold every finished step."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
from lxml import etree, html

from tests.conftest import PROGRAM

STEPS = 12
OUTPUT = "head -c 20000 /dev/zero | tr '\\0' x"
REPORTS = {"junit": "j.xml", "json": "j.json", "html": "p.html", "cast": "r.cast"}
OPTIONS = [word for name, file in REPORTS.items() for word in (f"--{name}", file)]


def finished(folder: Path) -> dict[str, list[str]]:
    """Return the commands that each report holds; fail for one that is not well-formed."""
    suites = etree.parse(folder / "j.xml").getroot()
    cases = suites.findall("testsuite/testcase")
    for counted in (int(suites.get("tests")), sum(int(suite.get("tests")) for suite in suites)):
        assert counted == len(cases)
    cases = [case for case in cases if case.find("error") is None]
    assert int(suites.get("errors")) == 1
    steps = [
        step
        for workshop in json.loads((folder / "j.json").read_text())["workshops"]
        for step in workshop["steps"]
    ]
    page = html.parse(folder / "p.html", html.HTMLParser(encoding="utf-8")).getroot()
    assert (folder / "p.html").read_text().endswith("</html>\n")
    shown = page.xpath("//*[starts-with(@class, 'step ')]//*[@class='command']")
    cast = [json.loads(line) for line in (folder / "r.cast").read_text().splitlines()]
    screen = "".join(data for _, _, data in cast[1:])
    return {
        "junit": [case.get("name") for case in cases],
        "json": [step["command"] for step in steps],
        "html": [command.text_content().removeprefix("$ ") for command in shown],
        "cast": [line[-7:] for line in screen.split("\r\n") if line.startswith("ended")],
    }


def workshop(folder: Path, code: str) -> None:
    (folder / "w.md").write_text(f"<!-- @SHOW -->\n# T\n\nWords.\n\n```bash\n{code}\n```\n")


def commands() -> list[str]:
    return [f"{OUTPUT}; echo; echo ended step {number:02}" for number in range(STEPS)]


@pytest.mark.slow
@pytest.mark.parametrize("at", [0, 1, 5, STEPS - 1])
def test_killed_at_a_step_every_finished_one_is_there(
    clean_environment: dict[str, str], tmp_path: Path, at: int
) -> None:
    lines = commands()
    # $PPID is meshpeek, which has to be gone before the command can end.
    lines[at] = "kill -KILL $PPID; read -rt 60 <> <(:)"
    workshop(tmp_path, "\n".join(lines))
    ended = subprocess.run(
        [PROGRAM, "ci", *OPTIONS, "w.md"],
        cwd=tmp_path,
        env=clean_environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL
    found = finished(tmp_path)
    names = lines[:at]
    assert found["json"] == names
    assert found["html"] == names
    assert found["junit"] == names
    assert found["cast"] == [f"step {number:02}" for number in range(at)]
    (run,) = json.loads((tmp_path / "j.json").read_text())["workshops"]
    assert run["outcome"] == "running"
    assert run["under_way"] == {
        "step": at + 2, "path": "w.md", "line": at + 7, "command": lines[at]
    }  # fmt: skip
    error = etree.parse(tmp_path / "j.xml").find("testsuite/testcase/error")
    assert error.get("message") == f"w.md:{at + 7}: under way, or the job was killed"
    assert f"under way, or killed, at w.md:{at + 7}<" in (tmp_path / "p.html").read_text()


@pytest.mark.slow
def test_killed_at_any_moment_the_reports_are_whole_and_agree(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    workshop(tmp_path, "\n".join(commands()))
    command = [PROGRAM, "ci", *OPTIONS, "--events", "e.jsonl", "w.md"]
    events = tmp_path / "e.jsonl"
    for moment in range(0, 5000, 400):  # bytes of the log after which the job is killed
        for file in (*REPORTS.values(), events.name):
            (tmp_path / file).unlink(missing_ok=True)
        with subprocess.Popen(
            command, cwd=tmp_path, env=clean_environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        ) as job:  # fmt: skip
            assert job.stdout
            job.stdout.read(40 + moment * STEPS)
            job.kill()
        ends = [
            json.loads(line)
            for line in events.read_text().splitlines(keepends=True)
            if line.endswith("\n")
        ]
        done = [event["text"] for event in ends if event["event"] == "command"]
        found = finished(tmp_path)
        for name in ("junit", "json", "html"):
            # The JSON lines come first: the step under way may be in them and not in the others.
            assert len(done) - 1 <= len(found[name])
            assert found[name] == commands()[: len(found[name])]
