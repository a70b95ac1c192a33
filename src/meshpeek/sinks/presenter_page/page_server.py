"""The server of the presenter's page: a page, a stream of what happens, and three buttons.

It listens on the address that it is given, loopback by default, on a free port. Its URL holds a
secret: who has it can see and steer the show. A request from another page, which has another Host
or Origin, is refused.

The server runs on an event loop in a thread of its own, and its state is that thread's alone: a
slow viewer, or none, makes no difference to the show.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import signal
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from importlib.resources import files
from types import TracebackType
from typing import Any, Self

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.http.exchange import HttpError, Request, Response, text
from meshpeek.http.pages import PAGE_HEADERS, read_page, refuse
from meshpeek.http.server import Application, authority, listen, serve
from meshpeek.run.events import Event
from meshpeek.sinks.presenter_page.view_model import ViewModel

LOOPBACK = "127.0.0.1"
MAXIMUM_VIEWERS = 16
MAXIMUM_BODY = 1000
KEEP_ALIVE_SECONDS = 15.0
LAST_STATE_SECONDS = 0.5


class PresenterPage:
    """A sink that shows a run on a page; what is asked for there goes to `ask`.

    `actions` are the words that may be asked for, and `ask` is called in another thread. `hosts`
    are the addresses to listen on; `0.0.0.0` and `::` stand for the one that this machine sends
    from. `port` and `token` are those of the page that this one goes on for, if any. Use it as a
    context manager.
    Raises EnvironmentUnfitError if it cannot listen there.
    """

    def __init__(
        self,
        actions: frozenset[str],
        ask: Callable[[str], None],
        hosts: Sequence[str] = (LOOPBACK,),
        *,
        port: int = 0,
        token: str = "",
    ) -> None:
        self.token = token or secrets.token_urlsafe(24)
        self._listeners: list[socket.socket] = []
        path = f"/{self.token}/presenter"
        authorities = set()
        for host in own_addresses(hosts):
            listener = _listen(host, port)
            self._listeners.append(listener)
            port = listener.getsockname()[1]
            authorities |= {authority(listener), f"{host.lower()}:{port}"}
        self.port = port
        self.origins = [f"http://{authority(listener)}" for listener in self._listeners]
        self.urls = [f"{origin}{path}/" for origin in self.origins]
        """The page's URLs, with its secret."""
        self._application = Application({path: self._respond}, authorities, refuse)
        self._page = read_page(files(__package__).joinpath("page"))
        self._actions = actions
        self._ask = ask
        self._view = ViewModel()
        self._messages: dict[str, bytes] = {}
        self._answers_to: frozenset[str] = frozenset()
        self._viewers: set[asyncio.Event] = set()
        self._none_left = asyncio.Event()
        self._over = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="presenter's page", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        self._thread.join()

    def take(self, event: Event) -> None:
        """Show what `event` says to all viewers."""
        show = self._view.show
        if self._view.take(event):
            changed = {} if self._view.show is show else {"show": self._view.show}
            changed["state"] = self._view.state
            self._loop.call_soon_threadsafe(self._publish, changed)

    def close(self) -> None:
        """Send the last state to all viewers, and end the server. Safe to call twice."""
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._over.set)

    def _run(self) -> None:
        # The show's thread holds back SIGWINCH while it forks: it must not arrive here instead.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        # What a client does wrong must not be printed: the terminal is the show's.
        self._loop.set_exception_handler(lambda *_: None)
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(serve(self._application, self._listeners, self._wait_for_end()))

    async def _wait_for_end(self) -> None:
        """Wait for the end of the show, and a moment for the viewers to get it."""
        await self._over.wait()
        self._wake_viewers()
        if self._viewers:
            await _is_set_within(self._none_left, LAST_STATE_SECONDS)

    def _publish(self, changed: dict[str, dict[str, Any]]) -> None:
        for name, data in changed.items():
            self._messages[name] = f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
        state = changed["state"]
        # While a command is typed, RETURN finishes that.
        is_heard = state["waiting"] or state["typing"]
        self._answers_to = self._actions if is_heard else frozenset()
        self._wake_viewers()

    def _wake_viewers(self) -> None:
        for woken in self._viewers:
            woken.set()

    def _respond(self, request: Request) -> Response:
        if request.headers.get("origin") not in (None, *self.origins):
            raise HttpError(403, "this page takes no requests from other pages")
        match request.method, request.path:
            case "POST", "/actions":
                return self._act(request)
            case "GET", "/events":
                return Response(200, b"", "text/event-stream", PAGE_HEADERS, self._follow())
            case "GET" | "HEAD", "":
                return Response(308, headers={"Location": "presenter/"})
            case "GET" | "HEAD", path if path in self._page:
                return self._page[path]
            case "GET" | "HEAD" | "POST", _:
                raise HttpError(404, "not found")
        raise HttpError(405, "only GET and POST are allowed here")

    def _act(self, request: Request) -> Response:
        """Ask for an action; only while the show waits, as keys count only then."""
        content_type, _, _ = request.headers.get("content-type", "").partition(";")
        # A form of another page can send other types without asking, and not this one.
        if content_type.strip().lower() != "application/json":
            raise HttpError(415, "the body must be application/json")
        if len(request.body) > MAXIMUM_BODY:
            raise HttpError(413, f"the body has more than {MAXIMUM_BODY} bytes")
        try:
            asked = json.loads(request.body)
        except (ValueError, RecursionError):
            raise HttpError(400, "invalid JSON in the body") from None
        action = asked.get("action") if isinstance(asked, dict) else None
        if not isinstance(action, str) or action not in self._actions:
            raise HttpError(400, f"action must be one of {', '.join(sorted(self._actions))}")
        if action not in self._answers_to:
            raise HttpError(409, "the show is not waiting")
        self._ask(action)
        return text("accepted\n", 202)

    async def _follow(self) -> AsyncGenerator[bytes, None]:
        """Yield the show, then its state whenever that changes, to the end, as events.

        A viewer that reads slowly misses states, and gets the latest. One too many is told so, and
        browsers try again after a few seconds.
        """
        if len(self._viewers) >= MAXIMUM_VIEWERS:
            yield f"event: full\ndata: {MAXIMUM_VIEWERS}\n\n".encode()
            return
        woken = asyncio.Event()
        self._viewers.add(woken)
        self._none_left.clear()
        sent: dict[str, bytes] = {}
        try:
            is_over = False
            while not is_over:
                is_over = self._over.is_set()
                for name, message in self._messages.items():
                    if sent.get(name) is not message:
                        sent[name] = message
                        yield message
                if not is_over and not await _is_set_within(woken, KEEP_ALIVE_SECONDS):
                    yield b":\n\n"
                woken.clear()
        finally:
            self._viewers.discard(woken)
            if not self._viewers:
                self._none_left.set()


def own_addresses(hosts: Iterable[str]) -> list[str]:
    """Return `hosts`, with this machine's address in the place of `0.0.0.0` and `::`.

    A phone cannot open those two.
    """
    found: dict[str, None] = {}
    for host in hosts:
        family = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}.get(host)  # noqa: S104
        if family is None:
            found[host] = None
            continue
        # No packet is sent: the system only chooses the address that it would send from.
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))
            found[probe.getsockname()[0]] = None
        if not found:
            found[LOOPBACK if family == socket.AF_INET else "::1"] = None
    return list(found)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host or "an empty address", port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise EnvironmentUnfitError(
            f"the presenter's page cannot listen on {host}: {reason}",
            hint="name an address of this machine, or leave --console-host out",
        ) from error


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
