"""A full room: how far behind its viewers are, and whether the presenter's keys notice them.

    .venv/bin/python benchmarks/viewers.py [VIEWERS]

The show runs on a pty with `--share`. Each command prints the time at which it was started, by
bash's own clock. 300 viewers follow in a process of their own, and take the time at which that
output reaches each of them; ten more have stopped reading. Without viewers first, for comparison.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import re
import resource
import socket
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

import pexpect

PROGRAM = Path(sys.executable).with_name("meshpeek")
COMMANDS = 40
WARM_UP = 3
SLOW = 10
BETWEEN = 0.4  # seconds: a person has not pressed the key before the show waits for it
STARTED = re.compile(rb"started (\d+\.\d+)")


class Viewer(asyncio.Protocol):
    """Takes the time at which each command's output arrives."""

    def __init__(self, request: bytes, behind: list[float]) -> None:
        self._request = request
        self._behind = behind
        self._begun = b""
        self._seen: set[bytes] = set()
        self.bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        data = self._begun + data
        now = time.time()
        for found in STARTED.findall(data):
            if found not in self._seen:  # output that grows is sent again with its last lines
                self._seen.add(found)
                self._behind.append(now - float(found))
        self._begun = data[-40:]


async def follow(url: str, viewers: int, pipe: Connection) -> None:
    place = urlsplit(url)
    request = f"GET /events HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    behind: list[float] = []
    following = []
    for _ in range(viewers):
        _, viewer = await loop.create_connection(
            lambda: Viewer(request, behind), place.hostname, place.port
        )
        following.append(viewer)
    slow = [socket.create_connection((place.hostname or "", place.port or 0)) for _ in range(SLOW)]
    for each in slow:
        each.sendall(request)
    while not all(viewer.bytes for viewer in following):
        await asyncio.sleep(0.05)
    pipe.send("all there")
    while not pipe.poll():
        await asyncio.sleep(0.05)
    pipe.send(behind)


def fill_the_room(url: str, viewers: int, pipe: Connection) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    asyncio.run(follow(url, viewers, pipe))


def read_events(file: Path) -> list[dict[str, object]]:
    lines = file.read_text().splitlines() if file.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def wait_for(show: pexpect.spawn, events: Path, number: int) -> None:
    """Read what the show writes until it has waited so many times."""
    while sum(event["event"] == "wait" for event in read_events(events)) < number:
        with contextlib.suppress(pexpect.TIMEOUT):
            show.read_nonblocking(65536, timeout=0.01)


def measure(folder: Path, viewers: int) -> tuple[list[float], list[float]]:
    """Return the seconds from keys to commands, and those from commands to each viewer."""
    workshop, events = folder / "w.md", folder / f"events-{viewers}.jsonl"
    command = "echo started $EPOCHREALTIME; seq 20\n"
    workshop.write_text(f"<!-- @SHOW -->\n```bash\n{command * COMMANDS}```\n")
    arguments = ["present", "--rest", "0", "--typing", "0", "--no-journal", "--events", str(events)]
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    show = pexpect.spawn(
        str(PROGRAM), [*arguments, "--share", str(workshop)], cwd=str(folder), env=environment
    )
    show.delaybeforesend = None
    show.expect(r"room: (http://\S+)")
    url = show.match[1].decode()
    ours, theirs = multiprocessing.Pipe()
    room = multiprocessing.Process(target=fill_the_room, args=(url, viewers, theirs))
    if viewers:
        room.start()
        ours.recv()
    pressed = []
    for number in range(1, COMMANDS + 1):
        wait_for(show, events, number)
        time.sleep(BETWEEN)
        pressed.append(time.time())
        show.send("\r")
    wait_for(show, events, COMMANDS + 1)
    show.send("\r")
    behind: list[float] = []
    show.expect("any key")
    if viewers:
        time.sleep(1)
        ours.send("enough")
        behind = ours.recv()
        room.join()
    show.send("x")
    show.expect(pexpect.EOF)
    show.close()
    started = [
        float(str(event["output"]).split()[1])
        for event in read_events(events)
        if event["event"] == "command"
    ]
    delays = [start - press for press, start in zip(pressed, started, strict=True)]
    return delays[WARM_UP:], behind


def describe(times: list[float]) -> str:
    slowest = statistics.quantiles(times, n=20)[-1]
    return (
        f"median {statistics.median(times) * 1000:6.1f} ms, "
        f"95 % within {slowest * 1000:6.1f} ms, all within {max(times) * 1000:6.1f} ms"
    )


def main() -> None:
    """Print the figures."""
    wanted = int(sys.argv[1]) if sys.argv[1:] else 300
    with tempfile.TemporaryDirectory() as folder:
        for viewers in (0, wanted):
            delays, behind = measure(Path(folder), viewers)
            print(f"{viewers} viewers, {len(delays)} commands, load {os.getloadavg()[0]:.1f}")
            print(f"  RETURN to the command's start  {describe(delays)}")
            if behind:
                print(f"  the output at a viewer after    {describe(behind)}")
                print(f"  outputs that arrived            {len(behind)} of {viewers * COMMANDS}")


if __name__ == "__main__":
    main()
