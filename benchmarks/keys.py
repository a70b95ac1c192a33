"""From RETURN to the command: how long a presenter's key takes to start what it asks for.

    .venv/bin/python benchmarks/keys.py

The show runs on a pty. Each command prints the time at which it was started, by bash's own
clock; the key's time is taken just before it is written to the pty. Prints the median and the
95th percentile over all commands.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pexpect

PROGRAM = Path(sys.executable).with_name("meshpeek")
COMMANDS = 60
WARM_UP = 5


def read_events(file: Path) -> list[dict[str, object]]:
    lines = file.read_text().splitlines() if file.exists() else []
    return [json.loads(line) for line in lines]


def measure(folder: Path) -> list[float]:
    """Return the seconds from each key to the start of its command."""
    workshop, events = folder / "w.md", folder / "events.jsonl"
    command = "echo started $EPOCHREALTIME\n"
    workshop.write_text(f"<!-- @SHOW -->\n```bash\n{command * COMMANDS}```\n")
    arguments = ["present", "--rest", "0", "--typing", "0", "--events", str(events), str(workshop)]
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    show = pexpect.spawn(str(PROGRAM), arguments, cwd=str(folder), env=environment)
    show.delaybeforesend = None
    pressed = []
    for number in range(1, COMMANDS + 1):
        while sum(event["event"] == "wait" for event in read_events(events)) < number:
            try:
                show.read_nonblocking(65536, timeout=0.01)
            except pexpect.TIMEOUT:
                continue
        time.sleep(0.02)  # a person has not pressed the key before the show waits for it
        pressed.append(time.time())
        show.send("\r")
    show.expect(pexpect.EOF)
    show.close()
    started = [
        float(str(event["output"]).split()[1])
        for event in read_events(events)
        if event["event"] == "command"
    ]
    return [start - press for press, start in zip(pressed, started, strict=True)][WARM_UP:]


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        times = measure(Path(folder))
    slowest = statistics.quantiles(times, n=20)[-1]
    print(f"RETURN to the command's start  {statistics.median(times) * 1000:6.2f} ms")
    print(f"95 % of {len(times)} within            {slowest * 1000:6.2f} ms")


if __name__ == "__main__":
    main()
