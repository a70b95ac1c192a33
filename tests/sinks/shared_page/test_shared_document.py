"""What the room may see, and what a page gets to keep up with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from meshpeek.run.events import (
    CommandEnded,
    CommandShown,
    CommandStarted,
    EditEnded,
    Event,
    Moved,
    OutputReceived,
    Reason,
    RecordedShown,
    RunEnded,
    RunStarted,
    StepSkipped,
    TextShown,
    Typed,
    WaitStarted,
)
from meshpeek.sinks.shared_page.shared_document import SharedDocument
from meshpeek.sinks.shared_page.whole_pages import frozen_page, live_page
from meshpeek.workshop.model import Command, Comment, Mode, Narration, Workshop
from meshpeek.workshop.parse import parse
from tests.sinks.story import FAILED, attempt, result, show, tell

WORKSHOP = """\
---
meshpeek:
  contexts: {north: "#56B4E9"}
---
# Title

```bash
echo never-seen
```

<!-- @SHOW -->
Words that lead to it.

<!-- meshpeek: note between-us -->

```bash
# a remark
first --context north
second
```

## Later

More words.

```bash
third
```
"""


def workshop() -> tuple[Workshop, dict[str, Command]]:
    read = parse(WORKSHOP, "docs/w.md", lambda path: path)
    return read, {step.text.split()[0]: step for step in read.steps if isinstance(step, Command)}


def a_show() -> list[Event]:
    """Return a show in which the presenter goes back, edits, repeats and quits before the end."""
    read, commands = workshop()
    hidden = next(command for command in commands.values() if not command.shown)
    first, second, third = commands["first"], commands["second"], commands["third"]
    events: list[Event] = [RunStarted(read, Mode.PRESENT, rehearsal=True)]
    events += attempt(hidden, result("hidden-output\n"))
    for step in read.steps:
        if isinstance(step, Narration | Comment) and step.shown and step.section == first.section:
            events.append(TextShown(step, step.text))
    events += [*show(first), WaitStarted(first), *attempt(first, result("one\n"))]
    events += [*show(second), WaitStarted(second), Moved(first)]
    events += [*show(first), WaitStarted(first)]
    events += [
        CommandStarted(first, 2),
        OutputReceived(first, b"\x1b[31mtw"),
        OutputReceived(first, b"o\n"),
        CommandEnded(first, result("\x1b[31mtwo\n", attempt=2)),
        EditEnded(second, "second --edited"),
        CommandStarted(second, 1, "second --edited"),
        OutputReceived(second, b"not yet\n"),
        CommandEnded(second, result("not yet\n", FAILED, final=False)),
        CommandStarted(second, 2, "second --edited"),
        OutputReceived(second, b"lost\n"),
        CommandEnded(
            second, result("found\n", FAILED, attempt=2).replace(edited="second --edited")
        ),
        RecordedShown(second, b"recorded-output\n", "t.yaml"),
        StepSkipped(third, "the presenter quit"),
        RunEnded(Reason.QUIT, 5.0),
    ]
    return events


class Page:
    """What the page's script does with updates, on a tree of elements."""

    def __init__(self, content: str) -> None:
        self._root = html.fromstring(f"<main>{content}</main>")

    def take(self, update: dict[str, Any]) -> None:
        for change in json.loads(json.dumps(update))["elements"]:
            old = self._root.xpath(f"//*[@id='{change['id']}']")
            if "state" in change:
                old[0].set("class", f"step {change['state']}")
                continue
            element = html.fragment_fromstring(change["html"])
            if old:
                element.tail = old[0].tail
                old[0].getparent().replace(old[0], element)
                continue
            (parent,) = self._root.xpath(f"//*[@id='{change['parent']}']")
            if change["after"] is None:
                parent.append(element)
            elif change["after"] == "":
                parent.insert(0, element)
            else:
                (after,) = parent.xpath(f"*[@id='{change['after']}']")
                after.addnext(element)

    def elements(self) -> list[object]:
        """Return all elements in their order, with their attributes and words."""
        return [
            (element.tag, dict(element.attrib), (element.text or "").strip())
            for element in self._root.iter()
        ]


def followed(events: Iterable[Event]) -> Iterator[SharedDocument]:
    """Yield the document after each event."""
    document = SharedDocument()
    for event in events:
        document.take(event)
        document.commit()
        yield document


SHOWS: list[Callable[[], Iterable[Event]]] = [a_show, lambda: tell(Mode.PRESENT)]


@pytest.mark.parametrize("events", SHOWS)
@settings(max_examples=25)
@given(data=st.data())
def test_a_page_that_keeps_up_is_the_page_that_is_served(
    events: Callable[[], Iterable[Event]], data: st.DataObject
) -> None:
    """Whenever a viewer comes, and whichever versions it gets."""
    document = SharedDocument()
    page, version = Page(str(document.html())), document.version
    for event in events():
        document.take(event)
        if data.draw(st.booleans()):
            document.commit()
        if data.draw(st.booleans()):
            page.take(document.changes_since(version))
            version = document.version
        elif data.draw(st.integers(0, 9)) == 0:  # another viewer
            document.commit()
            page, version = Page(str(document.html())), document.version
    document.commit()
    page.take(document.changes_since(version))
    assert page.elements() == Page(str(document.html())).elements()


def sources(document: SharedDocument) -> str:
    """Return everything that a viewer may get of the document as it is."""
    pages = f"{live_page(document, '')}{frozen_page(document)}"
    return pages + json.dumps(document.changes_since(0))


def test_what_is_still_to_come_or_hidden_is_in_no_source() -> None:
    seen: dict[str, int] = {}
    words = ("never-seen", "hidden-output", "between-us", "third", "Later", "More words")
    for number, document in enumerate(followed(a_show())):
        source = sources(document)
        assert not [word for word in words if word in source]
        for word in ("first --context", "second", "lead to it"):
            if word in source:
                seen.setdefault(word, number)
    assert 0 < seen["lead to it"] < seen["first --context"] < seen["second"]


def test_a_command_is_shown_as_far_as_it_is_typed() -> None:
    read, commands = workshop()
    first = commands["first"]
    *_, document = followed(
        [RunStarted(read, Mode.PRESENT, False), CommandShown(first), Typed(first, "fir")]
    )
    assert "fir</code>" in document.html()
    assert document.now == f"step-{read.steps.index(first)}"


def test_the_last_run_of_each_command_is_shown() -> None:
    *_, document = followed(a_show())
    page = html.fromstring(str(document.html()))
    steps = page.xpath("//*[contains(@class, 'step ')]")
    assert [step.get("class") for step in steps] == ["step passed", "step failed"]
    first, second = (step.text_content() for step in steps)
    assert "two" in first
    assert "one" not in first
    assert "second --edited" in second
    assert "found" in second
    assert "not yet" not in second
    assert "lost" not in second
    assert "2 attempts" in second
    assert "Recorded earlier, from t.yaml:recorded-output" in "".join(second.split("\n"))
    assert page.xpath("//*[@id='step-1-2-0']/text() | //*[@class='a-fg1']/text()") == ["two\n"]
    assert (document.status, document.is_over, document.now) == ("The show is over.", True, None)


def test_a_command_keeps_its_output_until_it_runs_again() -> None:
    events = a_show()
    returned = next(n for n, event in enumerate(events) if isinstance(event, Moved)) + 4
    *_, document = followed(events[: returned + 1])
    assert "one\n" in document.html()
    assert document.now == f"step-{workshop()[0].steps.index(workshop()[1]['first'])}"


def test_a_resumed_show_has_what_was_shown_before() -> None:
    read, commands = workshop()
    start = read.steps.index(commands["third"])
    before = (
        CommandEnded(commands["first"], result("from-before\n")),
        StepSkipped(commands["second"], "the presenter skipped it"),
    )
    *_, document = followed([RunStarted(read, Mode.PRESENT, False, start, before)])
    shown = html.fromstring(str(document.html())).text_content()
    for word in (
        "Words that lead",
        "a remark",
        "first --context north",
        "from-before",
        "More words",
    ):
        assert word in shown
    assert "second" not in shown
    assert "never-seen" not in sources(document)


MARKUP = st.text(st.sampled_from("<>&'\"/=ab-!; \x00\x01\x1b\n"), max_size=12)


@settings(max_examples=40)
@given(MARKUP, MARKUP, MARKUP)
def test_no_words_of_a_show_are_markup(path: str, typed: str, output: str) -> None:
    read, commands = workshop()
    first = commands["first"]
    told = FAILED.replace(reasons=(output,), hint=path)
    events = [
        RunStarted(read.replace(path=path), Mode.PRESENT, False),
        CommandShown(first),
        Typed(first, typed),
        CommandStarted(first, 1, typed),
        OutputReceived(first, output.encode()),
        CommandEnded(first, result(output, told).replace(edited=typed)),
        RecordedShown(first, output.encode(), path),
    ]
    *_, document = followed(events)
    page = html.fromstring(str(live_page(document, "a-1")))
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
    assert page.xpath("//script/@src") == ["page.js", "live.js"]
    assert len(page.xpath("//*[@class='step failed']")) == 1
