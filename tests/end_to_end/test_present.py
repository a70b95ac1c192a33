"""Presenting, as the person at the terminal sees it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROGRAM, ROOT
from tests.pty_terminal import Present, Terminal

WORKSHOP = """\
# A show

<!-- @SHOW -->

## First words

Some *words* with an under_score_d name. <!-- never shown -->

```bash
echo one
echo t""wo
read -p 'name? ' name
echo "hello $name"
```

<!-- @wait_clear -->

## Last words

```bash
echo last
```
"""


def test_a_show_from_beginning_to_end(present: Present) -> None:
    show = present(WORKSHOP)
    show.wait_for("$ echo one")
    assert "Some words with an under_score_d name." in show.text
    assert "never shown" not in show.text
    assert "\none" not in show.text
    show.press("\r")
    show.wait_for('$ echo t""wo')
    assert "\none\n" in show.text
    show.press("\r")
    show.wait_for("$ read -p")
    assert "\ntwo\n" in show.text
    show.press("\r")
    show.wait_for("\nname?")
    show.type("Ada\r")
    show.wait_for('$ echo "hello $name"')
    assert "name? Ada" in show.text
    show.press("\r")
    show.wait_for("hello Ada")
    show.press("\r")
    show.wait_for("$ echo last")
    assert "hello Ada" not in show.text
    show.press("\r")
    assert show.wait_for_end() == 0
    assert "5 passed" in show.text


def test_q_quits_at_a_wait(present: Present) -> None:
    show = present(WORKSHOP)
    show.wait_for("$ echo one")
    show.press("Q")
    assert show.wait_for_end() == 0
    assert "5 skipped" in show.text
    assert "quit" in show.text


def test_q_quits_while_a_command_is_typed(present: Present) -> None:
    show = present(WORKSHOP, typing="50")
    show.wait_for("$ e")
    show.type("Q")
    assert show.wait_for_end() == 0


def test_return_finishes_typing_and_does_not_run_what_it_finished(present: Present) -> None:
    show = present(
        "<!-- @SHOW -->\n```bash\necho 'a long line to type' | tr a-z A-Z\n```\n", typing="50"
    )
    show.wait_for("$ e")
    show.type("\r\r")
    show.wait_for("$ echo 'a long line to type' | tr a-z A-Z")
    assert "A LONG LINE" not in show.text
    show.press("\r")
    show.wait_for("A LONG LINE TO TYPE")


def test_keys_pressed_while_a_command_runs_start_nothing(present: Present, tmp_path: Path) -> None:
    show = present(
        "<!-- @SHOW -->\n```bash\nread line <gate; echo opened\necho second ran | tr a-z A-Z\n```\n"
    )
    os.mkfifo(tmp_path / "gate")
    show.wait_for("$ read line")
    show.press("\r")
    with open(tmp_path / "gate", "w") as gate:
        show.type("early\r\r\r")
        show.wait_for("early")
        gate.write("go\n")
    show.wait_for("$ echo second ran")
    show.press("Q")
    assert show.wait_for_end() == 0
    assert "SECOND RAN" not in show.text
    assert "1 passed" in show.text


def test_keys_that_a_command_did_not_read_are_not_for_the_next(
    present: Present, tmp_path: Path
) -> None:
    show = present(
        "<!-- @SHOW -->\n```bash\nread line <gate; echo opened\n"
        'read -r -t 0.2 typed; echo "typed: [$typed]"\n```\n'
    )
    os.mkfifo(tmp_path / "gate")
    show.wait_for("$ read line")
    show.press("\r")
    with open(tmp_path / "gate", "w") as gate:
        show.type("for the first\r")
        show.wait_for("for the first")
        gate.write("go\n")
    show.wait_for("$ read -r")
    show.press("\r")
    show.wait_for("typed: []")


def test_interrupting_a_command_goes_on_with_the_show(present: Present) -> None:
    show = present("<!-- @SHOW -->\n```bash\nsh -c 'echo begun; exec sleep 66'\necho next\n```\n")
    show.wait_for("$ sh -c")
    show.press("\r")
    show.wait_for("\nbegun")
    show.type("\x03")
    show.wait_for("$ echo next")
    show.press("\r")
    assert show.wait_for_end() == 1


def test_a_command_that_ends_the_shell_does_not_end_the_show(present: Present) -> None:
    show = present("<!-- @SHOW -->\n```bash\nNAME=Ada\nexit 3\necho hello $NAME\n```\n")
    for line in ("$ NAME=Ada", "$ exit 3", "✗ exit status 3", "$ echo hello"):
        show.wait_for(line)
        show.press("\r")
    show.wait_for("\nhello Ada")
    assert show.wait_for_end() == 1


def test_interrupting_a_wait_ends_the_show(present: Present) -> None:
    show = present(WORKSHOP)
    show.wait_for("$ echo one")
    show.press("\x03")
    assert show.wait_for_end() == 130


def test_skipping_and_going_back(present: Present) -> None:
    show = present(WORKSHOP)
    show.wait_for("$ echo one")
    show.press("+")
    show.wait_for('$ echo t""wo')
    show.press("-")
    show.wait_for('$ echo t""wo\n$ echo one')
    show.press("\r")
    show.wait_for("\none\n")


def test_the_child_has_the_terminal(present: Present) -> None:
    show = present("<!-- @SHOW -->\n```bash\nstty size; tty >/dev/null && echo a tty\n```\n")
    show.wait_for("$ stty size")
    show.terminal.resize(30, 100)
    show.press("\r")
    show.wait_for("30 100")
    show.wait_for("a tty")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(
    clean_environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "w.md").write_text(WORKSHOP)
    command = f"echo $$ >pid; exec {PROGRAM} present --rest 0 --typing 0 w.md"
    script = f"stty -g >before; sh -c '{command}'; echo status $?; stty -g >after"
    with Terminal(["bash", "-c", script], clean_environment, tmp_path) as terminal:
        terminal.wait_for("$ echo one")
        os.kill(int((tmp_path / "pid").read_text()), number)
        terminal.wait_for("status 130")
        terminal.wait_for_end()
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()


EDITS = {
    "smiley-router": ":%s/request: 5s/request: 300ms/\r",
    "color-canary": "/^ *- backendRefs:\rj5dd",
}


class Person:
    """Goes through a show as its events tell that it waits, and edits what is to be edited."""

    def __init__(self, terminal: Terminal, events: Path) -> None:
        self._terminal = terminal
        self._events = events
        self._seen = 0

    def next_event(self) -> dict[str, Any]:
        lines: list[str] = []

        def has_come() -> bool:
            lines[:] = self._events.read_text().splitlines() if self._events.exists() else []
            return len(lines) > self._seen

        self._terminal.read_until(has_come)
        self._seen += 1
        event: dict[str, Any] = json.loads(lines[self._seen - 1])
        return event

    def present(self) -> dict[str, str]:
        """Return the commands' verdicts, by text, when the show is over."""
        verdicts = {}
        while (event := self.next_event())["event"] != "run-ended":
            match event:
                case {"event": "wait"}:
                    self._terminal.press("\r")
                case {"event": "command-started", "text": text} if " edit " in text:
                    self._edit(next(name for name in EDITS if name in text))
                case {"event": "command", "text": text, "verdict": verdict}:
                    verdicts[text] = verdict
        return verdicts

    def _edit(self, route: str) -> None:
        self._terminal.wait_for("kubectl-edit-")  # the last thing that vi draws
        self._terminal.press(f"{EDITS[route]}:wq\r")


@pytest.mark.slow
def test_the_linkerd_workshop_is_presented_with_a_real_editor(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    shutil.copy(ROOT / "workshop.md", tmp_path)
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    environment = clean_environment | {"EDITOR": "vi", "PAGER": "cat", "BAT_PAGER": "cat"}
    events = tmp_path / "events.jsonl"
    command = [
        PROGRAM,
        "present",
        "--rehearse",
        "--rest",
        "0",
        "--typing",
        "0",
        "--events",
        events,
        "workshop.md",
    ]
    with Terminal(command, environment, tmp_path, rows=70, columns=120) as terminal:
        verdicts = Person(terminal, events).present()
        assert terminal.wait_for_end() == 0
    assert set(verdicts.values()) == {"passed"}
    assert len(verdicts) > 30
    assert "REHEARSAL" in terminal.text
