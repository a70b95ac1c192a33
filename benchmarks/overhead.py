"""What meshpeek costs: its start, each command, and output that passes through it.

    .venv/bin/python benchmarks/overhead.py

Prints medians, beside bash, script(1) and such other runners as are on PATH in the same run
(demosh, mechanical-markdown's mm.py, byexample, prysk), from an environment of their own:
`pip install demosh==0.6.0 mechanical-markdown byexample prysk`.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

PROGRAM = Path(sys.executable).with_name("meshpeek")
ROUNDS = 7
COMMANDS = (0, 20, 200)
SECRETS = 20
SMALL, LARGE = 200_000_000, 1_000_000_000


class Cost(NamedTuple):
    """Seconds that pass, and seconds of processor time, which a busy machine falsifies less."""

    elapsed: float
    processor: float


def cost(command: list[str | Path]) -> Cost:
    """Return what `command` takes, medians; its output is thrown away.

    meshpeek calls a test without commands wrong (2); that is a measure of its start all the same.
    """
    elapsed, processor = [], []
    for _ in range(ROUNDS):
        started, used = time.perf_counter(), processor_seconds()
        status = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
        assert status in (0, 2), command
        elapsed.append(time.perf_counter() - started)
        processor.append(processor_seconds() - used)
    return Cost(statistics.median(elapsed), statistics.median(processor))


def processor_seconds() -> float:
    """Return the processor time of all children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def peak_kilobytes(command: list[str | Path]) -> int:
    """Return the peak memory of one run of `command`, its children included."""
    code = (
        "import resource, subprocess, sys;"
        "nowhere = subprocess.DEVNULL;"
        "subprocess.run(sys.argv[1:], stdout=nowhere, stderr=nowhere);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, check=True, text=True
    ).stdout
    return int(printed)


class Runner(NamedTuple):
    """How a program runs `echo hi` so many times: its command, and the file it is given."""

    command: tuple[str | Path, ...]
    suffix: str
    before: str
    each: str
    after: str = ""


RUNNERS = {
    "bash": Runner(("bash",), ".sh", "", "echo hi\n"),
    "meshpeek ci": Runner((PROGRAM, "ci"), ".md", "```bash\n", "echo hi\n", "```\n"),
    # demosh needs a terminal, or it ends with a traceback.
    "demosh": Runner(("demosh", "--no-blurb"), ".md", "```bash\n", "echo hi\n", "```\n"),
    "mm.py": Runner(
        ("mm.py",),
        ".md",
        "",
        "<!-- STEP\nname: x\n-->\n\n```bash\necho hi\n```\n\n<!-- END_STEP -->\n",
    ),
    "byexample": Runner(
        ("byexample", "-q", "-l", "shell"), ".md", "", "```shell\n$ echo hi\nhi\n\n```\n"
    ),
    "prysk": Runner(("prysk", "-q"), ".t", "", "  $ echo hi\n  hi\n"),
}


def measure_commands(folder: Path) -> None:
    for name, command in {
        "python -c pass": [sys.executable, "-c", "pass"],
        "meshpeek --version": [PROGRAM, "--version"],
    }.items():
        took = cost(command)
        print(f"{name:30} {took.elapsed * 1000:7.1f} ms, processor {took.processor * 1000:7.1f}")
    for name, runner in RUNNERS.items():
        if not shutil.which(runner.command[0]):
            continue
        start = None
        for count in COMMANDS:
            file = folder / f"{count}{runner.suffix}"
            file.write_text(runner.before + runner.each * count + runner.after)
            command = [*runner.command, file]
            if name == "demosh":
                command = ["script", "-qec", " ".join(map(str, command)), "/dev/null"]
            took = cost(command)
            start = start or took
            line = f"{name:12} {count:4} commands       {took.elapsed * 1000:7.1f} ms"
            if count:
                each = (took.elapsed - start.elapsed) / count * 1000
                processor = (took.processor - start.processor) / count * 1000
                line += f" {each:7.3f} ms each, processor {processor:7.3f}"
            print(line)


def measure_output(folder: Path) -> None:
    command = f"head -c {SMALL} /dev/zero | tr '\\0' x"
    workshop = folder / "output.md"
    workshop.write_text(f"```bash\n{command}\n```\n")
    secretive = folder / "secrets.md"
    secrets = ", ".join(f"S{n}: {{value: {n:024x}, secret: true}}" for n in range(SECRETS))
    secretive.write_text(
        f"---\nmeshpeek: {{env: {{{secrets}}}}}\n---\n{workshop.read_text()}", encoding="utf-8"
    )
    rates = {
        "meshpeek ci": [PROGRAM, "ci", workshop],
        f"with {SECRETS} secrets": [PROGRAM, "ci", secretive],
    }
    if shutil.which("script"):
        rates["script -qc"] = ["script", "-qc", command, "/dev/null"]
    for name, run in rates.items():
        print(
            f"{name:15} {SMALL // 10**6} MB of output  {SMALL / cost(run).elapsed / 1e6:7.1f} MB/s"
        )
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
