"""Painting the whole screen, line by line.

Erasing all of it at once (ED) would put it into the scrollback of tmux, and of others, each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.segment import ControlType, Segment, Segments

from meshpeek.terminal.escape_sequences import ERASE_LINE, move_to


def paint(console: Console, lines: Sequence[list[Segment]]) -> None:
    """Show `lines`, as many as the screen has or fewer, and nothing else; the cursor is behind."""
    below = "".join(move_to(row) + ERASE_LINE for row in range(len(lines) + 1, console.height + 1))
    segments = Segments([_control(below + move_to(1)), *_erased_first(lines)])
    console.print(segments, end="", crop=False, soft_wrap=True)


def scroll_off(rows: int, height: int) -> str:
    """Return the codes that move the first `rows` of the screen into the scrollback."""
    return move_to(height) + "\n" * rows + move_to(1)


def _erased_first(lines: Sequence[list[Segment]]) -> Iterator[Segment]:
    """Yield lines each of which is erased before it is written.

    Afterwards, the erasing would take the last character of a line that is full.
    """
    for number, line in enumerate(lines):
        if number:
            yield Segment.line()
        yield _control(ERASE_LINE)
        yield from line


def _control(codes: str) -> Segment:
    return Segment(codes, None, [(ControlType.ERASE_IN_LINE, 0)])
