"""No form of a secret comes through to anything that meshpeek writes, in any mode.

Each mode runs once; the table is that of `tests.secret_forms` by all that was written.
"""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meshpeek.terminal.escape_sequences import strip_escapes
from tests.conftest import PROGRAM, new_user
from tests.pty_terminal import Terminal
from tests.secret_forms import HIDDEN, VALUE, windows

PLAIN = "plain-hunter2"
TOKEN = "glpat-aB3dE6gH9jK2mN5pQ8rS"
SETTINGS = f"""\
---
meshpeek:
  env: {{PLAIN: {{value: {PLAIN}, secret: true}}}}
  secrets: [TOK]
---
<!-- @SHOW -->

# About {PLAIN}

<!-- For the presenter: {PLAIN}, and {VALUE}. -->

The password is {VALUE}, and not {PLAIN}.

"""
PASSES = f"""\
{SETTINGS}
```bash
## meshpeek: name forms-of-{PLAIN}
## meshpeek: note Say nothing of {PLAIN}.
cat forms.txt
: {shlex.quote(VALUE)} {PLAIN}; echo "$TOK"; echo "$PLAIN" | base64
echo {TOKEN} --password hunter22x
```
"""
FAILS = f"""\
{SETTINGS}
```bash
## meshpeek: expect {PLAIN}-and-more
echo "$TOK $PLAIN"; cat forms.txt >&2
echo "$TOK" >&2; (exit 3)
```
"""
WRONG = f"""\
---
meshpeek: {{env: {{T: {{value: {json.dumps(VALUE)}, secret: true, oops: 1}}}}}}
---

```bash
## meshpeek: bogus {VALUE} {TOKEN}
if {VALUE}
```
"""
PITFALL = f"{SETTINGS}<!-- @frobnicate {PLAIN} {shlex.quote(VALUE)} -->\n"
REPORTS = ("events", "junit", "json", "html", "cast")
TELLING = {
    **{name: windows(form(VALUE).telling, 8) for name, form in HIDDEN.items()},
    "the plain one": {PLAIN},
    "the plain one in base64": {"cGxhaW4taHVudGVy"},
    "what has a shape": {TOKEN[6:], "hunter22x"},
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what meshpeek wrote, by where it wrote it."""
    folder = tmp_path_factory.mktemp("secrets")
    environment = {**new_user(folder / "home"), "TOK": VALUE}
    for name, text in (
        ("passes.md", PASSES), ("fails.md", FAILS), ("wrong.md", WRONG), ("pitfall.md", PITFALL),
        ("forms.txt", "".join(f"{name}: {f(VALUE).text}\n" for name, f in HIDDEN.items())),
    ):  # fmt: skip
        (folder / name).write_text(text)
    (folder / f"{TOKEN}-none").mkdir()
    return {
        **_test(folder, environment, "test", "passes.md", "fails.md", code=1),
        **_test(folder, environment, "refusal", "wrong.md", code=2),
        **_parallel(folder, environment),
        **_compare(folder, environment),
        **_read(folder, environment),
        **_present(folder, environment),
    }


def _run(folder: Path, environment: dict[str, str], *arguments: str, code: int) -> dict[str, str]:
    result = subprocess.run(
        [PROGRAM, *arguments], cwd=folder, env=environment, capture_output=True, timeout=100
    )
    assert result.returncode == code, result.stderr
    what = " ".join(word for word in arguments[:2] if not word.startswith(("report", "./")))
    return {
        f"{what}: standard output": result.stdout.decode(),
        f"{what}: standard error": result.stderr.decode(),
    }


def _test(
    folder: Path, environment: dict[str, str], name: str, *files: str, code: int
) -> dict[str, str]:
    reports = [word for kind in REPORTS for word in (f"--{kind}", f"{name}.{kind}")]
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(folder / f"{name}.summary")}
    printed = _run(folder, environment | github, "ci", *files, "--keep-going", *reports, code=code)
    assert "::error" in "".join(printed.values())
    return {
        **{f"{name}, {key}": text for key, text in printed.items()},
        **{f"{name}: {kind}": (folder / f"{name}.{kind}").read_text() for kind in REPORTS},
        f"{name}: summary": (folder / f"{name}.summary").read_text(),
    }


def _parallel(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    printed = _run(folder, environment, "ci", "passes.md", "fails.md", "-j", "2", code=1)
    return {f"in parallel, {key}": text for key, text in printed.items()}


def _compare(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    printed = _run(folder, environment, "record", "passes.md", code=0)
    transcript = folder / "passes.transcript.yaml"
    text = transcript.read_text()
    old = folder / "old.yaml"
    old.write_text(text.replace("output: |", f"output: |\n      {PLAIN} {VALUE}", 1))
    arguments = ("ci", "passes.md", "--against", "old.yaml")
    return {
        **printed,
        "transcript": text,
        **{
            f"difference, {key}": text
            for key, text in _run(folder, environment, *arguments, code=1).items()
        },
    }


def _read(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """Return what is printed by all that runs nothing, or at a reader's pace."""
    return {
        **_run(folder, environment, "run", "passes.md", "--pace", "0", code=0),
        **_run(folder, environment, "run", "fails.md", "--from", f"no {PLAIN}", code=2),
        **_run(folder, environment, "run", "wrong.md", code=2),
        **_run(folder, environment, "lint", "pitfall.md", code=1),
        **_run(folder, environment, "lint", "wrong.md", code=2),
        **_run(folder, environment, "steps", "passes.md", code=0),
        **_run(folder, environment, "steps", "--json", "passes.md", code=0),
        **_run(folder, environment, "steps", "wrong.md", code=2),
        **_run(folder, environment, "doctor", "wrong.md", code=2),
        **_run(folder, environment, "ci", f"{TOKEN}-none", code=2),
        **_run(folder, environment, "lint", f"{TOKEN}.md", code=2),
    }


def _present(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    events = folder / "show.events"
    options = (
        "--rest",
        "0",
        "--typing",
        "0",
        "--console",
        "--events",
        events,
        "--html",
        "show.html",
    )
    page: list[bytes] = []
    with Terminal(
        [PROGRAM, "present", *options, "passes.md"], environment, folder, rows=50, columns=132
    ) as terminal:
        terminal.read_until(lambda: b"presenter's page: " in terminal.written)
        terminal.read_until(lambda: b"/\r\n" in terminal.written)
        url = re.search(rb"presenter's page: (\S+)", terminal.written)
        assert url
        reader = threading.Thread(target=_follow, args=(url[1].decode(), page), daemon=True)
        reader.start()
        for waits in range(1, 5):
            terminal.read_until(lambda waits=waits: _count_waits(events) >= waits)
            if waits == 2:  # in the shell that was taken over, and out of it again
                terminal.press("!")
                terminal.wait_for("exit")
                terminal.press("cat forms.txt\recho $PLAIN; exit\r")
                terminal.read_until(lambda: _count_waits(events) >= 3)
            terminal.press("\r")
        terminal.read_until(lambda: _count_waits(events) >= 5)  # the wait at the end
        terminal.press("\r")
        assert terminal.wait_for_end() == 0
        reader.join(30)
        screen = [*terminal.screen.history.top, terminal.screen.buffer[0]]
        scrolled = "\n".join("".join(cell.data for cell in line.values()) for line in screen)
    journals = list((folder / "home" / ".local" / "state").rglob("journal.jsonl"))
    assert len(journals) == 1
    return {
        "terminal": terminal.written.decode(errors="replace"),
        "screen": f"{scrolled}\n{terminal.text}",
        "presenter's page": b"".join(page).decode(),
        "journal": journals[0].read_text(),
        "presentation: events": events.read_text(),
        "presentation: html": (folder / "show.html").read_text(),
    }


def _follow(url: str, page: list[bytes]) -> None:
    with urllib.request.urlopen(f"{url}events") as stream:
        page.extend(stream)


def _count_waits(events: Path) -> int:
    lines = events.read_text().splitlines() if events.exists() else []
    return sum(json.loads(line)["event"] == "wait" for line in lines)


def _readings(text: str) -> str:
    """Return a text in all the ways in which somebody may read it."""
    strings = "\n".join(_strings(text))
    readings = [text, strip_escapes(text), html.unescape(text), strings, html.unescape(strings)]
    return "\n".join([*readings, *("".join(reading.split()) for reading in readings)])


def _strings(text: str) -> Iterator[str]:
    """Yield the strings in JSON, in lines of JSON, and in those of server-sent events."""
    for candidate in (text, *text.splitlines()):
        try:
            yield from _strings_in(json.loads(candidate.removeprefix("data: ")))
        except ValueError:
            continue


def _strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings_in(each)


@pytest.mark.slow
def test_no_form_of_a_secret_is_anywhere(written: dict[str, str]) -> None:
    leaks = {
        (place, form): found
        for place, text in written.items()
        for readings in [_readings(text)]
        for form, telling in TELLING.items()
        if (found := sorted(piece for piece in telling if piece in readings))
    }
    assert not leaks


@pytest.mark.slow
def test_each_has_something_hidden(written: dict[str, str]) -> None:
    empty = {place for place, text in written.items() if not text}
    assert all(place.endswith(("standard output", "standard error")) for place in empty)
    assert not {place for place, text in written.items() if text and "***" not in text}
