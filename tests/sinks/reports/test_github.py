"""What GitHub Actions is told of a run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from meshpeek.run.events import CommandEnded
from meshpeek.sinks.reports.step_summary import annotate, summarise
from meshpeek.sinks.run_report import RunReport
from meshpeek.workshop.model import Mode
from tests.conftest import RunProgram
from tests.sinks.story import tell

WORKSHOP = "# A | B\n\n```bash\ntrue\nfalse | grep '100%, `x`' \\\n  --\n```\n"


def test_a_failure_is_marked_at_its_line_and_summed_up(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "w.md").write_text(WORKSHOP)
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    (tmp_path / "summary.md").write_text("said before\n\n")
    result = meshpeek("ci", "w.md", cwd=folder, **github)
    (command,) = heard_by_the_runner(result.stdout)
    assert command == (
        "::error file=docs/w.md,line=5,endLine=6,title=failed::$ false | grep '100%25, `x`' \\%0A"
        "  --%0Apart 1 of the pipeline: exit status 1%0Apart 2 of the pipeline: exit status 1"
    )
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("said before\n\n## ❌ w.md\n")
    html = MarkdownIt("commonmark").enable("table").render(summary)
    assert "<td>A | B</td>" in html
    assert "<li>part 1 of the pipeline: exit status 1</li>" in html
    assert "$ false | grep '100%, `x`' \\\n  --\n</code></pre>" in html


def heard_by_the_runner(log: str) -> list[str]:
    """Return the workflow commands that GitHub's runner would carry out, but for groups.

    After `::stop-commands::TOKEN` it takes none before `::TOKEN::` (GitHub's documentation of
    workflow commands); blanks before a command do not matter to it.
    """
    token, heard = "", []
    for line in map(str.lstrip, log.splitlines()):
        if token and line == f"::{token}::":
            token = ""
        elif not token and line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith(("::group::", "::endgroup::")):
            assert not token
        elif not token and (line.startswith("::") or "##[" in line):
            heard.append(line)
    assert not token, "commands stay stopped for what comes after meshpeek"
    return heard


HOSTILE = """\
# A section

```bash
echo '::add-mask::passed'; echo '  ::error file=x::y'; echo '##[add-mask]passed'
echo '::stop-commands::mine'; false
```
"""


@pytest.mark.parametrize("jobs", ["-j1", "-j2"])
def test_what_commands_print_does_not_speak_to_the_runner(
    meshpeek: RunProgram, tmp_path: Path, jobs: str
) -> None:
    for name in "ab":
        (tmp_path / f"{name}.md").write_text(HOSTILE)
    result = meshpeek("ci", jobs, "--keep-going", "a.md", "b.md", GITHUB_ACTIONS="true")
    heard = heard_by_the_runner(result.stdout)
    assert [re.sub("::.*", "", line[2:]) for line in heard] == [
        f"error file={name}.md,line=5,endLine=5,title=failed" for name in "ab"
    ]
    assert "::add-mask::passed" in result.stdout


def test_a_workshop_that_cannot_run_is_marked_too(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text("\n<!-- meshpeek: exitt 1 -->\n")
    summary = tmp_path / "summary.md"
    result = meshpeek(
        "ci", "w.md", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary),
        GITHUB_WORKSPACE="/elsewhere",
    )  # fmt: skip
    assert result.returncode == 2
    assert "\n::error file=w.md,line=2,endLine=2,title=could not run::w.md%3A" in (
        result.stdout.replace("::w.md:", "::w.md%3A")
    )
    assert "It could not be run." in summary.read_text()


def test_a_workshop_in_which_nothing_ran_is_not_said_to_have_passed(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text("<!-- meshpeek: skip ci -->\n```bash\ntrue\n```\n")
    summary = tmp_path / "summary.md"
    meshpeek("ci", "w.md", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text().startswith("## ❌ w.md\n\n1 skipped in ")


def test_elsewhere_nothing_is_said(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text(WORKSHOP)
    assert "::error" not in meshpeek("ci", "w.md").stdout


def test_titles_say_which_cluster() -> None:
    report = RunReport()
    for event in tell(Mode.CI):
        report.take(event)
        if isinstance(event, CommandEnded) and not event.result.verdict:
            break
    (failure,) = report.failed
    assert ",title=failed in north::" in annotate(failure, "w.md")
    assert "### failed: w.md:16 \\[north\\]" in summarise(report, "w.md")
