"""What shows a browser in a rehearsal when nobody has said how."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from meshpeek.rehearsal.stand_ins.browser import default_hooks, install_page_program
from meshpeek.terminal.escape_sequences import strip_escapes
from tests.conftest import ROOT, RunProgram

URL = "http://127.0.0.1:1/x/faces/"
WAIT = 20


@pytest.mark.parametrize(
    ("opens", "environment", "browser"),
    [
        (True, {}, "show-pages --open"),
        (False, {}, "show-pages"),
        (True, {"DEMO_HOOK_BROWSER": "mine"}, None),
        (False, {"DEMO_HOOK_TERMINAL": "mine"}, None),
        (False, {"DEMO_HOOK_SLIDES": "mine"}, "show-pages"),
    ],
)
def test_hooks(opens: bool, environment: dict[str, str], browser: str | None) -> None:
    hooks = default_hooks(environment, opens=opens)
    assert hooks.get("DEMO_HOOK_BROWSER") == browser
    assert ("DEMO_HOOK_TERMINAL" in hooks) is (browser is not None)


class Shown:
    """A session's folder of programs, and what its browser was told to open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = folder / "bin"
        self._programs.mkdir()
        self._opened = folder / "opened"
        os.mkfifo(self._opened)
        self._end = os.open(self._opened, os.O_RDWR | os.O_NONBLOCK)
        for name in ("xdg-open", "open"):
            opener = self._programs / name
            opener.write_text(f'#!/bin/sh\necho "$MESHPEEK_SESSION" "$@" > {self._opened}\n')
            opener.chmod(0o755)

    def show(self, *arguments: str, pages: Sequence[str] = (URL,), **environment: str) -> str:
        install_page_program(self._folder, [("Faces", url) for url in pages])
        path = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["show-pages", *arguments],
            env={"PATH": path, "MESHPEEK_SESSION": "token", **environment},
            executable=self._programs / "show-pages",
            capture_output=True,
            text=True,
            check=True,
            timeout=WAIT,
        ).stdout

    def opened(self, count: int = 1) -> set[str]:
        found: list[str] = []
        while len(found) < count and select.select([self._end], [], [], WAIT)[0]:
            found += os.read(self._end, 4096).decode().splitlines()
        return set(found)

    def has_opened_nothing(self) -> bool:
        try:
            return not os.read(self._end, 1)
        except BlockingIOError:
            return True


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return Shown(tmp_path)


def test_it_names_the_page_and_opens_nothing_unasked(shown: Shown) -> None:
    assert shown.show(DISPLAY=":0") == f"Faces: {URL}\n"
    assert shown.has_opened_nothing()


def test_it_is_silent_where_there_is_no_page(shown: Shown) -> None:
    assert shown.show("--open", pages=(), DISPLAY=":0") == ""
    assert shown.has_opened_nothing()


@pytest.mark.skipif(os.uname().sysname == "Darwin", reason="macOS always has a display")
def test_it_opens_nothing_where_there_is_no_display(shown: Shown) -> None:
    assert shown.show("--open") == f"Faces: {URL}\n"
    assert shown.has_opened_nothing()


@pytest.mark.parametrize("display", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_it_opens_each_page_once_as_no_part_of_the_session(shown: Shown, display: str) -> None:
    pages = (URL, f"{URL}other")
    told = "".join(f"Faces: {url}\n" for url in pages)
    for _ in range(3):
        assert shown.show("--open", pages=pages, **{display: ":0"}) == told
    assert shown.opened(2) == {f" {url}" for url in pages}
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
