"""The line below the cursor while a presenter is waited for: progress and clock."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from meshpeek.run.events import ClockRead
from meshpeek.terminal.escape_sequences import (
    CURSOR_DOWN,
    ERASE_BELOW,
    INDEX,
    RESTORE_CURSOR,
    REVERSE_INDEX,
    SAVE_CURSOR,
)
from meshpeek.workshop.model import Command, Pause, Step, Workshop

_MAKE_ROOM = INDEX + REVERSE_INDEX  # scrolls if there is no line below
_TO_LINE_BELOW = f"{SAVE_CURSOR}{CURSOR_DOWN}\r{ERASE_BELOW}"


class StatusLine:
    """Draws the line and erases it again, so that it never gets into the scrollback.

    It moves the cursor relatively, and need not know where it is.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._drawn = False

    def draw(self, text: Text) -> None:
        """Show `text`, cut to the width."""
        text = text.copy()
        text.truncate(max(self._console.width - 1, 1), overflow="ellipsis")
        text.no_wrap = True
        self._control(_MAKE_ROOM + _TO_LINE_BELOW)
        self._console.print(text, end="", highlight=False, soft_wrap=True)
        self._control(RESTORE_CURSOR)
        self._drawn = True

    def erase(self) -> None:
        """Erase the line, if it is there."""
        if self._drawn:
            self._control(_TO_LINE_BELOW + RESTORE_CURSOR)
            self._drawn = False

    def forget(self) -> None:
        """Take the line as erased: the screen has been cleared."""
        self._drawn = False

    def _control(self, codes: str) -> None:
        self._console.file.write(codes)
        self._console.file.flush()


class StatusText:
    """The status of a workshop at each of its steps: how far it is, and where."""

    def __init__(self, workshop: Workshop) -> None:
        self._titles = [section.title for section in workshop.sections]
        self._counts: dict[int, int] = {}
        count = 0
        for step in workshop.steps:
            count += isinstance(step, Command) and step.shown
            self._counts[id(step)] = count
        self._total = count

    def describe(self, step: Step | None, clock: ClockRead, help_key: str) -> Text:
        """Return the status at `step`: `7/32 · The section's title · 12 min · ? help`.

        It is None at the end. `help_key` is empty if there is none.
        """
        title = self._titles[step.section] if step else "the end"
        minutes = f"{int(clock.elapsed // 60)} min"
        is_stopped = clock.started and not clock.running
        parts = [
            f"{self._counts[id(step)] if step else self._total}/{self._total}",
            title,
            f"{minutes}, clock stopped" if is_stopped else minutes,
            "waiting" if isinstance(step, Pause) else "",
            f"{help_key} help" if help_key else "",
        ]
        return Text(" · ".join(filter(None, parts)), "dim")
