"""Whatever happens to a show, the terminal is as it was, and nothing it started is left."""

from __future__ import annotations

import json
import os
import re
import signal
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import PROGRAM
from tests.pty_terminal import Show, Terminal
from tests.tools import find_tool

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks processes up in /proc"),  # noqa: PTH112
]

PATIENCE_SECONDS = 30
MARK = "MESHPEEK_FAULT_CELL"
SCRIPT = """
set -m
stty -g >before
{program} present --rest 0 --typing {typing} --no-journal --no-init --events events w.md
status=$?
if jobs %+ &>/dev/null; then
    stty -g >stopped; echo $status >stopped-status
    read -r <go-on; fg; status=$?
fi
stty -g >after
echo $status >status
"""


class Situation(NamedTuple):
    """What a show is doing: after RETURN at its `command`, if that `runs`, `shows` can be seen.

    `leave` are the keys that end its `child`. It `redraws` what it has on the screen, but for
    what a command has just written.
    """

    command: str
    shows: str
    runs: bool = True
    types: bool = False
    child: str = ""
    leave: str = ""
    redraws: bool = True


SITUATIONS = {
    "typing": Situation("echo one two three four", "$ e", runs=False, types=True),
    "waiting": Situation("echo one", "echo one", runs=False),
    "running": Situation(
        "echo beg''un; sleep 61", "begun", child="sleep", leave="\x03", redraws=False
    ),
    "editor": Situation("vi file", "line 12", child="vi", leave=":q!\r"),
    "pager": Situation("less file", "line 12", child="less", leave="q"),
}
ENDING = {
    "TERM": signal.SIGTERM,
    "HUP": signal.SIGHUP,
    "INT": signal.SIGINT,
    "QUIT": signal.SIGQUIT,
    "USR1": signal.SIGUSR1,
}


class Cell:
    """A show on a terminal that looks at what is written to it as xterm would."""

    def __init__(self, situation: Situation, folder: Path, environment: Mapping[str, str]) -> None:
        self.situation = situation
        self.folder = folder
        self._mark = f"{folder}"
        (folder / "w.md").write_text(f"<!-- @SHOW -->\n```bash\n{situation.command}\n```\n")
        (folder / "file").write_text("".join(f"line {n}\n" for n in range(1, 100)))
        script = SCRIPT.format(program=PROGRAM, typing=30 if situation.types else 0)
        self.terminal = Terminal(
            ["bash", "-c", script],
            {**environment, MARK: self._mark},
            folder,
            kind="xterm",
        )
        self._show = Show(self.terminal, folder / "events")

    def processes(self, name: str = "") -> list[int]:
        """Return the processes that the show has started, itself included, of a name or all."""
        wanted = f"{MARK}={self._mark}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    comm = (entry / "comm").read_text().strip()
                    zombie = (entry / "stat").read_text().rpartition(") ")[2].startswith("Z")
                    if not zombie and (not name or comm.startswith(name)):
                        found.append(int(entry.name))
            except OSError:
                continue
        return found

    def parent(self, process: int) -> int:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[1])

    @property
    def meshpeek(self) -> int:
        (process,) = [p for p in self.processes("meshpeek") if self.parent(p) == self.shell]
        return process

    @property
    def shell(self) -> int:
        return self.terminal.child.pid

    @property
    def session(self) -> int:
        (process,) = [p for p in self.processes("bash") if self.parent(p) == self.meshpeek]
        return process

    def reach(self) -> None:
        """Bring the show to its situation."""
        if self.situation.runs:
            self._show.press("\r")
        elif not self.situation.types:
            self.terminal.read_until(lambda: self._show.waits() > 0)
        self.terminal.wait_for(self.situation.shows)

    def quit(self) -> None:
        """Quit at the next wait."""
        self.terminal.read_until(self._presses_q)

    def _presses_q(self) -> bool:
        # Whatever is typed before the show waits is dropped, so it is typed until it is taken.
        self.terminal.press("Q")
        return self.exists("status")

    def exists(self, name: str) -> bool:
        path = self.folder / name
        return path.exists() and path.read_text().endswith("\n")

    def read(self, name: str) -> str:
        self.terminal.read_until(lambda: self.exists(name))
        return (self.folder / name).read_text().strip()

    def check(self) -> None:
        """See that the terminal is as it was, and that nothing is left."""
        assert self.read("after") == self.read("before")
        self.terminal.read_until(lambda: not self.processes())
        self.terminal.wait_for_end()
        assert self.modes() == set()

    def is_raw(self) -> bool:
        """Tell whether keys arrive one by one."""
        local = termios.tcgetattr(self.terminal.child.child_fd)[3]
        return not local & termios.ICANON

    def modes(self) -> set[int]:
        """Return what is on in the terminal and was not: 1049 the second screen, 25 no cursor."""
        state: dict[int, bool] = {}
        for modes, letter in re.findall(rb"\x1b\[\?([\d;]+)([hl])", self.terminal.written):
            for mode in modes.split(b";"):
                state[int(mode)] = letter == b"h"
        usual = {25: True, 7: True}
        return {m for m, on in state.items() if on != usual.get(m, False) and m not in (1048, 12)}


Start = Callable[[str], Cell]


@pytest.fixture
def start(tmp_path: Path, clean_environment: dict[str, str]) -> Iterator[Start]:
    cells = []

    def start_cell(name: str) -> Cell:
        situation = SITUATIONS[name]
        if situation.child:
            find_tool(situation.child)
        cell = Cell(situation, tmp_path, clean_environment)
        cells.append(cell)
        cell.reach()
        return cell

    yield start_cell
    for cell in cells:
        cell.terminal.__exit__()


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", ENDING)
def test_a_signal_ends_it(start: Start, situation: str, name: str) -> None:
    cell = start(situation)
    os.kill(cell.meshpeek, ENDING[name])
    assert cell.read("status") == "130"
    cell.check()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_closed_terminal_ends_it(start: Start, situation: str) -> None:
    cell = start(situation)
    cell.terminal.close_window()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := cell.processes():
        assert time.monotonic() < deadline, left
        time.sleep(0.01)
    *_, last = (cell.folder / "events").read_text().splitlines()
    assert json.loads(last).items() >= {"event": "run-ended", "reason": "interrupted"}.items()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_shell_may_be_killed(start: Start, situation: str) -> None:
    cell = start(situation)
    os.kill(cell.session, signal.SIGKILL)
    cell.quit()
    assert cell.read("status") in ("0", "1")
    cell.check()


@pytest.mark.parametrize("situation", [name for name, each in SITUATIONS.items() if each.child])
def test_a_child_may_be_killed(start: Start, situation: str) -> None:
    cell = start(situation)
    cell.terminal.read_until(lambda: len(cell.processes(cell.situation.child)) == 1)
    (child,) = cell.processes(cell.situation.child)
    os.kill(child, signal.SIGKILL)
    cell.quit()
    assert cell.read("status") == "1"
    cell.check()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_it_can_be_stopped_and_goes_on(start: Start, situation: str) -> None:
    cell = start(situation)
    os.mkfifo(cell.folder / "go-on")
    os.kill(cell.meshpeek, signal.SIGTSTP)
    assert cell.read("stopped") == cell.read("before")
    assert cell.read("stopped-status") == str(128 + signal.SIGTSTP)
    cell.terminal.read_until(lambda: cell.modes() == set())
    cell.terminal.screen.reset()
    (cell.folder / "go-on").write_text("\n")
    if cell.situation.redraws:
        cell.terminal.wait_for(cell.situation.shows)
    else:
        cell.terminal.read_until(cell.is_raw)
    if cell.situation.leave:
        cell.terminal.press(cell.situation.leave)
    cell.quit()
    assert cell.read("status") in ("0", "1")
    cell.check()
