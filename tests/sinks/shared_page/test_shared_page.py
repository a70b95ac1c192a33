"""The page for the room beside a real show, looked at in Chromium."""

from __future__ import annotations

import contextlib
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.run.events import OutputReceived
from meshpeek.sinks.shared_page import shared_page
from meshpeek.sinks.shared_page.shared_page import SharedPage
from meshpeek.workshop.model import Mode
from tests.browser import OpenPage, accessibility_violations
from tests.conftest import PROGRAM, RunProgram
from tests.pty_terminal import Terminal
from tests.sinks.story import tell

TALK = """\
---
meshpeek:
  env: {TOKEN: {secret: true, value: hunter2hunter2}}
---
```bash
echo set-up
```
<!-- @SHOW -->
# Title

Words.

```bash
printf '\\e[31mred\\e[0m %s\\n' "$TOKEN"
seq -f 'line %g' 40; until [ -e go ]; do sleep 0.05; done
```

## Later

```bash
echo to-come
```
"""


@pytest.fixture
def show(clean_environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[Terminal, str]]:
    """Present the talk; yield its terminal and the page's URL."""
    (tmp_path / "w.md").write_text(TALK)
    command = [PROGRAM, "present", "--rest", "0", "--typing", "0", "--no-journal"]
    command += ["--share", "w.md"]
    with Terminal(command, clean_environment, tmp_path, rows=40, columns=100) as terminal:
        terminal.wait_for("the page for the room: http://")
        found = re.search(r"room: (http://\S+)", terminal.text)
        assert found
        yield terminal, found[1]


@pytest.mark.slow
def test_the_room_follows_reads_back_copies_and_keeps_it(
    show: tuple[Terminal, str], open_page: OpenPage, tmp_path: Path
) -> None:
    terminal, url = show
    page = open_page(width=360, height=640, color_scheme="dark")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(url)
    now = page.locator("[aria-current=step]")
    expect(now).to_contain_text("printf")
    expect(now).to_contain_text("next")
    expect(page).to_have_title("Title – live")
    terminal.press("\r")
    expect(page.locator(".a-fg1")).to_have_text("red")
    expect(page.locator(".step").first).to_contain_text("red ***")
    expect(now).to_contain_text("seq")
    terminal.press("\r")
    expect(now).to_contain_text("line 40")
    expect(now).to_contain_text("running")
    expect(now).to_be_in_viewport()
    (tmp_path / "go").touch()
    expect(page.locator(".step").nth(1)).to_have_class("step passed")
    assert accessibility_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for secret in ("hunter2", "set-up"):
        assert secret not in page.content()

    terminal.press("a")
    terminal.wait_for(f"Follow on {url}")
    assert "█" in terminal.text
    terminal.press("x")

    page.mouse.wheel(0, -3000)
    page.get_by_role("button", name="Follow the show").wait_for()
    page.locator("#find").fill("line")
    expect(page.locator(".step:visible")).to_have_count(1)
    page.locator("#find").fill("")
    late = open_page(javascript=False)
    late.goto(url)
    expect(late.locator(".step")).to_have_count(3)
    expect(late.locator("#content")).to_contain_text("line 40")

    terminal.press("Q")
    expect(page.locator("#status")).to_have_text("The show is over.")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    kept = tmp_path / download.value.suggested_filename
    assert kept.name == "w.html"
    download.value.save_as(kept)
    terminal.wait_for("The room can still read")
    terminal.press("x")
    assert terminal.wait_for_end() == 0
    assert not [text for text in complaints if "ERR_" not in text]
    page.goto(kept.as_uri())
    expect(page.locator(".step")).to_have_count(3)
    assert accessibility_violations(page) == []


@pytest.mark.slow
def test_everybody_can_use_it(open_page: OpenPage) -> None:
    with SharedPage(["127.0.0.1"]) as shared:
        for event in tell(Mode.PRESENT, rehearsal=True):
            shared.take(event)
        page = open_page(color_scheme="light")
        page.goto(shared.urls[0])
        page.get_by_text("The show is over").wait_for()
        for width in (1280, 800):
            page.set_viewport_size({"width": width, "height": 800})
            assert accessibility_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_run_can_be_followed_on_addresses_of_both_families(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text("<!-- @SHOW -->\n```bash\ntrue\n```\n")
    result = meshpeek("run", "--share-host", "::1", "--share-host", "127.0.0.1", "w.md")
    assert result.returncode == 0
    new, old = re.findall(r"^the page for the room: (\S+)$", result.stdout, re.MULTILINE)
    assert new.startswith("http://[::1]:")
    assert old.startswith("http://127.0.0.1:")


def test_all_addresses_are_told_as_one_that_others_reach() -> None:
    with SharedPage(["0.0.0.0"]) as shared:
        (url,) = shared.urls
        assert "0.0.0.0" not in url
        with urllib.request.urlopen(url) as response:
            assert response.status == 200


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a..b"])
def test_an_address_of_another_machine_is_an_error_with_a_hint(host: str) -> None:
    message = f"the page for the room cannot listen on {re.escape(host)}: "
    with pytest.raises(EnvironmentUnfitError, match=message) as raised:
        SharedPage(["127.0.0.1", host])
    assert raised.value.hint


def test_a_show_at_the_same_time_gets_another_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(shared_page, "PORT", taken.getsockname()[1])
        with SharedPage(["127.0.0.1"]) as shared:
            assert str(taken.getsockname()[1]) not in shared.urls[0]


def test_a_process_that_dies_is_told_and_harms_no_show() -> None:
    shared = SharedPage(["127.0.0.1"])
    with shared:
        events = list(tell(Mode.PRESENT))
        shared.take(events[0])
        assert shared._process
        shared._process.kill()
        shared._process.wait()
        step = next(event.step for event in events if isinstance(event, OutputReceived))
        with contextlib.suppress(ChildProcessError):  # it may have been seen already
            shared.take(OutputReceived(step, b""))
        assert shared._thread
        shared._thread.join(20)
        with pytest.raises(ChildProcessError):
            shared.take(OutputReceived(step, b""))
        with pytest.raises(ChildProcessError, match="-9"):
            shared.close()
        shared.close()
