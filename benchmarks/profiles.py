"""Where the time of each path goes: a table for each, in .benchmarks/.

    .venv/bin/python benchmarks/profiles.py

The paths are those of compare.py. Only meshpeek's own process is profiled, and that makes calls
look dearer than they are: compare proportions.
"""

from __future__ import annotations

import pstats
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import REPOSITORY, write_workshops

FOLDER = REPOSITORY / ".benchmarks"
ROWS = 40


def main() -> None:
    """Write a table for each path, functions by the time that they take themselves."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in write_workshops(Path(folder)).items():
            raw = Path(folder) / "profile"
            subprocess.run(
                [sys.executable, "-m", "cProfile", "-o", raw, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            table = FOLDER / f"{name.strip('-').replace(' ', '-')}.txt"
            with table.open("w", encoding="utf-8") as file:
                pstats.Stats(str(raw), stream=file).sort_stats("tottime").print_stats(ROWS)
            print(table.relative_to(REPOSITORY))


if __name__ == "__main__":
    main()
