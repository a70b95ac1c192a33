"""What reports cost: a run of 5,000 steps with all of them, against one with none.

    .venv/bin/python benchmarks/reports.py

A report is whole after every step. Twice as many steps must not take much more than twice the time
on top, and what is written must be about twice what the reports hold in the end.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("meshpeek")
NAMES = ("events", "junit", "json", "html", "cast")
STEPS = (1250, 2500, 5000)


def measure(folder: Path, names: tuple[str, ...], steps: int) -> tuple[float, int]:
    """Return the seconds that a run takes, and how many bytes it and its children wrote."""
    file = folder / "w.md"
    step = "echo 'a line of output that is neither short nor long, as they come'\n"
    file.write_text(f"<!-- @SHOW -->\n# Steps\n\n```bash\n{step * steps}```\n")
    options = [word for name in names for word in (f"--{name}", str(folder / name))]
    blocks = resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock
    started = time.perf_counter()
    subprocess.run(
        [PROGRAM, "ci", *options, file],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    seconds = time.perf_counter() - started
    return seconds, (resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock - blocks) * 512


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for steps in STEPS:
            without, _ = measure(folder, (), steps)
            print(f"{steps} steps  no report  {without:6.2f} s")
            for names in (*((each,) for each in NAMES), NAMES):
                seconds, written = measure(folder, names, steps)
                size = sum((folder / each).stat().st_size for each in names)
                what = names[0] if len(names) == 1 else "all"
                print(
                    f"{steps} steps  {what:9}  {seconds:6.2f} s"
                    f"  {(seconds - without) / steps * 1000:6.3f} ms a step more"
                    f"  {size / 1e6:6.2f} MB in the end, {written / 1e6:7.2f} MB written"
                )


if __name__ == "__main__":
    main()
