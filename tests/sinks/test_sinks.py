"""What a run looks like in a log and on a screen, to the character."""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import Path

import pyte
import pytest
from rich.console import Console

from meshpeek.run.events import (
    CommandEnded,
    Event,
    JobsLeft,
    Notice,
    Redrawn,
    ShellLent,
    ShellReturned,
    Suspended,
)
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.log.plain import PlainLog
from meshpeek.sinks.screen.screen import Screen
from meshpeek.workshop.model import Mode
from tests.sinks.story import tell

HERE = Path(__file__).parent


def draw(mode: Mode, *, rehearsal: bool = False, colours: bool = False, ends: bool = False) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    console = Console(
        file=file,
        width=72,
        force_terminal=colours,
        color_system="truecolor" if colours else None,
        legacy_windows=False,
        _environ={},
    )
    screen = Screen(console)
    for event in tell(mode, rehearsal=rehearsal):
        if ends and isinstance(event, CommandEnded):
            event = event.replace(result=event.result.replace(ends_run=True))
        screen.take(event)
    screen.close()
    assert isinstance(file.buffer, io.BytesIO)
    return file.buffer.getvalue().decode()


def log() -> str:
    stream = io.BytesIO()
    sink = PlainLog(stream)
    for event in tell(Mode.CI, rehearsal=True):
        sink.take(event)
    sink.close()
    return stream.getvalue().decode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ci.log", log()),
        ("run.screen", draw(Mode.RUN, rehearsal=True)),
        ("present.screen", draw(Mode.PRESENT)),
    ],
)
def test_it_looks_as_it_was_reviewed(name: str, text: str) -> None:
    shown = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    assert shown == (HERE / name).read_text()


def test_no_key_is_offered_after_a_failure_that_ends_the_run() -> None:
    assert "goes on" in draw(Mode.PRESENT)
    assert "goes on" not in draw(Mode.PRESENT, ends=True)


def test_badges_have_the_context_s_colour_and_its_name() -> None:
    screen = draw(Mode.RUN, colours=True)
    assert "\x1b[1;30;48;2;86;180;233m north \x1b[0m" in screen
    assert "\x1b[1;30;48;2;240;228;66m east \x1b[0m" in screen


class Recorder:
    def __init__(self, breaks_at: Collection[int] = ()) -> None:
        self.taken: list[Event] = []
        self.closed = False
        self._breaks_at = breaks_at
        self._count = 0

    def take(self, event: Event) -> None:
        self._count += 1
        if self._count - 1 in self._breaks_at:
            raise OSError(f"disk full at {self._count - 1}")
        self.taken.append(event)

    def close(self) -> None:
        self.closed = True


def test_a_command_that_is_repeated_says_for_how_long_and_leaves_no_trace_of_it() -> None:
    screen = pyte.Screen(72, 80)
    stream = pyte.Stream(screen)
    seen = []
    for piece in draw(Mode.RUN, colours=True).replace("\n", "\r\n").splitlines(keepends=True):
        stream.feed(piece)
        seen.append("\n".join(screen.display))
    told = "not yet; retrying for 29.5 s more"
    assert any(told in shown for shown in seen)
    assert told not in seen[-1]


def test_a_sink_that_raises_harms_no_other_and_is_tried_with_the_next_event() -> None:
    whole, broken = Recorder(), Recorder(breaks_at={2, 3})
    fanout = Fanout([("broken", broken), ("whole", whole)])
    # Kinds with the same fields as another: one taken for the other would show.
    alike = [Suspended(), Redrawn(), ShellLent(), ShellReturned(), Notice("x"), JobsLeft("x")]
    events = [*tell(Mode.CI), *alike]
    for event in events:
        fanout.take(event)
    fanout.close()
    assert whole.taken == events
    assert broken.taken == events[:2] + events[4:]
    assert whole.closed
    assert broken.closed
    assert [(name, str(error)) for name, error in fanout.broken] == [("broken", "disk full at 2")]


def test_a_screen_that_could_not_draw_an_event_draws_the_next_ones() -> None:
    class Terminal(io.StringIO):
        def write(self, text: str) -> int:
            if "NAME" in text:
                raise OSError("the terminal is busy")
            return super().write(text)

    terminal = Terminal()
    fanout = Fanout([("screen", Screen(Console(file=terminal, width=72, _environ={})))])
    for event in tell(Mode.RUN):
        fanout.take(event)
    fanout.close()
    assert "NAME" not in terminal.getvalue()
    assert "10.23.1.12:8000" in terminal.getvalue()
    assert [str(error) for _, error in fanout.broken] == ["the terminal is busy"]
