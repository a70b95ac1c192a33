"""What meshpeek costs: its start, each command, and output that passes through it.

    .venv/bin/python benchmarks/overhead.py

Prints medians, beside bash and script(1) in the same run.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("meshpeek")
ROUNDS = 9
COMMANDS = (0, 20, 200)
SMALL, LARGE = 50_000_000, 1_000_000_000


def seconds(command: list[str | Path]) -> float:
    """Return the median time that `command` takes, its output thrown away."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def peak_kilobytes(command: list[str | Path]) -> int:
    """Return the peak memory of one run of `command`, its children included."""
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, check=True, text=True
    ).stdout
    return int(printed)


def measure_commands(folder: Path) -> None:
    python = seconds([sys.executable, "-c", "pass"])
    print(f"python -c pass                 {python * 1000:7.1f} ms")
    print(f"meshpeek --version             {seconds([PROGRAM, '--version']) * 1000:7.1f} ms")
    runners: dict[str, list[str | Path]] = {"bash": ["bash"], "meshpeek ci": [PROGRAM, "ci"]}
    start: dict[str, float] = {}
    for count in COMMANDS:
        script = folder / f"{count}.sh"
        script.write_text("echo hi\n" * count)
        workshop = folder / f"{count}.md"
        workshop.write_text("```bash\n" + "echo hi\n" * count + "```\n")
        for name, command in runners.items():
            took = seconds([*command, script if name == "bash" else workshop])
            start.setdefault(name, took)
            each = f"{(took - start[name]) / count * 1000:7.3f} ms each" if count else ""
            print(f"{name:12} {count:4} commands       {took * 1000:7.1f} ms {each}")


def measure_output(folder: Path) -> None:
    command = f"head -c {SMALL} /dev/zero | tr '\\0' x"
    workshop = folder / "output.md"
    workshop.write_text(f"```bash\n{command}\n```\n")
    rates = {"meshpeek ci": [PROGRAM, "ci", workshop]}
    if shutil.which("script"):
        rates["script -qc"] = ["script", "-qc", command, "/dev/null"]
    for name, run in rates.items():
        print(f"{name:12} {SMALL // 10**6} MB of output  {SMALL / seconds(run) / 1e6:7.1f} MB/s")
    empty = folder / "0.md"
    workshop.write_text(f"```bash\n{command.replace(str(SMALL), str(LARGE))}\n```\n")
    more = peak_kilobytes([PROGRAM, "ci", workshop]) - peak_kilobytes([PROGRAM, "ci", empty])
    print(f"peak memory, {LARGE // 10**6} MB of output above none  {more / 1024:7.1f} MiB")


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as folder:
        measure_commands(Path(folder))
        measure_output(Path(folder))


if __name__ == "__main__":
    main()
