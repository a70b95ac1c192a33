"""What demosh breaks works here: keys, waits, and a terminal that belongs to the command."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROGRAM
from tests.pty_terminal import Present


def test_q_quits_at_a_wait_inside_a_macro(present: Present) -> None:
    show = present(
        "<!-- @macro pause -->\n<!-- @wait -->\n```bash\ntouch inside\n```\n<!-- @end -->\n"
        "<!-- @SHOW -->\nHere.\n<!-- @pause -->\n```bash\ntouch after\n```\n"
    )
    show.wait_for("Here.")
    show.press("Q")
    assert show.wait_for_end() == 0
    assert "2 skipped" in show.text


def test_q_after_a_failure_does_not_hide_it(present: Present) -> None:
    show = present("<!-- @SHOW -->\n```bash\nfalse\necho next\n```\n")
    show.wait_for("$ false")
    show.press("\r")
    show.wait_for("✗ exit status 1")
    show.press("\r")
    show.wait_for("$ echo next")
    show.press("Q")
    assert show.wait_for_end() == 1


def test_set_e_stops_a_show(present: Present) -> None:
    show = present("```bash\nset -e\n```\n<!-- @SHOW -->\n```bash\nfalse\necho next\n```\n")
    show.wait_for("$ false")
    show.press("\r")
    show.wait_for("RETURN ends the show (set -e)")
    show.press("\r")
    assert show.wait_for_end() == 1
    assert "$ echo next" not in show.text


def test_a_return_that_comes_early_runs_nothing(present: Present) -> None:
    show = present(
        "<!-- @SHOW -->\n```bash\nread -p 'go? ' key </dev/tty\necho second | tr a-z A-Z\n```\n"
    )
    show.wait_for("$ read")
    show.press("\r")
    show.wait_for("\ngo?")
    show.type("\r\r\r")
    show.wait_for("$ echo second")
    show.press("Q")
    assert show.wait_for_end() == 0
    assert "SECOND" not in show.text


def test_a_command_asks_and_is_answered_on_a_terminal(present: Present) -> None:
    show = present(
        "<!-- @SHOW -->\n```bash\ntest -t 0 && test -t 1 && echo TERMINAL | tr A-Z a-z\n"
        "read -s -p 'secret? ' secret\necho \"got ${#secret}\"\n```\n"
    )
    show.wait_for("$ test")
    show.press("\r")
    show.wait_for("\nterminal")
    show.press("\r")
    show.wait_for("\nsecret?")
    show.type("abcde\r")
    show.wait_for('$ echo "got')
    assert "abcde" not in show.text
    show.press("\r")
    show.wait_for("\ngot 5")


def test_an_interrupt_reaches_the_command_only(present: Present) -> None:
    show = present(
        "<!-- @SHOW -->\n```bash\nKEPT=yes; sh -c 'echo begun | tr b B; exec sleep 66'\n"
        'echo "kept: $KEPT"\n```\n'
    )
    show.wait_for("$ KEPT")
    show.press("\r")
    show.wait_for("Begun")
    show.type("\x03")
    show.wait_for('$ echo "kept')
    show.press("\r")
    show.wait_for("\nkept: yes")


@pytest.mark.parametrize("again", [f"{PROGRAM} present --rest 0 --typing 0", "$SHELL"])
def test_a_workshop_presents_another(present: Present, tmp_path: Path, again: str) -> None:
    (tmp_path / "inner.md").write_text(
        "<!-- @SHOW -->\n<!-- @print inside -->\n<!-- @notypeout -->\n"
        "```bash\necho from inner | tr a-z A-Z\n```\n"
    )
    show = present(
        f"<!-- @SHOW -->\n```bash\n{again} inner.md\necho back outside | tr a-z A-Z\n```\n"
    )
    show.wait_for("inner.md")
    show.press("\r")
    show.wait_for("$ echo from inner")
    show.type("\r")
    show.wait_for("FROM INNER")
    show.wait_for("$ echo back outside")
    show.press("\r")
    show.wait_for("BACK OUTSIDE")
    assert show.wait_for_end() == 0


def test_what_authors_rely_on_when_they_wait(present: Present) -> None:
    show = present(
        "<!-- @macro shy -->\n```bash\necho in the macro | tr a-z A-Z\n```\n<!-- @wait -->\n"
        "<!-- @end -->\n<!-- @SHOW -->\n"
        "<!-- @noshow -->\n```bash\necho not shown | tr a-z A-Z\n```\n"
        "<!-- @nowaitbefore -->\n<!-- @waitafter -->\n```bash\necho at once | tr a-z A-Z\n```\n"
        "<!-- @shy -->\n<!-- @print -->\n"
        "```bash\nwait_clear\n```\n<!-- @print the end -->\n"
    )
    show.wait_for("NOT SHOWN")
    show.wait_for("AT ONCE")
    assert "$ echo not shown" not in show.text
    assert "IN THE MACRO" not in show.text
    show.press("\r")  # after the command that asks for it
    show.wait_for("IN THE MACRO")
    assert "$ echo in the macro" not in show.text
    show.press("\r")  # the macro's own
    show.press("\r")  # the bare print
    assert "the end" not in show.text
    show.press("\r")  # wait_clear as a command
    show.press("\r")  # its own wait
    show.wait_for("the end")
    assert show.wait_for_end() == 0
    assert "AT ONCE" not in show.text


def test_background_jobs_end_with_the_show(present: Present, tmp_path: Path) -> None:
    show = present("<!-- @SHOW -->\n```bash\nsleep 67 & echo $! >pid\n```\n")
    show.wait_for("$ sleep")
    show.press("\r")
    assert show.wait_for_end() == 0
    assert "sleep 67" in show.text.partition("echo $! >pid")[2]
    pid = (tmp_path / "pid").read_text().strip()
    alive = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True)
    assert alive.stdout.strip()[:1] in ("", "Z")
