"""What this version costs beside an older commit, in one run: processor time, in turns.

    .venv/bin/python benchmarks/compare.py REV [ROUNDS]

Both run with this environment's Python and libraries. Says which row has changed by more than a
tenth, and ends with 1 if one became dearer by that.
"""

from __future__ import annotations

import compileall
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ROUNDS = 9
COMMANDS = 200
OUTPUT_BYTES = 100_000_000
NOTABLE = 0.1

WORKSHOPS: Mapping[str, str] = {
    "a start": "",
    f"{COMMANDS} × echo": "echo hi\n" * COMMANDS,
    f"{COMMANDS} × an assignment": "X=1\n" * COMMANDS,
    f"{COMMANDS} × a program": "/bin/true\n" * COMMANDS,
    f"{OUTPUT_BYTES // 10**6} MB of output": f"head -c {OUTPUT_BYTES} /dev/zero | tr '\\0' x\n",
}
"""The paths that are measured, and profiled: the commands of a workshop for `meshpeek ci`."""


def write_workshops(folder: Path) -> dict[str, list[str]]:
    """Write the workshops; return the arguments with which Python runs each, by its name."""
    runs = {"--version": ["-m", "meshpeek", "--version"]}
    for number, (name, commands) in enumerate(WORKSHOPS.items()):
        file = folder / f"{number}.md"
        file.write_text(f"```bash\n{commands}```\n", encoding="utf-8")
        runs[name] = ["-m", "meshpeek", "ci", str(file)]
    return runs


def run(source: Path, arguments: list[str]) -> float:
    """Run Python with the package in `source`; return the processor time, of all it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    status = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(source)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode
    assert status in (0, 2), arguments  # 2: a test without commands
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@contextlib.contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[Path]:
    """Check out a commit beside this one; yield where its package lies."""
    git = ["git", "-C", str(REPOSITORY), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), revision], check=True)
    try:
        compileall.compile_dir(folder / "src", quiet=1)
        yield folder / "src"
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def main() -> int:
    """Print a row for each path; return the exit code."""
    if not 2 <= len(sys.argv) <= 3:
        print(__doc__, file=sys.stderr)
        return 2
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    dearer = False
    with (
        tempfile.TemporaryDirectory() as folder,
        checked_out(sys.argv[1], Path(folder) / "before") as before,
    ):
        now = REPOSITORY / "src"
        compileall.compile_dir(now, quiet=1)
        for name, arguments in write_workshops(Path(folder)).items():
            pairs = [(run(before, arguments), run(now, arguments)) for _ in range(rounds)]
            ratio = statistics.median(new / old for old, new in pairs)
            old, new = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
            changed = "" if abs(ratio - 1) <= NOTABLE else "dearer" if ratio > 1 else "cheaper"
            dearer = dearer or changed == "dearer"
            print(f"{name:24} {old:8.0f} ms  {new:8.0f} ms  × {ratio:.2f}  {changed}".rstrip())
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"processor time: {sys.argv[1]}, now, and the median of {rounds} pairs; load {load}")
    return int(dearer)


if __name__ == "__main__":
    sys.exit(main())
