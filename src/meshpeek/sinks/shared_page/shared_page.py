"""The sink of the page that the room follows: it hands events to the process that serves them.

The sockets are opened here, so that an address that cannot be used is an error before the show. A
thread writes to the process, so that the show never waits for it.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from ipaddress import ip_address
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Self

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.http.server import authority, listen
from meshpeek.run.events import (
    CommandEnded,
    CommandShown,
    CommandStarted,
    EditEnded,
    Event,
    OutputReceived,
    RecordedShown,
    RunEnded,
    RunStarted,
    StepSkipped,
    TextShown,
    Typed,
    WaitStarted,
)
from meshpeek.run.frames import FrameWriter
from meshpeek.sinks.summary import shorten
from meshpeek.workshop.model import Command

PORT = 8642
"""The port of the page where it is free, so that a show that is resumed has the same address."""

KEPT_CHARACTERS = 100_000
"""How much of a command's output is sent at each end."""

_PATIENCE_SECONDS = 5.0
_SHOWN = (
    CommandEnded,
    CommandShown,
    CommandStarted,
    EditEnded,
    OutputReceived,
    RecordedShown,
    RunEnded,
    RunStarted,
    StepSkipped,
    TextShown,
    Typed,
    WaitStarted,
)
"""The events that show on the page."""


class SharedPage:
    """A sink that shows a run to the room, at the addresses `hosts` of this machine.

    Use it as a context manager. Raises EnvironmentUnfitError if it cannot listen there.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        with contextlib.ExitStack() as failure:
            self._listeners: list[socket.socket] = []
            for host in hosts:
                self._listeners.append(failure.enter_context(_listen(host, self._port())))
            failure.pop_all()
        self.urls = tuple(f"http://{_reachable(listener)}/" for listener in self._listeners)
        """The addresses of the page, in the order of `hosts`."""
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._room: dict[int, int] = {}
        self._has_failed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def _port(self) -> int:
        return self._listeners[0].getsockname()[1] if self._listeners else PORT

    def __enter__(self) -> Self:
        """Start the process that serves the page."""
        descriptors = [listener.fileno() for listener in self._listeners]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "meshpeek.sinks.shared_page", *map(str, descriptors)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # the terminal is the show's
            pass_fds=descriptors,
            start_new_session=True,  # a ^C in the terminal is for the show
        )
        for listener in self._listeners:
            listener.close()
        assert self._process.stdin  # noqa: S101  # it is a pipe
        self._thread = threading.Thread(
            target=self._feed, args=(self._process.stdin,), name="page for the room", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the page."""
        self.close()

    def take(self, event: Event) -> None:
        """Show what `event` says. Raises ChildProcessError once the process has ended."""
        if self._has_failed:
            raise ChildProcessError("the process that serves the page has ended")
        sent = self._select(event)
        if sent is not None:
            self._events.put(sent)

    def _select(self, event: Event) -> Event | None:
        """Return what the page needs of an event, None if that is nothing."""
        step = getattr(event, "step", None)
        if not isinstance(event, _SHOWN) or (isinstance(step, Command) and not step.shown):
            return None
        match event:
            case OutputReceived(data=data):
                if step is None:
                    return None
                room = self._room.get(id(step), KEPT_CHARACTERS)
                self._room[id(step)] = room - len(data)
                return event.replace(data=data[:room]) if room > 0 else None
            case CommandStarted():
                self._room.pop(id(step), None)
            case CommandEnded(result=result):
                output = shorten(result.output, KEPT_CHARACTERS)
                return event.replace(result=result.replace(output=output, difference=None))
        return event

    def close(self) -> None:
        """End the page; its viewers have a moment to get the rest. Safe to call twice.

        Raises ChildProcessError if the process has not served everything.
        """
        process, self._process = self._process, None
        if process is None or self._thread is None:
            return
        self._events.put(None)
        self._thread.join(_PATIENCE_SECONDS)
        try:
            status = process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if status:
            raise ChildProcessError(f"the process that serves the page ended with status {status}")

    def _feed(self, pipe: IO[bytes]) -> None:
        # The show's thread holds back SIGWINCH while it forks: it must not arrive here instead.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        frames = FrameWriter()
        try:
            with pipe:
                while (event := self._events.get()) is not None:
                    pipe.write(frames.frame(event))
                    if self._events.empty():
                        pipe.flush()
                    if isinstance(event, RunStarted):
                        frames.refer_to(event.workshop)
        except OSError:
            self._has_failed = True


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise EnvironmentUnfitError(
            f"the page for the room cannot listen on {host}: {reason}",
            hint="name an address of this machine",
        ) from error


def _reachable(listener: socket.socket) -> str:
    """Return the address at which viewers reach a socket, which may listen on all addresses."""
    host, port, *_ = listener.getsockname()
    if not ip_address(host.partition("%")[0]).is_unspecified:
        return authority(listener)
    is_new = listener.family == socket.AF_INET6
    # No packet is sent: this asks which address the machine would use towards others.
    elsewhere = ("2001:db8::1", 9) if is_new else ("192.0.2.1", 9)
    with socket.socket(listener.family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(elsewhere)
            own = probe.getsockname()[0].partition("%")[0]
        except OSError:  # there is no network
            own = "::1" if is_new else "127.0.0.1"
    return f"[{own}]:{port}" if is_new else f"{own}:{port}"
