"""What shows a browser in a rehearsal when nobody has said how."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
from pathlib import Path

import pytest

from meshpeek.rehearsal.installations.faces.hooks import default_hooks, install_program
from meshpeek.run.transcript import strip_escapes
from meshpeek.workshop.model import Mode
from tests.conftest import ROOT, RunProgram

URL = "http://127.0.0.1:1/x/faces/"
WAIT = 20


@pytest.mark.parametrize(
    ("mode", "environment", "browser"),
    [
        (Mode.PRESENT, {}, "show-faces --open"),
        (Mode.RUN, {}, "show-faces"),
        (Mode.CI, {}, None),
        (Mode.PRESENT, {"DEMO_HOOK_BROWSER": "mine"}, None),
        (Mode.RUN, {"DEMO_HOOK_TERMINAL": "mine"}, None),
        (Mode.RUN, {"DEMO_HOOK_SLIDES": "mine"}, "show-faces"),
    ],
)
def test_hooks(mode: Mode, environment: dict[str, str], browser: str | None) -> None:
    hooks = default_hooks(mode, environment)
    assert hooks.get("DEMO_HOOK_BROWSER") == browser
    assert ("DEMO_HOOK_TERMINAL" in hooks) is (browser is not None)


class Shown:
    """A session's folder of programs, and what its browser was told to open."""

    def __init__(self, folder: Path) -> None:
        self._programs = folder / "bin"
        self._programs.mkdir()
        install_program(self._programs)
        self._opened = folder / "opened"
        os.mkfifo(self._opened)
        self._end = os.open(self._opened, os.O_RDWR | os.O_NONBLOCK)
        for name in ("xdg-open", "open"):
            opener = self._programs / name
            opener.write_text(f'#!/bin/sh\necho "$MESHPEEK_SESSION" "$@" > {self._opened}\n')
            opener.chmod(0o755)

    def show(self, *arguments: str, **environment: str) -> str:
        path = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["show-faces", *arguments],
            env={"PATH": path, "MESHPEEK_SESSION": "token", **environment},
            executable=self._programs / "show-faces",
            capture_output=True,
            text=True,
            check=True,
            timeout=WAIT,
        ).stdout

    def opened(self) -> list[str]:
        if not select.select([self._end], [], [], WAIT)[0]:
            return []
        return os.read(self._end, 4096).decode().split()

    def has_opened_nothing(self) -> bool:
        try:
            return not os.read(self._end, 1)
        except BlockingIOError:
            return True


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return Shown(tmp_path)


def test_it_names_the_page_and_opens_nothing_unasked(shown: Shown) -> None:
    assert shown.show(MESHPEEK_FACES=URL, DISPLAY=":0") == f"Faces: {URL}\n"
    assert shown.has_opened_nothing()


def test_it_is_silent_where_there_is_no_faces(shown: Shown) -> None:
    assert shown.show("--open", DISPLAY=":0") == ""
    assert shown.has_opened_nothing()


@pytest.mark.skipif(os.uname().sysname == "Darwin", reason="macOS always has a display")
def test_it_opens_nothing_where_there_is_no_display(shown: Shown) -> None:
    assert shown.show("--open", MESHPEEK_FACES=URL) == f"Faces: {URL}\n"
    assert shown.has_opened_nothing()


@pytest.mark.parametrize("display", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_it_opens_the_page_once_as_no_part_of_the_session(shown: Shown, display: str) -> None:
    for _ in range(3):
        assert shown.show("--open", MESHPEEK_FACES=URL, **{display: ":0"}) == f"Faces: {URL}\n"
    assert shown.opened() == [URL]
    assert shown.has_opened_nothing()


WORKSHOP = """---
meshpeek:
  contexts: [north]
  rehearsal:
    north: {MANIFESTS}
---
```bash
echo before
#@browser_then_terminal
echo "after, $MESHPEEK_FACES"
{NESTED}
```
"""


@pytest.mark.slow
def test_a_reader_is_told_where_faces_are_and_a_test_is_not(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    manifests = f"{{manifests: [{ROOT / 'k8s' / 'north'}]}}"
    workshop = WORKSHOP.replace("{MANIFESTS}", manifests)
    (tmp_path / "w.md").write_text(workshop.replace("{NESTED}", "$SHELL inner.md"))
    (tmp_path / "inner.md").write_text(workshop.replace("{NESTED}", "echo inner"))
    told = meshpeek("run", "--rehearse", "--pace", "0", "--events", "events", "w.md")
    assert told.returncode == 0, told.stdout
    url = r"http://127\.0\.0\.1:\d+/\w{32}/faces/"
    shown = strip_escapes(told.stdout)
    assert len(re.findall(rf"╯\n+Faces: {url}\n", shown)) == 2
    opened = json.loads((tmp_path / "events").read_text().splitlines()[1])
    assert opened.pop("url") in told.stdout
    assert opened == {"event": "page-opened", "title": "Faces"}
    assert re.search(rf"before\n+Faces: {url}\n[^$]*after, {url}\n", told.stdout)
    tested = meshpeek("ci", "--rehearse", "w.md")
    assert tested.returncode == 0, tested.stdout
    assert not re.search(rf"Faces: {url}", tested.stdout)
    assert re.search(rf"after, {url}", tested.stdout)


@pytest.mark.slow
def test_clusters_without_faces_have_nothing_to_show(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text(WORKSHOP.replace("{MANIFESTS}", "{}").replace("{NESTED}", ""))
    told = meshpeek("run", "--rehearse", "--pace", "0", "w.md")
    assert told.returncode == 0, told.stdout
    assert "Faces" not in told.stdout
    assert "after, \n" in told.stdout
