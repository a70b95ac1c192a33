"""The presenter's page, served beside a real show and looked at in Chromium."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.http.pages import PAGE_HEADERS
from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandShown,
    Reason,
    RunEnded,
    RunStarted,
    Verdict,
    VerdictKind,
    WaitEnded,
    WaitStarted,
)
from meshpeek.sinks.presenter_page import page_server
from meshpeek.sinks.presenter_page.page_server import PresenterPage
from meshpeek.workshop.model import Command, Mode
from meshpeek.workshop.parse import parse
from tests.browser import OpenPage, accessibility_violations
from tests.conftest import PROGRAM
from tests.pty_terminal import Terminal

TALK = """\
---
meshpeek:
  minutes: {Links: 2, The end: 1}
---
<!-- @SHOW -->
# Links

<!-- Breathe. -->
Pods talk to pods.

<!-- meshpeek: note Point at the badge. -->
```bash
echo --context north >ran
false
echo third
```

# The end

That was it.

<!-- @wait -->
"""

Start = Callable[..., tuple[Terminal, str]]


@pytest.fixture
def start(clean_environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Return a function that presents the talk, and returns its terminal and the page's URL."""
    with ExitStack() as stack:

        def start_show(*options: str) -> tuple[Terminal, str]:
            (tmp_path / "w.md").write_text(TALK)
            command = [PROGRAM, "present", "--rest", "0", "--typing", "0", *options, "w.md"]
            show = stack.enter_context(
                Terminal(command, clean_environment, tmp_path, rows=60, columns=120)
            )
            show.wait_for("the presenter's page: http://")
            found = re.search(r"page: (http://\S+)", show.text)
            assert found
            return show, found[1]

        yield start_show


@pytest.mark.slow
def test_the_page_follows_the_show_and_steers_it(
    start: Start, open_page: OpenPage, tmp_path: Path
) -> None:
    show, url = start("--console")
    page = open_page()
    page.goto(url)
    page.get_by_text("waiting for you").wait_for()
    assert page.title() == "w.md – presenter"
    assert page.inner_text("#section") == "Links"
    assert page.inner_text("#step") == "echo --context north >ran"
    assert page.inner_text("#note-list").split("\n\n") == ["Breathe.", "Point at the badge."]
    assert page.inner_text("#contexts") == "north"
    assert "3:00 left of 3:00" in page.inner_text("#plan")
    assert "Pods talk" in page.inner_text("#stage")
    page.get_by_role("button", name="Larger notes").click()
    assert accessibility_violations(page) == []

    page.get_by_role("button", name="Next").click()
    page.locator("#step", has_text=re.compile("^false$")).wait_for()
    assert (tmp_path / "ran").read_text() == "--context north\n"
    page.get_by_text("waiting for you").wait_for()
    show.press("\r")
    page.get_by_role("heading", name="Failed").wait_for()
    assert "exit status 1" in page.inner_text("#failed")
    assert accessibility_violations(page) == []

    page.reload()
    page.get_by_role("heading", name="Failed").wait_for()
    page.get_by_text("waiting for you").wait_for()
    page.keyboard.press("-")
    page.locator("#step", has_text=re.compile("^echo --context")).wait_for()
    page.get_by_text("waiting for you").wait_for()
    show.press("Q")
    page.get_by_text("the show is over: quit").wait_for()
    assert show.wait_for_end() in (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_page_is_for_phones_and_keyboards_too(
    start: Start, open_page: OpenPage, scheme: str
) -> None:
    _, url = start("--console")
    page = open_page(width=360, height=740, color_scheme=scheme)
    page.goto(url)
    page.get_by_text("waiting for you").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert accessibility_violations(page) == []
    for _ in range(8):  # past what scrolls, the sizes of notes, and the other buttons
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Next"
    page.keyboard.press("Enter")
    page.locator("#step", has_text=re.compile("^false$")).wait_for()


def test_without_the_option_nothing_listens(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text(TALK)
    command = [PROGRAM, "present", "--rest", "0", "--typing", "0", "w.md"]
    with Terminal(command, clean_environment, tmp_path) as show:
        show.wait_for("$ echo --context")
        descriptors = Path(f"/proc/{show.child.pid}/fd").iterdir()
        assert not [link for link in descriptors if "socket:" in str(link.readlink())]
        show.press("Q")
        show.wait_for_end()


def test_a_host_shows_a_code_for_a_phone_before_the_show(start: Start) -> None:
    show, url = start("--console-host", "127.0.0.1")
    assert url.startswith("http://127.0.0.1:")
    show.wait_for("Press any key to begin")
    assert "▀" in show.text or "▄" in show.text or "█" in show.text
    assert "Pods talk" not in show.text
    show.press("x")
    show.wait_for("$ echo --context")
    assert "http://" not in show.text
    show.press("Q")
    show.wait_for_end()


@pytest.fixture
def served() -> Iterator[tuple[PresenterPage, list[str]]]:
    asked: list[str] = []
    with PresenterPage(frozenset({"go"}), asked.append) as page:
        yield page, asked


def connect(page: PresenterPage) -> http.client.HTTPConnection:
    address = urlsplit(page.origins[0])
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)


def request(
    page: PresenterPage, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, str]:
    connection = connect(page)
    given = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    connection.request(method, path, json.dumps(body) if body is not None else None, given)
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, text


@contextmanager
def follow(page: PresenterPage) -> Iterator[Iterator[tuple[str, Any]]]:
    """Yield the page's events, each with its name and data."""
    with closing(connect(page)) as connection:
        connection.request("GET", f"{urlsplit(page.urls[0]).path}events")
        with connection.getresponse() as response:
            yield read_events(response)


def read_events(response: http.client.HTTPResponse) -> Iterator[tuple[str, Any]]:
    name = ""
    while line := response.readline().decode():
        field, _, value = line.rstrip().partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def start_show(page: PresenterPage) -> Command:
    """Begin a show on the page, up to the wait at its first command."""
    workshop = parse(TALK, "w.md", lambda path: path)
    page.take(RunStarted(workshop, Mode.PRESENT, rehearsal=False))
    command = next(step for step in workshop.steps if isinstance(step, Command))
    page.take(WaitStarted(command))
    return command


def test_only_the_secret_opens_the_page(served: tuple[PresenterPage, list[str]]) -> None:
    page, _ = served
    path = urlsplit(page.urls[0]).path
    assert request(page, "GET", path)[0] == 200
    assert request(page, "GET", f"{path}page.js")[0] == 200
    assert request(page, "GET", path.removesuffix("/"))[0] == 308
    wrong = path.replace("/presenter", "x/presenter")
    for other in ("/", "/x/", wrong, f"{path}../page_server.py", f"{path}none", f"{path}page/"):
        assert request(page, "GET", other)[0] == 404
    assert request(page, "GET", path, Host="evil.example")[0] == 421
    assert request(page, "GET", path, Origin="http://evil.example")[0] == 403
    assert request(page, "GET", path, Origin=page.origins[0])[0] == 200


@pytest.mark.parametrize("name", ["", "page.css", "none", "events"])
def test_browsers_are_told_to_keep_to_the_page(
    served: tuple[PresenterPage, list[str]], name: str
) -> None:
    page, _ = served
    with closing(connect(page)) as connection:
        connection.request("GET", f"{urlsplit(page.urls[0]).path}{name}")
        headers = connection.getresponse().headers
    assert PAGE_HEADERS.items() <= dict(headers).items()


def test_actions_count_only_while_the_show_waits(
    served: tuple[PresenterPage, list[str]],
) -> None:
    page, asked = served
    path = f"{urlsplit(page.urls[0]).path}actions"
    assert request(page, "POST", path, {"action": "go"})[0] == 409
    command = start_show(page)
    for body in ({"action": "quit"}, {"action": 1}, [], "go", {}, {"action": ["go"]}):
        assert request(page, "POST", path, body)[0] == 400
    assert request(page, "POST", path, {"action": "go"}, Content_Type="text/plain")[0] == 415
    assert request(page, "POST", path, {"action": "x" * 2000})[0] == 413
    assert request(page, "POST", path, {"action": "go"}, Origin="null")[0] == 403
    assert request(page, "GET", path)[0] == 404
    assert request(page, "PUT", path, {"action": "go"})[0] == 405
    assert asked == []
    assert request(page, "POST", path, {"action": "go"})[0] == 202
    page.take(WaitEnded(command))
    assert request(page, "POST", path, {"action": "go"})[0] == 409
    assert asked == ["go"]


def test_invalid_requests_harm_nobody(served: tuple[PresenterPage, list[str]]) -> None:
    page, _ = served
    address = urlsplit(page.origins[0])
    for junk in (b"\0\0\n\n", b"GET " + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"POST"):
        with socket.create_connection((address.hostname, address.port), 30) as connection:
            connection.sendall(junk)
    assert request(page, "GET", urlsplit(page.urls[0]).path)[0] == 200


def test_a_viewer_gets_the_show_its_states_and_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_server, "LAST_STATE_SECONDS", 60)
    with PresenterPage(frozenset(), lambda _: None) as page, follow(page) as events:
        command = start_show(page)
        name, show = next(events)
        assert (name, show["path"]) == ("show", "w.md")
        state = next(state for _, state in events if state["waiting"])
        assert show["steps"][state["current"]]["text"] == command.text
        with follow(page) as late:
            assert [name for name, _ in islice(late, 2)] == ["show", "state"]
        page.take(RunEnded(Reason.QUIT, 1.0))
        page.close()
        closed = time.monotonic()
        assert list(events)[-1][1]["ended"] == "quit"
    assert time.monotonic() - closed < 10


def test_an_idle_viewer_is_let_go_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_server, "LAST_STATE_SECONDS", 60)
    with PresenterPage(frozenset(), lambda _: None) as page, follow(page) as events:
        start_show(page)
        assert any(state["waiting"] for name, state in events if name == "state")
        page.close()
        closed = time.monotonic()
        assert list(events) == []
    assert time.monotonic() - closed < 10


def test_viewers_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_server, "MAXIMUM_VIEWERS", 1)
    with PresenterPage(frozenset(), lambda _: None) as page:
        start_show(page)
        with follow(page) as first:
            assert next(first)[0] == "show"
            with follow(page) as second:
                assert list(second) == [("full", 1)]  # and browsers try again
        late = time.monotonic() + 20
        while time.monotonic() < late:  # the server sees in its own time that the first one left
            with follow(page) as third:
                if next(third, ("", 0))[0] == "show":
                    return
        pytest.fail("no viewer gets the place of the one that left")


def test_a_viewer_who_reads_nothing_delays_neither_show_nor_end() -> None:
    address: tuple[str, int]
    with PresenterPage(frozenset(), lambda _: None) as page, socket.socket() as viewer:
        viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        location = urlsplit(page.urls[0])
        address = (location.hostname or "", location.port or 0)
        viewer.connect(address)
        viewer.sendall(
            f"GET {location.path}events HTTP/1.1\r\nHost: {location.netloc}\r\n\r\n".encode()
        )
        with follow(page) as events:
            command = start_show(page)
            more_than_buffers_hold = "x" * (16 << 20)
            failed = Verdict(VerdictKind.FAILED, (more_than_buffers_hold,))
            result = CommandResult(1, 1, (1,), 0.1, "", 0, failed, final=True)
            page.take(CommandEnded(command, result))
            began = time.monotonic()
            assert any(state.get("outcomes") for _, state in events)
        page.close()
    assert time.monotonic() - began < 5
    with pytest.raises(ConnectionRefusedError), socket.create_connection(address):
        pass


def test_only_the_page_loads_a_server() -> None:
    code = (
        "import sys, meshpeek.cli.commands.present; print({'asyncio', 'h11'} & sys.modules.keys())"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert loaded.stdout == b"set()\n"


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a..b"])
def test_an_address_of_another_machine_is_an_error_with_a_hint(host: str) -> None:
    with pytest.raises(EnvironmentUnfitError, match=f"cannot listen on {host}: ") as raised:
        PresenterPage(frozenset(), lambda _: None, [host])
    assert raised.value.hint


def test_a_page_that_goes_on_has_the_address_that_it_had() -> None:
    with PresenterPage(frozenset(), lambda _: None) as page:
        urls, port, token = page.urls, page.port, page.token
    with PresenterPage(frozenset(), lambda _: None, port=port, token=token) as page:
        assert page.urls == urls


def test_several_addresses_lead_to_one_page() -> None:
    with PresenterPage(frozenset(), lambda _: None, ["127.0.0.1", "::1"]) as page:
        assert [urlsplit(url).hostname for url in page.urls] == ["127.0.0.1", "::1"]
        for url in page.urls:
            place = urlsplit(url)
            with closing(http.client.HTTPConnection(place.hostname or "", place.port)) as link:
                link.request("GET", place.path)
                assert link.getresponse().status == 200


def test_all_addresses_are_one_that_a_phone_can_open() -> None:
    (address,) = page_server.own_addresses(["0.0.0.0"])
    assert address != "0.0.0.0"


def test_next_finishes_what_is_typed(served: tuple[PresenterPage, list[str]]) -> None:
    page, asked = served
    command = start_show(page)
    path = f"{urlsplit(page.urls[0]).path}actions"
    with follow(page) as events:
        for event, heard in ((WaitEnded(command), 409), (CommandShown(command), 202)):
            page.take(event)
            next(state for _, state in events if state.get("typing") is (heard == 202))
            assert request(page, "POST", path, {"action": "go"})[0] == heard
    assert asked == ["go"]
