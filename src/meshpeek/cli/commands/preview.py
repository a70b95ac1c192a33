"""`meshpeek preview`: a workshop as the room will see it, followed as it is saved."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshpeek.cli.options import FILE, NO_INIT
from meshpeek.cli.secrecy import mask_text, remember_file
from meshpeek.cli.workshops import lint_file
from meshpeek.errors import EnvironmentUnfitError, MeshpeekError
from meshpeek.workshop.loading import find_startup, load_workshop

if TYPE_CHECKING:
    from meshpeek.sinks.screen.preview_pages import PreviewPage
    from meshpeek.terminal.background import Background


@click.command()
@FILE
@NO_INIT
@click.option("--web", is_flag=True, help="Show it in a browser; the address is printed.")
def command(file: Path, startup: bool, web: bool) -> None:
    """Show FILE as the room will see it, page by page on 80 columns and 24 rows; run nothing.

    Below each page are the notes for the presenter and what lint finds. The preview follows the
    file as it is saved.

    Exit codes: 0, 2 for a file that cannot be read, 3 without a terminal.
    """
    from meshpeek.terminal.background import background_of

    background = background_of(os.environ.get("COLORFGBG", ""))
    follower = _Follower(file, startup=startup, background=background)
    follower.look()
    if web:
        _serve(follower)
    else:
        _show(follower, background)


class _Follower:
    """Reads a workshop again whenever its file has changed."""

    def __init__(self, file: Path, *, startup: bool, background: Background) -> None:
        self._file = file
        self._startup = find_startup(os.environ.get("HOME")) if startup else ()
        self._background = background
        self._stamp: tuple[int, int] | None = None
        self.version = 0
        self.pages: list[PreviewPage] = []
        self.error = ""

    @property
    def path(self) -> str:
        return str(self._file)

    def look(self) -> bool:
        """Read the file if it has changed, and tell whether it had."""
        try:
            status = self._file.stat()
            stamp = status.st_mtime_ns, status.st_size
        except OSError:
            stamp = 0, 0
        if stamp == self._stamp:
            return False
        is_first = self._stamp is None
        self._stamp = stamp
        self.version += 1
        try:
            self._read()
        except MeshpeekError as error:
            if is_first and not self._file.is_file():
                raise
            self.error = mask_text(error.render())
        return True

    def _read(self) -> None:
        from meshpeek.sinks.screen.preview_pages import draw_pages

        remember_file(self._file)
        workshop = load_workshop(self._file, os.environ, startup=self._startup)
        problems = [problem.without(mask_text) for problem in lint_file(self._file, self._startup)]
        self.pages = draw_pages(workshop, problems, self._background)
        self.error = "" if self.pages else "nothing is shown: a workshop is hidden until `@SHOW`"


def _show(follower: _Follower, background: Background) -> None:
    from meshpeek.sinks.screen.console import ScreenConsole
    from meshpeek.sinks.screen.preview_pages import PreviewScreen
    from meshpeek.terminal.keyboard import Keyboard

    if not sys.stdout.isatty():
        raise EnvironmentUnfitError(
            "the preview needs a terminal", hint="look at it in a browser: add --web"
        )
    console = ScreenConsole()
    screen = PreviewScreen(console, background)
    number, top, last = 0, 0, 0
    with Keyboard(sys.stdin.fileno()) as keyboard, console.screen(hide_cursor=True):
        key: str | None = "draw"
        size = os.get_terminal_size()
        while True:
            if follower.look() or size != os.get_terminal_size():
                key, size = key or "draw", os.get_terminal_size()
            if key is not None:
                number = max(0, min(number, len(follower.pages) - 1))
                if follower.error:
                    screen.show_error(f"{follower.path}\n\n{follower.error}")
                else:
                    place = f"page {number + 1} of {len(follower.pages)}"
                    last = screen.show(follower.pages[number], place, top)
            key = keyboard.read(0.3)
            match key:
                case "right" | "enter" | "space" | "page-down" | "n":
                    number, top = min(number + 1, len(follower.pages) - 1), 0
                case "left" | "page-up" | "p" | "-":
                    number, top = max(number - 1, 0), 0
                case "down":
                    top = min(top + 1, last)
                case "up":
                    top = max(top - 1, 0)
                case "Q" | "q" | "ctrl-c" | "ctrl-d" | "escape":
                    return


def _serve(follower: _Follower) -> None:
    from meshpeek.sinks.preview_page.preview_server import PreviewServer
    from meshpeek.sinks.screen.preview_pages import describe

    def look() -> tuple[int, object]:
        follower.look()
        pages = [describe(page) for page in follower.pages]
        shown = {"path": follower.path, "pages": pages}
        return follower.version, {**shown, "error": follower.error} if follower.error else shown

    server = PreviewServer(look)
    click.echo(f"preview of {follower.path}: {server.url}")
    server.run()
