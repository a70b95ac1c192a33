"""What reports cost: a run of 5,000 steps with all of them, against one with none.

    .venv/bin/python benchmarks/reports.py

A report is whole after every step. Twice as many steps must not take much more than twice the time
on top, and what is written must be about twice what the reports hold in the end. Nor must a line of
output that is twice as long take much more than twice the time on top.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

PROGRAM = Path(sys.executable).with_name("meshpeek")
NAMES = ("events", "junit", "json", "html", "cast")
STEPS = (1250, 2500, 5000)
STEP = "echo 'a line of output that is neither short nor long, as they come'\n"
LINE_BYTES = (100_000, 200_000, 400_000, 800_000)


class Cost(NamedTuple):
    """What a run takes: seconds of the clock and of processors, and bytes that it writes."""

    seconds: float
    processor: float
    written: int


def measure(folder: Path, names: tuple[str, ...], code: str) -> Cost:
    """Return what a run of `code` costs, with its children."""
    file = folder / "w.md"
    file.write_text(f"<!-- @SHOW -->\n# Steps\n\n```bash\n{code}```\n")
    options = [word for name in names for word in (f"--{name}", str(folder / name))]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(
        [PROGRAM, "ci", *options, file],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, processor, (after.ru_oublock - before.ru_oublock) * 512)


def measure_line(folder: Path, names: tuple[str, ...], size: int) -> float:
    """Return the processor seconds of a command that writes a line of `size` bytes, best of 5."""
    code = f"head -c {size} /dev/zero | tr '\\0' x\n"
    return min(measure(folder, names, code).processor for _ in range(5))


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in LINE_BYTES:
            without = measure_line(folder, (), size)
            more = {each: measure_line(folder, (each,), size) - without for each in NAMES}
            told = ", ".join(f"{each} {seconds:.2f} s" for each, seconds in more.items())
            print(f"a line of {size // 1000} kB: {without:.2f} s; more for {told}")
        for steps in STEPS:
            without = measure(folder, (), STEP * steps).seconds
            print(f"{steps} steps  no report  {without:6.2f} s")
            for names in (*((each,) for each in NAMES), NAMES):
                seconds, _, written = measure(folder, names, STEP * steps)
                size = sum((folder / each).stat().st_size for each in names)
                what = names[0] if len(names) == 1 else "all"
                print(
                    f"{steps} steps  {what:9}  {seconds:6.2f} s"
                    f"  {(seconds - without) / steps * 1000:6.3f} ms a step more"
                    f"  {size / 1e6:6.2f} MB in the end, {written / 1e6:7.2f} MB written"
                )


if __name__ == "__main__":
    main()
