"""Handouts, and outputs that are written back, from runs made by hand."""

from __future__ import annotations

import pytest
from lxml import html

from meshpeek.run.events import (
    CommandEnded,
    Reason,
    RunEnded,
    RunStarted,
    StepSkipped,
    TextShown,
)
from meshpeek.sinks.handouts.html_handout import html_handout
from meshpeek.sinks.handouts.markdown_handout import markdown_handout
from meshpeek.sinks.handouts.outcomes import Outcomes
from meshpeek.sinks.handouts.written_back import Written, write_back
from meshpeek.workshop.model import Command, Mode, Print, Workshop
from meshpeek.workshop.parse import parse
from tests.sinks.story import FAILED, result

TALK = """\
```bash
hidden
```
<!-- @SHOW -->
# Title

<!-- @# meshpeek: note between-us -->
Words.

```bash
# a remark
silent
loud
```

<!-- @print Hello $NAME -->

More.

```bash
skipped
```
"""

README = """\
# A tool

```bash
loud
```

Words.

```bash
silent
loud again
```

```text
not ours
```

<!--
```bash
loud in a comment
```
-->

~~~~bash
silent
~~~~
"""
OUTPUTS = {"loud": "NAME   AGE\na   5m\n", "hidden": "secret\n", "loud again": "```\n"}


def run(
    text: str, outputs: dict[str, str] = OUTPUTS, *, fails: str = ""
) -> tuple[Workshop, Outcomes]:
    workshop = parse(text, "w.md", lambda path: path)
    outcomes = Outcomes()
    outcomes.take(RunStarted(workshop, Mode.CI, rehearsal=True))
    for step in workshop.steps:
        if isinstance(step, Print):
            outcomes.take(TextShown(step, step.text.replace("$NAME", "Ada")))
        if not isinstance(step, Command):
            continue
        if step.text == "skipped":
            outcomes.take(StepSkipped(step, "only present"))
        elif step.text == fails:
            outcomes.take(CommandEnded(step, result("", FAILED)))
        else:
            outcomes.take(CommandEnded(step, result(outputs.get(step.text, ""))))
    outcomes.take(RunEnded(Reason.FINISHED, 1.0))
    return workshop, outcomes


def test_a_handout_has_what_was_shown_with_outputs_below_their_commands() -> None:
    assert (
        markdown_handout(TALK, *run(TALK))
        == """\
# Title

Words.

```bash
# a remark
silent
loud
```

```text
NAME   AGE
a   5m
```

Hello Ada

More.

```bash
skipped
```

*The outputs are those of a rehearsal, on embedded clusters.*
"""
    )


def test_an_ordinary_document_is_shown_whole() -> None:
    handout = markdown_handout(README, *run(README))
    assert handout.startswith(
        "# A tool\n\n```bash\nloud\n```\n\n```text\nNAME   AGE\na   5m\n```\n"
    )
    assert "````text\n```\n````\n" in handout
    assert "comment" not in handout


@pytest.mark.parametrize(("document", "steps"), [(TALK, 3), (README, 3)])
def test_a_handout_as_a_page_is_that_of_the_room(document: str, steps: int) -> None:
    page = html.fromstring(html_handout(document, *run(document)))
    assert len(page.xpath("//*[starts-with(@class, 'step ')]")) == steps
    words = page.text_content()
    assert "NAME   AGE" in words
    assert ("secret" in words, "between-us" in words) == (False, False)
    assert not page.xpath("//@src | //link")


def written(text: str, outputs: dict[str, str] = OUTPUTS) -> Written:
    return write_back(text, *run(text, outputs))


WRITTEN = """\
# A tool

```bash
loud
```

<!-- @# meshpeek: output -->
```text
NAME   AGE
a   5m
```

Words.

```bash
silent
loud again
```

<!-- @# meshpeek: output -->
````text
$ silent
$ loud again
```
````

```text
not ours
```

<!--
```bash
loud in a comment
```
-->

~~~~bash
silent
~~~~
"""


def test_outputs_are_written_below_their_blocks_and_replaced() -> None:
    assert written(README) == Written(WRITTEN, 2)
    assert written(WRITTEN) == Written(WRITTEN, 0)
    other = {**OUTPUTS, "loud": "new\n"}
    assert written(WRITTEN, other) == Written(WRITTEN.replace("NAME   AGE\na   5m", "new"), 1)
    assert written(WRITTEN, {}) == Written(README, 2)


def test_what_differs_in_every_run_is_left_as_it_is() -> None:
    assert written(WRITTEN, {**OUTPUTS, "loud": "NAME   AGE\na   7m\n"}).changed == 0


def test_line_ends_stay_as_they_are() -> None:
    assert written(README.replace("\n", "\r\n")).text == WRITTEN.replace("\n", "\r\n")


def test_what_was_not_run_keeps_its_output() -> None:
    text = WRITTEN.replace("\nloud\n", "\nskipped\n")
    assert written(text) == Written(text, 0)


def test_a_presentation_does_not_show_outputs() -> None:
    shown = [
        step.text for step in parse(f"<!-- @SHOW -->\n{WRITTEN}", "w.md", lambda path: path).steps
    ]
    assert shown == [
        step.text for step in parse(f"<!-- @SHOW -->\n{README}", "w.md", lambda path: path).steps
    ]


@pytest.mark.parametrize(("fails", "is_complete"), [("", True), ("loud", False)])
def test_only_a_run_that_passed_makes_a_handout(fails: str, *, is_complete: bool) -> None:
    assert run(TALK, fails=fails)[1].is_complete == is_complete
