"""What stands in for programs that want a person, when nobody is there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from meshpeek.session.stand_ins import stand_in
from meshpeek.workshop.model import StandIn
from tests.conftest import Present, RunProgram


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """Return a folder with a `vim` that says how it was called, as the real one on PATH."""
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "vim").write_text('#!/bin/sh\necho "the real vim: $*"\n')
    (folder / "vim").chmod(0o755)
    return folder


@pytest.fixture
def variables(tmp_path: Path, real: Path) -> dict[str, str]:
    """Return the environment of a session with every stand-in; its editor says what it edits."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "edits $*"\n')
    editor.chmod(0o755)
    path = f"{real}{os.pathsep}{os.environ['PATH']}"
    return stand_in(tuple(StandIn), tmp_path / "stand-ins", editor, path)


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("printf 'a\\nb\\n' | less", "a\nb\n"),
        ("printf 'a\\nb\\n' | less -R +F", "a\nb\n"),
        ("printf 'a\\n' >-f; more -- -f", "a\n"),
        ("echo x >file; less -S file", "x\n"),
        ("watch date +%%", "%\n"),
        ("watch -n 2 -d --no-title echo 'a  b'", "a b\n"),
        ("watch -x -n1 echo 'a  b'", "a  b\n"),
        ("watch -- echo -n x", "x"),
        ("watch 'exit 3' || echo $?", "3\n"),
        ("xdg-open http://localhost/", "not opened, since nobody is there to see it: http://localhost/\n"),
        ("$BROWSER http://a/", "not opened, since nobody is there to see it: http://a/\n"),
        ("vi file", "edits -- file\n"),
        ("nano -l file", "edits -- file\n"),
        ("nano -T 4 file", "edits -- file\n"),
        ("vim -n -u NONE -c 'set nowrap' +3 a 'b c'", "edits -- a b c\n"),
        ("vim -- -x", "edits -- -x\n"),
        ("emacs -nw --eval '(x)' file", "edits -- file\n"),
        ("code --wait -g file:10:2", "edits -- file\n"),
        ("$KUBE_EDITOR file", "edits file\n"),
        ("vim -es -c q file", "the real vim: -es -c q file\n"),
        ("nvim --headless file 2>&1 || echo $?", "nvim: not found\n127\n"),
        ("$PAGER <<<x", "x\n"),
        ("printf 'N\\bNA\\bA _\\bx\\n' | eval \"$MANPAGER\"", "NA x\n"),
    ],
)  # fmt: skip
def test_a_stand_in_does_without_a_person(
    variables: dict[str, str], tmp_path: Path, command: str, printed: str
) -> None:
    ran = subprocess.run(
        ["bash", "-c", command],
        env=variables,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ran.stdout, ran.stderr) == (printed, "")


def test_only_what_is_asked_for_is_stood_in_for(tmp_path: Path) -> None:
    variables = stand_in({StandIn.WATCH}, tmp_path / "stand-ins", tmp_path / "editor", "/usr/bin")
    assert [path.name for path in (tmp_path / "stand-ins").iterdir()] == ["watch"]
    assert list(variables) == ["PATH"]


ASKS = "<!-- @SHOW -->\n```bash\nwatch echo seen\nvi file\n```\n"


def test_runs_without_a_person_have_them(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text(ASKS)
    ran = meshpeek("ci", "--keep-going", "w.md")
    assert ran.returncode == 1
    assert "\nseen\n" in ran.stdout
    assert (
        "nobody is there to edit the file, and the step does not say what to change" in ran.stdout
    )
    assert "1 passed, 1 failed" in ran.stdout


def test_a_workshop_can_turn_them_off(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text(
        "---\nmeshpeek:\n  stand-ins: false\n---\n```bash\n"
        'case $PATH in *stand-ins*) false ;; esac\n[ "${PAGER-}" = less ]\n```\n'
    )
    ran = meshpeek("ci", "w.md", PAGER="less")
    assert ran.returncode == 0, ran.stdout


def test_a_presenter_has_none(present: Present) -> None:
    show = present(
        '```bash\ncase $PATH in *stand-ins*) echo bad ;; *) echo "real $PAGER" ;; esac\n```\n'
    )
    show.wait_for("real")
    assert "real cat" not in show.text
    assert show.wait_for_end() == 0


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("read x", "1"),
        ("read x </dev/tty", "1"),
        ("read -s -p 'Password: ' x </dev/tty", "Password: 1"),
        ("read x </dev/tty; read x </dev/tty", "1"),
    ],
)
def test_who_asks_finds_the_end_of_input(
    meshpeek: RunProgram, tmp_path: Path, command: str, printed: str
) -> None:
    (tmp_path / "w.md").write_text(f"```bash\n{command}; echo $?\n```\n")
    ran = meshpeek("ci", "--timeout", "20s", "w.md")
    assert ran.returncode == 0, ran.stdout
    assert f"\n{printed}\n-- passed" in ran.stdout
