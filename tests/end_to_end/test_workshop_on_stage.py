"""The whole workshop on stage, at 80×24: a person in tmux, a real vi, less as the pager."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROGRAM, ROOT
from tests.tmux import Tmux
from tests.tools import find_tool

EDITS = {
    "smiley-router": ":%s/request: 5s/request: 300ms/",
    "color-canary": "/^ *- backendRefs:\rj5dd",
}
ROUTES = (
    "kubectl --context north get httproute.policy.linkerd.io -n faces -o jsonpath="
    """'{range .items[*]}{.metadata.name}: {.spec.rules[*].backendRefs[*].name}"""
    """ {.spec.rules[*].timeouts.request}{"\\n"}{end}'"""
)


def without_clock(text: str) -> str:
    return re.sub(r"\d+ min", "N min", text)


class Presenter:
    """Presses RETURN at each wait of the show, but where `at` has something else to do."""

    def __init__(self, window: Tmux, events: Path) -> None:
        self.window = window
        self._events = events
        self._seen = 0
        self.pagers = 0
        self.verdicts: dict[str, list[str]] = {}
        self.skipped: dict[str, str] = {}
        self.at = {
            "kubectl --context east cluster-info": self.resize,
            "kubectl --context west cluster-info": self.go_back,
            "linkerd --context north multicluster gateways": self.skip,
            "kubectl --context north get pods -n faces": self.jump,
            "kubectl --context north delete -n faces deployment color": self.ask_in_the_shell,
        }

    def next_event(self) -> dict[str, Any]:
        def lines() -> list[str]:
            return self._events.read_text().splitlines() if self._events.exists() else []

        def something_happened() -> bool:
            last = self.window.text.rpartition("\n")[2]
            if last == ":" or last.endswith("(END)"):  # less has a page that is not the last, or is
                self.window.press("q")
                self.pagers += 1
            return len(lines()) > self._seen

        self.window.look_until(something_happened, "nothing happened")
        self._seen += 1
        event: dict[str, Any] = json.loads(lines()[self._seen - 1])
        match event:
            case {"event": "command", "text": text, "verdict": verdict, "final": True}:
                self.verdicts.setdefault(text, []).append(verdict)
            case {"event": "skipped", "text": text, "reason": reason}:
                self.skipped[text] = reason
        return event

    def await_wait(self, text: str) -> None:
        """Go on when the show waits at the command `text`."""
        while True:
            event = self.next_event()
            if event["event"] == "wait" and event["text"] == text:
                return

    def present(self) -> None:
        while (event := self.next_event())["event"] != "run-ended":
            match event:
                case {"event": "wait", "text": text} if text in self.at:
                    self.at.pop(text)(text)
                case {"event": "wait"}:
                    self.window.press("Enter")
                case {"event": "command-started", "text": text} if " edit " in text:
                    self.edit(next(name for name in EDITS if name in text))

    def edit(self, name: str) -> None:
        self.window.wait_for("kubectl-edit-")  # the last thing that vi draws
        self.window.resize(30, 100)
        self.window.resize(24, 80)
        self.window.type(f"{EDITS[name]}\r:wq\r")

    def resize(self, text: str) -> None:
        before = without_clock(self.window.text)
        self.window.resize(20, 60)
        self.window.wait_for("\neach command can say which cluster it means:")
        assert all(len(line) <= 60 for line in self.window.text.splitlines())
        self.window.resize(24, 80)
        self.window.look_until(
            lambda: without_clock(self.window.text) == before, "the page did not come back"
        )
        self.window.press("Enter")

    def go_back(self, text: str) -> None:
        self.window.press("-")
        self.await_wait("kubectl --context east cluster-info")
        self.window.press("Enter")
        self.await_wait(text)
        self.window.press("Enter")

    def skip(self, text: str) -> None:
        self.window.press("+")
        self.window.wait_for("skipped")

    def jump(self, text: str) -> None:
        self.window.press("/")
        self.window.wait_for("Go to:")
        self.window.type("sooner")
        self.window.wait_for(">   Give up sooner: a 300ms timeout")
        assert "Services that are mirrors" not in self.window.text
        self.window.press("Enter")
        self.window.wait_for("Five seconds is a long time")
        assert "Go to:" not in self.window.text

    def ask_in_the_shell(self, text: str) -> None:
        self.window.press("!")
        self.window.wait_for("returns to the show")
        self.window.type(f"clear; {ROUTES}; type bat >/dev/null && cd k8s\r")
        self.window.wait_for("color-canary: color2-west\nsmiley-router: smiley-east 300ms\nk8s")
        self.window.press("C-d")
        self.await_wait(text)
        self.window.press("!")
        self.window.wait_for("k8s ")  # where it was left
        self.window.type("cd ..; exit\r")
        self.await_wait(text)
        self.window.press("Enter")


@pytest.mark.slow
def test_the_workshop_is_presented_in_tmux(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    for tool in ("tmux", "vi", "less"):
        find_tool(tool)
    shutil.copy(ROOT / "workshop.md", tmp_path)
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    environment = clean_environment | {
        "EDITOR": "vi",
        "TERM": "screen-256color",
    }
    events = tmp_path / "events.jsonl"
    show = [
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
    command = ["sh", "-c", '"$@"; echo "status $?"; read _', "sh", *show]
    with Tmux(command, environment, tmp_path, rows=24, columns=80) as window:
        presenter = Presenter(window, events)
        presenter.present()
        window.wait_for("status 0")
        text = window.text
    assert not presenter.at
    assert presenter.pagers
    assert presenter.verdicts["kubectl --context east cluster-info"] == ["passed", "passed"]
    assert {verdict for each in presenter.verdicts.values() for verdict in each} == {"passed"}
    assert "linkerd --context north multicluster gateways" in presenter.skipped
    assert "the presenter jumped past it" in presenter.skipped.values()
    assert re.search(r"passed, \d+ skipped \(\d+ of them shown\) in", text)
