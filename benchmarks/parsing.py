"""Time to parse a workshop, beside what markdown-it-py alone needs for the same text.

Usage: python benchmarks/parsing.py [WORKSHOP.md [LINES]]

The workshop is repeated up to LINES lines (10,000 unless said otherwise). CPU time, best of five.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from markdown_it import MarkdownIt

from meshpeek.workshop.parse import parse

WORKSHOP = Path(__file__).parent.parent / "workshop.md"
LINES = 10_000
ROUNDS = 5


def best_times(*works: Callable[[], object]) -> list[float]:
    """Return the least CPU time of each, in seconds; they take turns, so that a load hits all."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times, strict=True):
            start = time.process_time()
            work()
            taken.append(time.process_time() - start)
    return [min(taken) for taken in times]


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else WORKSHOP
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else LINES
    once = path.read_text(encoding="utf-8")
    text = once * max(1, lines // once.count("\n"))
    markdown = MarkdownIt("commonmark")
    alone, ours = best_times(
        lambda: markdown.parse(text),
        lambda: parse(text, str(path), lambda name: Path(name).read_text(encoding="utf-8")),
    )
    print(f"{path}, {text.count(chr(10)):,} lines")
    print(f"  markdown-it-py alone  {alone * 1000:8.1f} ms")
    print(f"  meshpeek.workshop.parse        {ours * 1000:8.1f} ms   {ours / alone:.2f} × that")


if __name__ == "__main__":
    main()
