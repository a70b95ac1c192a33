"""`meshpeek ci` with several workshops: folders, `-j`, `--scratch`, `--list`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from meshpeek.workshop.folders import find_workshops
from tests.conftest import PROGRAM, RunProgram

FRONT_MATTER = "meshpeek: {}\n"
PATIENCE_SECONDS = 60


def write(path: Path, *commands: str, front_matter: str = FRONT_MATTER) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    code = "\n".join(commands)
    path.write_text(f"---\n{front_matter}---\n# About {path.stem}\n\n```bash\n{code}\n```\n")


def wait_for(path: str) -> str:
    """Return a command that waits for a file that another workshop makes."""
    return f"until [ -s {path} ]; do sleep 0.02; done"


@pytest.mark.parametrize(
    ("name", "text", "is_one"),
    [
        ("a.md", "---\nmeshpeek: {}\n---\n", True),
        ("a.MD", "---\r\nmeshpeek:\r\n---\r\n", True),
        ("a.md", "\ufeff---\ntitle: x\n'meshpeek' : {}\n---\n", True),
        ("a.md", "```bash\ntrue\n```\n", False),
        ("a.md", "---\ntitle: meshpeek\n---\nmeshpeek: {}\n", False),
        ("a.md", "---\nother:\n  meshpeek: {}\n---\n", False),
        ("a.md", "---\nmeshpeek: {}\n", True),  # and wrong, which must be told
        ("a.md", "---\ncontexts: [north]\n---\n", True),
        ("a.md", "---\ntitle: a: b\n---\n", False),
        ("a.md", "The word meshpeek: in prose\n\nmeshpeek: {}\n", False),
        ("a.md", "", False),
        ("a.txt", "---\nmeshpeek: {}\n---\n", False),
        (".a.md", "---\nmeshpeek: {}\n---\n", False),
        (".venv/a.md", "---\nmeshpeek: {}\n---\n", False),
        ("b/c/a.md", "---\nmeshpeek: {}\n---\n", True),
    ],
)
def test_what_is_a_workshop_in_a_folder(tmp_path: Path, name: str, text: str, is_one: bool) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text, newline="")
    assert list(find_workshops(tmp_path)) == ([tmp_path / name] if is_one else [])


def test_what_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"---\nmeshpeek: \xff\n---\n")
    (tmp_path / "b.md").symlink_to("gone.md")
    (tmp_path / "c.md").mkdir()
    assert list(find_workshops(tmp_path)) == []


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("node_modules/\nbuilt.md\n")
    for name in ("d/b.md", "d/z/a.md", "d/a.md", "d/node_modules/x.md", "d/built.md", "d/.h/a.md"):
        write(tmp_path / name, "true")
    found = [tmp_path / "d" / name for name in ("a.md", "b.md", "z/a.md")]
    assert list(find_workshops(tmp_path / "d")) == found
    ignored = tmp_path / "d" / "node_modules"
    assert list(find_workshops(ignored)) == [ignored / "x.md"]


def test_a_folder_stands_for_its_workshops(meshpeek: RunProgram, tmp_path: Path) -> None:
    for name in ("d/b.md", "d/a.md", "d/z/a.md"):
        write(tmp_path / name, "true")
    (tmp_path / "d" / "README.md").write_text("```bash\nfalse\n```\n")
    result = meshpeek("ci", "d", "d/a.md")
    assert result.returncode == 0
    headings = [line for line in result.stdout.splitlines() if line.endswith(".md")]
    assert headings == ["d/a.md", "d/b.md", "d/z/a.md", "d/a.md"]


def test_a_folder_without_workshops_is_an_error(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "README.md").write_text("```bash\ntrue\n```\n")
    result = meshpeek("ci", "d")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: d: no workshop in this folder\n  hint: ")


def write_three(tmp_path: Path) -> None:
    """Write workshops that can only pass when they run at once, the last one first."""
    write(tmp_path / "a.md", "echo from a", wait_for("b.done"), "echo end of a")
    write(tmp_path / "b.md", wait_for("c.done"), "echo from b >b.done", "(exit 7)")
    write(tmp_path / "c.md", "echo from c | tee c.done")


def test_workshops_run_at_once_and_are_told_in_order(meshpeek: RunProgram, tmp_path: Path) -> None:
    write_three(tmp_path)
    reports = ("--junit", "j.xml", "--json", "j.json", "--events", "j.jsonl")
    result = meshpeek("ci", "-j", "3", *reports, "a.md", "b.md", "c.md")
    assert (result.returncode, result.stderr) == (1, "")
    one_by_one = meshpeek("ci", "a.md", "b.md", "c.md").stdout  # their files are there by now
    assert without_times(result.stdout) == without_times(one_by_one)
    suites = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert [suite.get("name") for suite in suites] == ["a.md", "b.md", "c.md"]
    assert [suite.get("failures") for suite in suites] == ["0", "1", "0"]
    document = json.loads((tmp_path / "j.json").read_text())
    assert [each["outcome"] for each in document["workshops"]] == ["passed", "failed", "passed"]
    events = [json.loads(line) for line in (tmp_path / "j.jsonl").read_text().splitlines()]
    begun = [event["path"] for event in events if event["event"] == "run-started"]
    assert begun == ["a.md", "b.md", "c.md"]


def test_reports_have_the_times_at_which_things_happened(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    write(tmp_path / "a.md", wait_for("b.done"), "echo end of a")
    write(tmp_path / "b.md", "echo from b", "sleep 0.2; echo later >b.done")
    assert meshpeek("ci", "-j", "2", "--json", "j.json", "--cast", "j.cast", ".").returncode == 0
    document = json.loads((tmp_path / "j.json").read_text())
    first, second = document["workshops"]
    end = datetime.fromisoformat(first["started"]) + timedelta(seconds=first["duration"])
    assert datetime.fromisoformat(second["started"]) < end
    _, *lines = (json.loads(line) for line in (tmp_path / "j.cast").read_text().splitlines())
    times = [time for time, _, _ in lines]
    assert times == sorted(times)
    (shown,) = (time for time, _, text in lines if "end of a" in text and "echo" not in text)
    (later,) = (time for time, _, text in lines if text.endswith("from b\r\n") and "$" not in text)
    assert later >= shown


def test_a_workshop_is_tried_again_and_none_starts_after_enough_failures(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    write(tmp_path / "a.md", "[ -e there ] || { touch there; false; }")
    write(tmp_path / "b.md", "false")
    write(tmp_path / "c.md", "true")
    options = ("--retries", "1", "--max-failures", "1", "--junit", "j.xml", "--json", "j.json")
    result = meshpeek("ci", *options, "a.md", "b.md", "c.md")
    assert result.returncode == 1
    assert "\na.md: attempt 2 of 2\n" in result.stdout
    rows = [
        line.split()[:2] for line in result.stdout.splitlines() if line.startswith(("a", "b", "c"))
    ]
    assert rows[-3:] == [["a.md", "flaky"], ["b.md", "failed"], ["c.md", "skipped"]]
    assert result.stdout.endswith("\n3 workshops: 1 flaky, 1 failed, 1 skipped\n")
    suites = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert [[each.tag for each in suite[0]] for suite in suites] == [
        ["flakyFailure"],
        ["failure", "rerunFailure"],
        ["skipped"],
    ]
    first, *_ = json.loads((tmp_path / "j.json").read_text())["workshops"]
    assert [each["reasons"] for each in first["earlier_failures"]] == [["exit status 1"]]


def test_a_pipeline_shares_compares_and_remembers(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "w" / "a.md", "[ ! -e fail ]", "echo a")
    write(tmp_path / "w" / "b.md", "echo b")
    written = meshpeek("ci", "--against", "golden", "--update", "w")
    assert written.returncode == 0
    for name in "ab":
        assert f"written: golden/w/{name}.transcript.yaml\n" in written.stdout
    (tmp_path / "fail").touch()
    assert meshpeek("ci", "--against", "golden", "-j", "2", "w").returncode == 1
    (tmp_path / "fail").unlink()
    again = meshpeek("ci", "--against", "golden", "--last-failed", "w")
    assert again.stdout.endswith("\n2 workshops: 1 skipped, 1 passed\n")
    write(tmp_path / "w" / "b.md", "echo b; echo more")
    changed = meshpeek("ci", "--against", "golden", "w")
    assert (changed.returncode, "w/b.md:7" in changed.stdout) == (2, False)
    listed = json.loads(meshpeek("ci", "--list", "--json", "--shards", "2", "w").stdout)
    assert {each["files"] for each in listed["include"]} == {"w/a.md", "w/b.md"}
    shared = meshpeek("ci", "--shard", "1/2", "w")
    assert shared.stdout.startswith("shard 1/2: 1 of 2 workshops\n")
    assert shared.stdout.endswith("\n1 workshops: 1 passed\n")


def test_only_what_is_chosen_runs(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "a.md", "## meshpeek: tags smoke", "echo one", "echo two")
    write(tmp_path / "b.md", "echo three")
    result = meshpeek("ci", "--tags", "smoke", "a.md", "b.md")
    assert result.returncode == 0
    assert "a.md:9 skipped: not chosen by --tags smoke" in result.stdout
    assert "b.md  skipped  nothing is chosen by --tags smoke" in result.stdout
    result = meshpeek("ci", "--tags", "smok", "a.md", "b.md")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: no command is chosen by --tags smok\n")


def without_times(log: str) -> str:
    return re.sub(r" *\b[0-9.]+ s\b", "", log)


def test_no_more_than_asked_for_run_at_once(meshpeek: RunProgram, tmp_path: Path) -> None:
    for name in "abcde":
        write(
            tmp_path / f"{name}.md",
            "mkdir -p run; touch run/$$; ls run | wc -l >>most; sleep 0.1; rm run/$$",
        )
    assert meshpeek("ci", "-j", "2", ".").returncode == 0
    counts = [int(line) for line in (tmp_path / "most").read_text().split()]
    assert len(counts) == 5
    assert max(counts) <= 2


def test_one_that_cannot_run_is_told_in_its_place(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "a.md", "true")
    write(tmp_path / "b.md", "true", front_matter="meshpeek: {requires: [no-such-tool]}\n")
    write(tmp_path / "c.md", "true")
    result = meshpeek("ci", "-j", "2", "--junit", "j.xml", ".")
    assert result.returncode == 3
    assert "error: no-such-tool was not found\n" in result.stderr
    suites = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert [suite.get("errors") for suite in suites] == ["0", "1", "0"]


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_the_log_ends_with_what_became_of_each(
    meshpeek: RunProgram, tmp_path: Path, jobs: str
) -> None:
    write(tmp_path / "a.md", "true", "(exit 7)", "(exit 8)")
    write(tmp_path / "b.md", "true", front_matter="meshpeek: {requires: [no-such-tool]}\n")
    write(tmp_path / "c.md", "true")
    (tmp_path / "d.md").write_text("<!-- meshpeek: skip ci -->\n```bash\ntrue\n```\n")
    result = meshpeek("ci", "--keep-going", "-j", jobs, "a.md", "b.md", "c.md", "c.md", "d.md")
    assert result.returncode == 2
    assert without_times(result.stdout).endswith(
        "\n\n"
        "a.md  failed         a.md:8: exit status 7 (and 1 more)\n"
        "b.md  could not run  no-such-tool was not found\n"
        "c.md  passed         1 passed in\n"
        "c.md  passed         1 passed in\n"
        "d.md  nothing ran    every command was skipped (skip ci)\n"
        "\n5 workshops: 1 failed, 1 could not run, 2 passed, 1 nothing ran\n"
    )
    assert "b.md: error: no-such-tool was not found\n" in result.stderr
    assert "error: d.md: every command was skipped" in result.stderr
    assert result.stderr.count("d.md") == 1


def test_a_workshop_that_is_named_twice_is_told_twice(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "a.md", "true")
    one_by_one = meshpeek("ci", "a.md", "a.md").stdout
    assert one_by_one.count("\ntotal ") == 2
    assert without_times(meshpeek("ci", "-j", "2", "a.md", "a.md").stdout) == without_times(
        one_by_one
    )


def test_those_that_did_not_begin_are_counted(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path / "a.md", "echo rea''dy; sleep 65")
    write(tmp_path / "b.md", "true")
    with subprocess.Popen(
        [PROGRAM, "ci", "a.md", "b.md"],
        cwd=tmp_path,
        env=clean_environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout
        assert any(line == "ready\n" for line in program.stdout)
        program.send_signal(signal.SIGINT)
        rest = program.stdout.read()
    assert program.returncode == 130
    assert rest.endswith("\n2 workshops: 1 interrupted, 1 not started\n")


def test_one_workshop_needs_no_overview(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "a.md", "true")
    assert re.search(r"\n1 passed in \S+ s\n\Z", meshpeek("ci", "a.md").stdout)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_process_that_is_killed_is_one_entry_that_names_the_step(
    meshpeek: RunProgram, tmp_path: Path, jobs: str
) -> None:
    write(tmp_path / "a.md", "echo before", "kill -KILL $PPID; sleep 30", "echo after")
    write(tmp_path / "b.md", "true")
    reports = ("--junit", "j.xml", "--json", "j.json", "--html", "p.html")
    result = meshpeek("ci", "-j", jobs, *reports, ".", GITHUB_ACTIONS="true")
    reason = "the process of this workshop ended unexpectedly, with signal 9"
    assert (result.returncode, result.stderr) == (3, "")
    assert without_times(result.stdout).endswith(
        f"\n\na.md  could not run  a.md:8: {reason}\n"
        "b.md  passed         1 passed in\n"
        "\n2 workshops: 1 could not run, 1 passed\n"
    )
    assert "::error file=a.md,line=8,endLine=8,title=could not run::" in result.stdout
    suites = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert [(suite.get("name"), suite.get("errors")) for suite in suites] == [
        ("a.md", "1"),
        ("b.md", "0"),
    ]
    (error,) = (case for case in suites[0] if case.find("error") is not None)
    assert error.get("line") == "8"
    first, second = json.loads((tmp_path / "j.json").read_text())["workshops"]
    assert (first["outcome"], second["outcome"]) == ("could not run", "passed")
    assert [step["outcome"] for step in first["steps"]] == ["passed", "could not run", "skipped"]
    assert reason in (tmp_path / "p.html").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_ends_all(
    clean_environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    run = start_sleeping(clean_environment, tmp_path)
    os.killpg(run.pid, number)  # ^C at a terminal is for all that run there
    output, _ = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode == 130
    assert "c.md" not in output
    assert output.count("-- interrupted in") == 2
    for name in ("a", "b"):
        assert not is_alive(int((tmp_path / f"{name}.pid").read_text()))
    suites = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert [(suite.get("name"), suite.get("errors")) for suite in suites] == [
        ("a.md", "1"),
        ("b.md", "1"),
    ]


def test_nothing_outlives_one_that_is_killed(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    run = start_sleeping(clean_environment, tmp_path)
    run.kill()
    run.communicate(timeout=PATIENCE_SECONDS)
    for name in ("a", "b"):
        wait_until_gone(int((tmp_path / f"{name}.pid").read_text()))
    (suite,) = ElementTree.parse(tmp_path / "j.xml").getroot()
    (case,) = suite
    assert suite.get("errors") == "1"
    error = case.find("error")
    assert error is not None
    assert str(error.get("message")).endswith(": under way, or the job was killed")


def start_sleeping(environment: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    """Start three workshops, two at once, that sleep; return when those two do."""
    for name in "abc":
        write(folder / f"{name}.md", f"exec 3>&-; sleep 600 & echo $! >{name}.pid; fg >/dev/null")
    run = subprocess.Popen(
        [PROGRAM, "ci", "-j", "2", "--junit", "j.xml", "a.md", "b.md", "c.md"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + PATIENCE_SECONDS
    while not all(
        (folder / f"{n}.pid").is_file() and (folder / f"{n}.pid").read_text() for n in "ab"
    ):
        assert run.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    return run


def is_alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip()[:1] not in ("", "Z")


def wait_until_gone(pid: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while is_alive(pid):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_scratch_is_a_copy_that_goes_away(meshpeek: RunProgram, tmp_path: Path, jobs: str) -> None:
    folder = tmp_path / "talks"
    (folder / "k8s").mkdir(parents=True)
    (folder / "k8s" / "a.yaml").write_text("kind: a\n")
    (folder / "link").symlink_to("k8s/a.yaml")
    for name in ("a", "b"):
        write(folder / f"{name}.md", "cat k8s/a.yaml link", "pwd; echo changed >k8s/a.yaml")
    result = meshpeek("ci", "--scratch", "-j", jobs, "talks", TMPDIR=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("kind: a\nkind: a\n") == 2
    places = {line for line in result.stdout.splitlines() if line.endswith("/talks")}
    assert len(places) == 2
    assert not any(Path(place).exists() for place in places)
    assert (folder / "k8s" / "a.yaml").read_text() == "kind: a\n"


def test_the_copy_of_a_run_that_was_killed_goes_with_the_next(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    folder, copies = tmp_path / "talk", tmp_path / "copies"
    write(folder / "w.md", 'pwd >"$PLACE"; read -r _ <"$PIPE"')
    copies.mkdir()
    places, pipe = tmp_path / "places", tmp_path / "pipe"
    os.mkfifo(places)
    os.mkfifo(pipe)
    environment = clean_environment | {
        "TMPDIR": str(copies),
        "PLACE": str(places),
        "PIPE": str(pipe),
    }

    with ExitStack() as stack:

        def start() -> tuple[subprocess.Popen[bytes], Path]:
            run = stack.enter_context(
                subprocess.Popen(
                    [PROGRAM, "ci", "--scratch", "w.md"],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
            )
            stack.callback(run.kill)
            return run, Path(places.read_text().strip())

        killed, left = start()
        killed.kill()
        killed.wait(timeout=PATIENCE_SECONDS)
        assert (left / "w.md").exists()
        run, copy = start()
        assert not left.exists()
        assert (copy / "w.md").exists()
        pipe.write_text("\n")
        assert run.wait(timeout=PATIENCE_SECONDS) == 0
    assert list(copies.iterdir()) == []


def test_scratch_has_what_git_does_not_ignore(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "w" / "w.md", "find . -type f | sort")
    for name, text in [(".gitignore", "*.log\n"), ("old", "1"), ("new", "2"), ("x.log", "3")]:
        (tmp_path / "w" / name).write_text(text)
    for words in (["init", "-q"], ["add", "old", "w.md"]):
        subprocess.run(["git", *words], cwd=tmp_path / "w", check=True)
    result = meshpeek("ci", "--scratch", "w/w.md")
    listed = [line for line in result.stdout.splitlines() if line.startswith("./")]
    assert listed == ["./.gitignore", "./new", "./old", "./w.md"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_scratch_that_cannot_be(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "w" / "w.md", "true")
    (tmp_path / "w" / "closed").mkdir(mode=0)
    result = meshpeek("ci", "--scratch", "w/w.md")
    assert result.returncode == 3
    assert result.stderr.startswith("error: cannot copy w: ")


@pytest.mark.slow
def test_rehearsals_at_once_have_clusters_of_their_own(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        write(
            tmp_path / f"{name}.md",
            f"kubectl --context north create ns mine && touch {name}.made",
            "until [ -e a.made ] && [ -e b.made ]; do sleep 0.02; done",
            front_matter="meshpeek: {contexts: [north]}\n",
        )
    result = meshpeek("ci", "--rehearse", "-j", "2", ".")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("namespace/mine created\n") == 2


MATRIX = (
    "meshpeek: {matrix: {kubernetes: [v1.27.4-k3s1, v1.28.2-k3s1], linkerd: [stable-2.14.10]}}\n"
)


def test_the_list_is_workshops_by_versions(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "a.md", "touch ran", front_matter=MATRIX)
    write(tmp_path / "b.md", "touch ran")
    assert meshpeek("ci", "--list", ".").stdout == (
        "a.md  kubernetes v1.27.4-k3s1  linkerd stable-2.14.10\n"
        "a.md  kubernetes v1.28.2-k3s1  linkerd stable-2.14.10\n"
        "b.md\n"
    )
    versions = {"linkerd": "stable-2.14.10"}
    for words in (["--list", "--json", "."], ["--json", "--list", "."], [".", "--list", "--json"]):
        listed = meshpeek("ci", *words).stdout
        assert listed.count("\n") == 1
        assert json.loads(listed) == {
            "include": [
                {"workshop": "a.md", "kubernetes": "v1.27.4-k3s1", **versions},
                {"workshop": "a.md", "kubernetes": "v1.28.2-k3s1", **versions},
                {"workshop": "b.md"},
            ]
        }
    assert not (tmp_path / "ran").exists()


def test_a_list_of_what_is_wrong_is_none(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "a.md", "true")
    write(tmp_path / "b.md", "true", front_matter="meshpeek: {matrix: {kubernetes: [1, 1]}}\n")
    result = meshpeek("ci", "--list", "--json", ".")
    assert (result.returncode, result.stdout) == (2, "")
    assert "b.md:2:37: error: duplicate version `1`" in result.stderr
