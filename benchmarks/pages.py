"""The report page in every direction that it can grow in: steps, lines, their length, colours.

    .venv/bin/python benchmarks/pages.py

Prints the processor time that the page takes in memory, the best of three, so that what is not
linear shows in a row.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    Event,
    RunStarted,
    Verdict,
    VerdictKind,
)
from meshpeek.sinks.html.report import HtmlFormatter
from meshpeek.workshop.model import Command, Mode
from meshpeek.workshop.parse import parse

PASSED = Verdict(VerdictKind.PASSED)
DIRECTIONS: dict[str, tuple[tuple[int, ...], Callable[[int], tuple[int, str]]]] = {
    "steps": ((1000, 2000, 4000, 8000), lambda size: (size, "x\n")),
    "lines": ((1000, 2000, 4000, 8000), lambda size: (1, f"{'x' * 20}\n" * size)),
    "coloured words": ((2000, 4000, 8000, 16000), lambda size: (1, "\x1b[31mx\x1b[0m " * size)),
    "characters of a line": ((25_000, 50_000, 100_000, 200_000), lambda size: (1, "x" * size)),
    "states of a progress bar": ((500, 1000, 2000, 4000), lambda size: (1, f"{'x' * 40}\r" * size)),
}


def events(steps: int, output: str) -> list[Event]:
    code = "true\n" * steps
    workshop = parse(f"# T\n\n```bash\n{code}```\n", "w.md", lambda path: path)
    result = CommandResult(1, 0, (0,), 0.1, output, 0, PASSED)
    ended = [CommandEnded(step, result) for step in workshop.steps if isinstance(step, Command)]
    return [RunStarted(workshop, Mode.CI, rehearsal=False), *ended]


def measure(happened: list[Event]) -> float:
    """Return the seconds that the page takes, whole after each step as on disk."""
    page = HtmlFormatter(lambda: datetime.now(UTC))
    began = time.process_time()
    for chunk in page.head():
        chunk.encode()
    for event in happened:
        for chunk in page.take(event):
            chunk.encode()
        page.tail()
    return time.process_time() - began


def main() -> None:
    """Print the figures."""
    for direction, (sizes, make) in DIRECTIONS.items():
        times = []
        for size in sizes:
            happened = events(*make(size))
            times.append(f"{size}: {min(measure(happened) for _ in range(3)) * 1000:.1f} ms")
        print(f"{direction:25} {', '.join(times)}")


if __name__ == "__main__":
    main()
