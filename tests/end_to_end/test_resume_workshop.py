"""The Linkerd workshop, killed at six different steps: it ends as without a mishap."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from meshpeek.session.shell import state
from tests.conftest import PROGRAM, ROOT, new_user
from tests.pty_terminal import Terminal

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not shutil.which("vi"), reason="needs vi")]

STARTUP = """\
TITLE="it's a talk"; declare -a PLACES=(north 'east and' west); export SHOWN=yes
greet() { echo "hello, ${PLACES[1]}"; }
alias k=kubectl; set -o pipefail; trap 'echo got it' USR1
"""
EDITS = {
    "smiley-router": ":%s/request: 5s/request: 300ms/\r",
    "color-canary": "/^ *- backendRefs:\rj5dd",
}


class Kill(NamedTuple):
    """When meshpeek is killed: at the step of a `line`, when something `happens` there."""

    happens: str
    line: int


WAITING, RUNNING, EDITING = "wait", "command-started", "editing"


def lines_of(*texts: str) -> list[int]:
    document = (ROOT / "workshop.md").read_text().splitlines()
    return [next(n for n, line in enumerate(document, 1) if text in line) for text in texts]


INFO, YQ, EDIT, LABEL, CANARY, DELETE = lines_of(
    "kubectl --context north cluster-info",
    "yq 'select",
    "kubectl --context north edit httproute.policy.linkerd.io smiley-router",
    "kubectl --context west -n faces label",
    "kubectl --context north edit httproute.policy.linkerd.io color-canary",
    "kubectl --context north delete",
)
(PAUSE,) = lines_of("## Give up sooner")

KILLS = [
    Kill(WAITING, INFO),
    Kill(RUNNING, YQ),
    Kill(EDITING, EDIT),
    Kill(RUNNING, LABEL),
    Kill(EDITING, CANARY),
    Kill(RUNNING, DELETE),
]


class Talk:
    """A talk in a folder of its own; `give` gives it, from a step's line to the end."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = dict(environment) | {"EDITOR": "vi", "PAGER": "cat", "BAT_PAGER": "cat"}
        self._environment["TMPDIR"] = str(
            folder
        )  # kubectl leaves what was edited when it is killed
        self._events = folder / "events.jsonl"
        shutil.copy(ROOT / "workshop.md", folder)
        shutil.copytree(ROOT / "k8s", folder / "k8s")
        (folder / ".demoshrc").write_text(STARTUP)

    def give(self, start: int, kills: Sequence[Kill] = ()) -> None:
        options = ["--rehearse", "--from", f"workshop.md:{start}", "--setup"]
        for kill in kills:
            self._present(options, kill)
            options = ["--resume"]
        self._present(options, None)

    def _present(self, options: Sequence[str], kill: Kill | None) -> None:
        """Present until the kill; without one, to the last step, and quit there."""
        self._events.unlink(missing_ok=True)
        command = [
            PROGRAM,
            "present",
            "--rest",
            "0",
            "--typing",
            "0",
            "--events",
            self._events,
            *options,
        ]
        with Terminal(
            [*command, "workshop.md"], self._environment, self.folder, rows=70, columns=120
        ) as terminal:
            for event in self._follow(terminal):
                happened = Kill(event["event"], event.get("line", 0))
                if happened.happens == RUNNING and " edit " in event["text"]:
                    terminal.wait_for("kubectl-edit-")  # the last thing that vi draws
                    happened = Kill(EDITING, happened.line)
                if happened == kill:
                    os.kill(terminal.child.pid, signal.SIGKILL)
                    return
                if happened.happens == EDITING:
                    route = next(name for name in EDITS if name in event["text"])
                    terminal.press(f"{EDITS[route]}:wq\r")
                elif happened.happens == WAITING:
                    if event["line"] == self._last_line:
                        terminal.press("Q")
                    else:
                        # What precedes the first change only looks.
                        runs = event["line"] > PAUSE or kill == Kill(RUNNING, event["line"])
                        terminal.press("\r" if runs else "+")
            assert terminal.wait_for_end() == 0, terminal.text
            assert kill is None, f"it never came to {kill}"

    @property
    def _last_line(self) -> int:
        return len((self.folder / "workshop.md").read_text().splitlines())

    def _follow(self, terminal: Terminal) -> Iterator[dict[str, Any]]:
        seen = 0
        while True:
            lines: list[str] = []

            def has_come(lines: list[str] = lines, seen: int = seen) -> bool:
                text = self._events.read_text() if self._events.exists() else ""
                lines[:] = text.splitlines()[seen:]
                return bool(lines)

            terminal.read_until(has_come)
            event = json.loads(lines[0])
            seen += 1
            if event["event"] == "run-ended":
                return
            yield event

    @property
    def _journal(self) -> Path:
        (folder,) = (self.folder / "home" / ".local" / "state" / "meshpeek" / "shows").glob("*/*")
        return folder

    def clusters(self) -> list[str]:
        """Return every object of every cluster, without what differs from run to run."""
        document = json.loads((self._journal / "clusters.json").read_text())
        return sorted(
            f"{cluster}: {without_chance(obj)}"
            for cluster, contents in document["clusters"].items()
            for kind, objects in contents["objects"].items()
            if kind != "events"
            for obj in objects
        )

    def shell(self) -> list[str]:
        """Return the shell's state, without what differs from run to run."""
        saved = state.newest(self._journal)
        assert saved
        text = re.sub(r"meshpeek-\w+", "SESSION", saved.path.read_text())
        text = text.replace(str(self.folder), "FOLDER")
        text = re.sub(r"http://127\.0\.0\.1:\d+/\w+", "SERVER", text)
        return [line for line in text.splitlines() if not CHANGES_ANYWAY.search(line)]


CHANGES_ANYWAY = re.compile(
    r"^declare -\S+ (__meshpeek_\w+|BASH\w*|COLUMNS|COMP_\w+|DIRSTACK|EPOCH\w+|FUNCNAME|GROUPS"
    r"|HISTCMD|LINENO|LINES|MESHPEEK_SESSION|OPTIND|PIPESTATUS|PPID|RANDOM|SECONDS|SRANDOM|_)\b"
    r"|^# complete"
)


def without_chance(obj: dict[str, Any]) -> str:
    if obj["kind"] == "Secret":
        metadata = {
            **obj["metadata"],
            "annotations": sorted(obj["metadata"].get("annotations", {})),
        }
        obj = {**obj, "data": sorted(obj.get("data", {})), "metadata": metadata}
    text = json.dumps(obj, sort_keys=True)
    for pattern, stands_for in (
        (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UID"),
        (r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
        (r"\b[0-9a-f]{64}\b", "DIGEST"),
        (r'("(?:resourceVersion|\S+/remote-resource-version)": )"\d+"', r"\1VERSION"),
        (r"\b10\.\d+\.\d+\.\d+\b", "ADDRESS"),
        (r"-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "-CHANCE"),
    ):
        text = re.sub(pattern, stands_for, text)
    return text


@pytest.mark.timeout(600)  # seven starts of the workshop's clusters, and all that is typed
def test_a_killed_talk_ends_as_any_other(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    undisturbed = Talk(folder, new_user(folder / "home"))
    undisturbed.give(PAUSE)
    talk = Talk(tmp_path, clean_environment)
    talk.give(min(KILLS[0].line, PAUSE), KILLS)
    assert set(talk.clusters()) ^ set(undisturbed.clusters()) == set()
    assert talk.clusters() == undisturbed.clusters()
    assert talk.shell() == undisturbed.shell()
