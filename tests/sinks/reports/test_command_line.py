"""Reports as their users ask for them: on the command line, with files that can and cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

from tests.conftest import RunProgram

WORKSHOP = "```bash\necho hi\nfalse\n```\n"


def test_several_workshops_share_the_files(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(WORKSHOP)
    (tmp_path / "b.md").write_text(WORKSHOP)
    result = meshpeek("ci", "--junit", "j.xml", "--json", "j.json", "a.md", "b.md")
    assert result.returncode == 1
    suites = etree.parse(tmp_path / "j.xml").getroot()
    assert [suite.get("name") for suite in suites] == ["a.md", "b.md"]
    document = json.loads((tmp_path / "j.json").read_text())
    assert [workshop["path"] for workshop in document["workshops"]] == ["a.md", "b.md"]
    assert document["counts"] == {"passed": 2, "failed": 2, "skipped": 0}


def test_a_workshop_that_cannot_run_is_an_error_in_the_reports(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("<!-- meshpeek: exitt 1 -->\n")
    (tmp_path / "b.md").write_text("---\nmeshpeek: {requires: {no-such-tool: }}\n---\n")
    for file, code, words in (("a.md", 2, "a.md:1:"), ("b.md", 3, "no-such-tool")):
        result = meshpeek("ci", "--junit", "j.xml", "--json", "j.json", file)
        assert result.returncode == code
        error = etree.parse(tmp_path / "j.xml").find("testsuite/testcase/error")
        assert words in error.text
        (workshop,) = json.loads((tmp_path / "j.json").read_text())["workshops"]
        assert (workshop["outcome"], workshop["path"]) == ("could not run", file)
        assert words in workshop["message"]


@pytest.mark.parametrize("option", ["--events", "--junit", "--json"])
def test_a_report_that_cannot_be_written_stops_the_run_before_it_begins(
    meshpeek: RunProgram, tmp_path: Path, option: str
) -> None:
    (tmp_path / "w.md").write_text("```bash\ntouch ran\n```\n")
    result = meshpeek("ci", option, "no/such/file", "w.md")
    assert result.returncode == 3
    assert result.stderr == (
        "error: cannot write no/such/file: No such file or directory\n"
        "  hint: name a file in an existing folder that you may write to\n"
    )
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("option", ["--junit", "--json"])
def test_a_report_that_breaks_on_the_way_leaves_the_run_alone(
    meshpeek: RunProgram, tmp_path: Path, option: str
) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "w.md").write_text("```bash\nrm -r reports\ntouch ran\n```\n")
    result = meshpeek("ci", option, "reports/r", "w.md")
    assert result.returncode == 3
    assert "a report could not be written: reports/r: " in result.stderr
    assert (tmp_path / "ran").exists()


def test_two_reports_cannot_share_a_file(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text(WORKSHOP)
    result = meshpeek("ci", "--junit", "r", "--json", "./r", "w.md")
    assert result.returncode == 2
    assert "two reports cannot both go to" in result.stderr
