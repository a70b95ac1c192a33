"""The commands that need a person, of those that nobody has annotated."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshpeek.workshop.needs_person import find_interactive_steps
from meshpeek.workshop.parse import parse
from tests.conftest import RunProgram

EDITOR, LINE = "needs a person: it opens an editor", "needs a person: it waits for a line"


def reasons(code: str) -> list[str]:
    workshop = parse(f"```bash\n{code}\n```\n", "w.md", lambda path: path)
    return list(find_interactive_steps(workshop).values())


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("kubectl edit svc a", [EDITOR]),
        ("kubectl --context one -n web edit svc a", [EDITOR]),
        ("sudo vi /etc/hosts", [EDITOR]),
        ("A=b /usr/bin/nano x", [EDITOR]),
        ('"$EDITOR" x', [EDITOR]),
        ("if true; then vim x; fi", [EDITOR]),
        ("read -p 'Go on? ' answer", [LINE]),
        ("kubectl get svc edit", []),
        ("kubectl edit-status x", []),
        ("echo vi read edit", []),
        ("export EDITOR=ed-script\nkubectl edit svc a", []),
        ("KUBE_EDITOR='sed -i s/a/b/' kubectl edit svc a", []),
        ("## meshpeek: editor sed -i s/a/b/\nkubectl edit svc a", []),
        ('## meshpeek: patch [{"op": "remove", "path": "/a"}]\nkubectl edit svc a', []),
        ("## meshpeek: answer /Go/ yes\nread -p 'Go on? ' answer", []),
        ("read answer <<<yes", []),
        ("read -t 1 answer", []),
        ("while read line; do echo $line; done <file", []),
    ],
)
def test_what_needs_a_person(code: str, found: list[str]) -> None:
    assert reasons(code) == found


@pytest.mark.parametrize(
    ("options", "code", "is_skipped"),
    [("run --pace 0", 0, True), ("ci --skip-interactive", 0, True), ("ci", 1, False)],
)
def test_a_run_leaves_them_out(
    meshpeek: RunProgram, tmp_path: Path, options: str, code: int, is_skipped: bool
) -> None:
    (tmp_path / "w.md").write_text("# W\n<!-- @SHOW -->\n```bash\ntrue\nvi notes.txt\n```\n")
    result = meshpeek(*options.split(), "w.md")
    assert result.returncode == code
    assert (f"w.md:5 skipped: {EDITOR}" in result.stdout) is is_skipped
