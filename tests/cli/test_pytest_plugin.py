"""The pytest plugin, in sessions of pytest of its own: what it collects, runs, and tells."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.slow

PASSING = "---\nmeshpeek: {pytest: true}\n---\n\n```bash\necho fine\n```\n"
FAILING = """---
meshpeek:
  pytest: true
  contexts: [north]
---

# Links

```bash
kubectl() { echo west; }
## meshpeek: expect east
kubectl --context north get link
## meshpeek: always
echo last
```
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: north, context: {cluster: c, user: u}}]
users: [{name: u, user: {}}]
"""


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a folder to run pytest in, as a user does: warnings are errors."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-W error -p no:asyncio -p no:pytest-lsp")
    monkeypatch.setenv("KUBECONFIG", str(pytester.path / "kubeconfig"))
    (pytester.path / "kubeconfig").write_text(KUBECONFIG)
    return pytester


def run(session: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return session.runpytest_subprocess(*arguments, timeout=120)


def write(session: pytest.Pytester, **texts: str) -> None:
    for name, text in texts.items():
        (session.path / f"{name}.md").write_text(text)


def test_a_marked_workshop_is_a_test(session: pytest.Pytester) -> None:
    write(session, a=PASSING, b=PASSING.replace("true", "false"), c="```bash\nfalse\n```\n")
    result = run(session, "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["a.md::a PASSED*"])


def test_all_workshops_are_tests_if_wanted(session: pytest.Pytester) -> None:
    write(session, a=PASSING, b="---\nmeshpeek: {}\n---\n```bash\ntrue\n```\n", c="# Notes\n")
    run(session, "--meshpeek").assert_outcomes(passed=2)


def test_a_file_that_is_named_is_one(session: pytest.Pytester) -> None:
    write(session, a="```bash\ntrue\n```\n")
    run(session, "--meshpeek", "a.md").assert_outcomes(passed=1)
    assert "no tests ran" in run(session, "--meshpeek").stdout.str()


def test_a_failure_is_told_step_by_step(session: pytest.Pytester) -> None:
    write(session, a=FAILING)
    result = run(session)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ a.md _*",
            "failed: a.md:12 [[]north[]]",
            "  $ kubectl --context north get link",
            "  the output lacks “east”",
            "  | west",
            "",
            "passed      a.md:10          $ kubectl() { echo west; }",
            "failed      a.md:12 [[]north[]]  $ kubectl --context north get link",
            "passed      a.md:14          $ echo last",
            "2 passed, 1 failed in *; stopped at a failed step",
        ],
        consecutive=True,
    )


def test_what_cannot_run_fails_and_says_why(session: pytest.Pytester) -> None:
    write(
        session,
        a=PASSING.replace("pytest: true", "pytest: true, requires: [no-such-tool]"),
        b=PASSING.replace("echo", "## meshpeek: only present\necho"),
        c=PASSING.replace("echo fine", "kill -KILL $PPID; sleep 30"),
    )
    result = run(session)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "error: no-such-tool was not found",
            "error: b.md: every command was skipped (only present)",
            "  the process of this workshop ended unexpectedly, with signal 9",
        ]
    )


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("{pytest: ture}", "a.md:2:20: error: `pytest` must be true or false"),
        ("{pytst: true, pytest: true}", "a.md:2:12: error: unknown key `pytst`"),
        ("{pytest: true, x: [}", "a.md:2:*: error: invalid front matter: *"),
    ],
)
def test_wrong_front_matter_is_an_error_with_its_place(
    session: pytest.Pytester, settings: str, problem: str
) -> None:
    write(session, a=f"---\nmeshpeek: {settings}\n---\n\n```bash\ntrue\n```\n")
    result = run(session)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([problem, "2 | meshpeek: {*", "  |  *^*", "  hint: *"])
    assert "Traceback" not in result.stdout.str()


def test_a_workshop_runs_in_its_folder(session: pytest.Pytester) -> None:
    folder = session.mkdir("talks")
    (folder / "data").write_text("here\n")
    (folder / "a.md").write_text(PASSING.replace("echo fine", "grep here data && echo >>data"))
    run(session).assert_outcomes(passed=1)
    assert (folder / "data").read_text() == "here\n\n"
    run(session, "--meshpeek-scratch", "talks").assert_outcomes(passed=1)
    assert (folder / "data").read_text() == "here\n\n"


def test_workshops_are_chosen_and_run_again_like_tests(session: pytest.Pytester) -> None:
    write(session, alpha=PASSING, beta=FAILING)
    run(session, "-k", "alpha").assert_outcomes(passed=1, deselected=1)
    run(session).assert_outcomes(passed=1, failed=1)
    run(session, "--lf").assert_outcomes(failed=1)


def test_workshops_are_spread_over_processes(session: pytest.Pytester) -> None:
    waiting = PASSING.replace("echo fine", "touch MINE; until [ -e THEIRS ]; do sleep 0.02; done")
    write(
        session,
        a=waiting.replace("MINE", "a.here").replace("THEIRS", "b.here"),
        b=waiting.replace("MINE", "b.here").replace("THEIRS", "a.here"),
        c=FAILING,
    )
    result = run(session, "-n", "2", "--junit-xml", "j.xml")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["  the output lacks “east”"])
    cases = {
        case.get("name"): case
        for case in ElementTree.parse(session.path / "j.xml").iter("testcase")
    }
    assert set(cases) == {"a", "b", "c"}
    failure = cases["c"].find("failure")
    assert failure is not None
    assert "a.md:12" not in (failure.text or "")
    assert "c.md:12 [north]" in (failure.text or "")
    counted = {each.get("name"): each.get("value") for each in cases["c"].iter("property")}
    assert counted == {"steps-passed": "2", "steps-failed": "1", "steps-skipped": "0"}


def test_workshops_are_rehearsed(session: pytest.Pytester) -> None:
    command = "kubectl --context north version | grep rehearsal"
    write(session, a=FAILING.partition("\n# Links")[0] + f"\n```bash\n{command}\n```\n")
    run(session, "--meshpeek-rehearse").assert_outcomes(passed=1)


def test_who_does_not_use_it_loads_nothing_of_it(session: pytest.Pytester) -> None:
    write(session, a="# Notes\n", b="text\n\n---\nother: {pytest: true}\n---\n")
    session.makeconftest(
        "import json, pathlib, sys\n"
        "def pytest_unconfigure():\n"
        "    pathlib.Path('loaded').write_text(json.dumps(sorted(sys.modules)))\n"
    )
    session.makepyfile("def test_mine(): pass")
    run(session, "-k", "mine").assert_outcomes(passed=1)
    loaded = set(json.loads((session.path / "loaded").read_text()))
    ours = {name for name in loaded if name.startswith("meshpeek")}
    light = ("", ".cli", ".cli.pytest_plugin", ".errors", ".workshop", ".workshop.folders")
    assert ours == {f"meshpeek{name}" for name in light}
    assert not loaded & {"yaml", "markdown_it", "pexpect", "rich"}
