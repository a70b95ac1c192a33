"""The presenter's page, served beside a real show and looked at in Chromium."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.sinks.presenter_page.server import Console
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
            command = [PROGRAM, "present", "--typing", "0", *options, "w.md"]
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
    assert page.inner_text("#note-list") == "Point at the badge."
    assert page.inner_text("#contexts") == "north"
    assert "of 3:00" in page.inner_text("#plan")
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
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Next"
    page.keyboard.press("Enter")
    page.locator("#step", has_text=re.compile("^false$")).wait_for()


def test_without_the_option_nothing_listens(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text(TALK)
    command = [PROGRAM, "present", "--typing", "0", "w.md"]
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
def console() -> Iterator[tuple[Console, list[str]]]:
    asked: list[str] = []
    with Console(frozenset({"go"}), asked.append) as console:
        yield console, asked


def request(
    console: Console, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, str]:
    address = urlsplit(console.origin)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    given = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    connection.request(method, path, json.dumps(body) if body is not None else None, given)
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, text


def test_only_the_token_opens_the_page(console: tuple[Console, list[str]]) -> None:
    server, _ = console
    token = urlsplit(server.url).path
    assert request(server, "GET", token)[0] == 200
    assert request(server, "GET", f"{token}page.js")[0] == 200
    for path in ("/", "/x/", f"{token[:-2]}x/", f"{token}../server.py", f"{token}none", "/é/"):
        if path.isascii():
            assert request(server, "GET", path)[0] == 404
    assert request(server, "GET", token, Host="evil.example")[0] == 403
    assert request(server, "GET", token, Origin="http://evil.example")[0] == 403
    assert request(server, "GET", token, Origin=server.origin)[0] == 200


def test_actions_count_only_while_the_show_waits(console: tuple[Console, list[str]]) -> None:
    server, asked = console
    path = f"{urlsplit(server.url).path}actions"
    assert request(server, "POST", path, {"action": "go"})[0] == 409
    for body in ({"action": "quit"}, {"action": 1}, [], "go", {}, {"action": ["go"]}):
        assert request(server, "POST", path, body)[0] == 400
    assert request(server, "POST", path, {"action": "go"}, Content_Type="text/plain")[0] == 415
    assert request(server, "POST", path, {"action": "x" * 2000})[0] == 413
    assert request(server, "POST", path, {"action": "go"}, Origin="null")[0] == 403
    assert request(server, "PUT", path, {"action": "go"})[0] == 501
    assert asked == []


def test_what_is_no_http_harms_nobody(console: tuple[Console, list[str]]) -> None:
    server, _ = console
    address = urlsplit(server.origin)
    for junk in (b"\0\0\n\n", b"GET " + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"POST"):
        with socket.create_connection((address.hostname, address.port), 30) as connection:
            connection.sendall(junk)
    assert request(server, "GET", urlsplit(server.url).path)[0] == 200


def test_an_address_that_is_not_ours_is_an_error_with_a_hint() -> None:
    with pytest.raises(EnvironmentUnfitError, match=r"cannot listen on 192\.0\.2\.1") as raised:
        Console(frozenset(), lambda _: None, "192.0.2.1")
    assert raised.value.hint
