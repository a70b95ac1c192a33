"""`meshpeek handout` as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunProgram

DOCUMENT = """\
# A tool

```bash
echo one
```
"""


@pytest.mark.slow
def test_a_document_is_written_with_its_outputs(meshpeek: RunProgram, tmp_path: Path) -> None:
    file = tmp_path / "w.md"
    file.write_text(DOCUMENT)
    ran = meshpeek("handout", "w.md")
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "written: w.handout.md")
    assert (tmp_path / "w.handout.md").read_text().endswith("```\n\n```text\none\n```\n")
    assert meshpeek("handout", "w.md", "-o", "w.html").returncode == 0
    assert (tmp_path / "w.html").read_text().startswith("<!doctype html>")
    ran = meshpeek("handout", "--with-output", "w.md")
    assert ran.stdout.splitlines()[-1] == "w.md: 1 block of output written"
    with_output = file.read_text()
    assert with_output == f"{DOCUMENT}\n<!-- @# meshpeek: output -->\n```text\none\n```\n"
    changed = file.stat().st_mtime_ns
    ran = meshpeek("handout", "--with-output", "w.md")
    assert ran.stdout.splitlines()[-1] == "w.md is up to date"
    assert file.stat().st_mtime_ns == changed


@pytest.mark.slow
def test_nothing_is_written_where_a_step_fails(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text(DOCUMENT.replace("echo one", "false"))
    assert meshpeek("handout", "w.md").returncode == 1
    ran = meshpeek("handout", "--with-output", "w.md")
    assert ran.stdout.splitlines()[-1] == "w.md is unchanged: not every step passed"
    assert [path.name for path in tmp_path.glob("w*")] == ["w.md"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["w.md", "-o", "w.md"], "is the workshop itself"),
        (["w.md", "--with-output", "-o", "x.md"], "leave out --output"),
        (["w.sh", "--with-output"], "is not Markdown"),
        (["w.md", "-o", "none/x.md"], "cannot write none/x.md"),
    ],
)
def test_what_cannot_be_written_is_told_before_the_run(
    meshpeek: RunProgram, tmp_path: Path, arguments: list[str], told: str
) -> None:
    for name in ("w.md", "w.sh"):
        (tmp_path / name).write_text("```bash\ntouch ran\n```\n")
    ran = meshpeek("handout", *arguments)
    assert ran.returncode in (2, 3)
    assert told in ran.stderr
    assert not (tmp_path / "ran").exists()
