"""Transcripts as files: what is written is what is read, and an update keeps the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.sinks.transcripts.transcript import (
    RecordedStep,
    StepKey,
    number_identities,
    read_transcript,
)
from meshpeek.sinks.transcripts.yaml_writer import update_transcript, write_transcript
from meshpeek.workshop.problems import WorkshopError

WRITTEN = """\
# Recorded for the talk.
steps:
  # The first one says hello.
  - line: 3
    text: "echo hello"
    status: 0  # of course
    output: "hello\\n"
  # This one is meant to fail.
  - name: missing
    line: 9
    text: |-
      kubectl get \\
        endpoints
    status: 1
    output: |
      NAME

      not found
    screen: "\\e[31mNAME\\e[0m\\n\\nnot found\\n"
# The end.
"""


def step(text: str, status: int, output: str, line: int = 1, screen: str = "") -> RecordedStep:
    return RecordedStep(text, None, line, status, output, screen or output)


def by_key(*steps: RecordedStep) -> dict[StepKey, RecordedStep]:
    return dict(zip(number_identities(s.identity for s in steps), steps, strict=True))


def test_a_transcript_reads_well() -> None:
    steps = [
        step("echo hello", 0, "hello\n", 3),
        RecordedStep("a |\nb", "both", 9, 1, "x\n\n  y\n", "\x1b[31mx\x1b[0m\n\n  y\n"),
    ]
    assert write_transcript("w.md", steps).partition("steps:\n")[2] == (
        '  - line: 3\n    text: "echo hello"\n    status: 0\n    output: "hello\\n"\n'
        "  - name: both\n    line: 9\n    text: |-\n      a |\n      b\n    status: 1\n"
        "    output: |\n      x\n\n        y\n"
        '    screen: "\\e[31mx\\e[0m\\n\\n  y\\n"\n'
    )


def test_an_update_changes_values_and_keeps_comments() -> None:
    old = read_transcript(WRITTEN, "t.yaml")
    first, second = old.steps
    changed = second._replace(line=12, output="NAME\n\ngone\n", screen="NAME\x1b[0m\n\ngone\n")
    updated = update_transcript(WRITTEN, old, by_key(first, changed))
    assert updated == WRITTEN.replace("line: 9", "line: 12").replace(
        "      not found\n", "      gone\n"
    ).replace('screen: "\\e[31mNAME\\e[0m\\n\\nnot found\\n"', 'screen: "NAME\\e[0m\\n\\ngone\\n"')


def test_a_step_that_goes_takes_its_comment_along() -> None:
    old = read_transcript(WRITTEN, "t.yaml")
    updated = update_transcript(WRITTEN, old, by_key(old.steps[0]))
    assert updated == WRITTEN[: WRITTEN.index("  # This one")] + "# The end.\n"


def test_a_step_that_gets_colours_keeps_the_comment_above_it() -> None:
    old = read_transcript(WRITTEN, "t.yaml")
    first, second = old.steps
    coloured = first._replace(screen="\x1b[1mhello\n")
    updated = update_transcript(WRITTEN, old, by_key(coloured, second))
    assert "  # The first one says hello.\n  - line: 3\n" in updated
    assert list(read_transcript(updated, "t.yaml").steps) == [coloured, second]


def test_a_new_step_stands_where_it_ran() -> None:
    old = read_transcript(WRITTEN, "t.yaml")
    first, second = old.steps
    updated = update_transcript(WRITTEN, old, by_key(first, step("true", 0, "", 5), second))
    added = '  - line: 5\n    text: true\n    status: 0\n    output: ""\n'.replace("true", '"true"')
    assert updated == WRITTEN.replace("  # This one", f"{added}  # This one")


def test_nothing_changes_where_nothing_has() -> None:
    old = read_transcript(WRITTEN, "t.yaml")
    assert update_transcript(WRITTEN, old, old.by_key()) == WRITTEN


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("steps: [", "t.yaml:1:9", "not valid YAML"),
        ("a: b", "t.yaml:1:1", "no list of `steps`"),
        ("- a", "t.yaml:1:1", "no list of `steps`"),
        ("", "t.yaml:1:1", "no list of `steps`"),
        ("steps:\n  - {text: a}\n", "t.yaml:2:5", "a step needs `text`"),
        ("steps:\n  - text\n", "t.yaml:2:5", "a step needs `text`"),
        (
            'steps:\n  - {text: a, line: 1, status: "0", output: ""}\n',
            "t.yaml:2:5",
            "a step needs `text`",
        ),
        (
            'steps:\n  - {text: a, line: 1, status: 0, output: "", outptu: ""}\n',
            "t.yaml:2:5",
            "a step needs `text`",
        ),
    ],
)
def test_a_wrong_file_is_an_error_with_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(WorkshopError) as raised:
        read_transcript(text, "t.yaml")
    rendered = raised.value.render()
    assert rendered.startswith(f"{place}: error: ")
    assert message in rendered
    assert "hint: " in rendered


characters = st.characters(codec="utf-8")
values = st.text(characters, max_size=40) | st.from_regex(
    r"[ \n\t#:|\-a-z\"'\\\x1b]{0,30}", fullmatch=True
)
recorded_steps = st.builds(
    RecordedStep,
    text=values.filter(bool),
    name=st.none() | values.filter(bool),
    line=st.integers(1, 10_000),
    status=st.integers(0, 255),
    output=values,
    screen=values,
)


@given(st.lists(recorded_steps, max_size=4), st.lists(recorded_steps, min_size=4, max_size=4))
def test_what_is_written_is_what_is_read(
    steps: list[RecordedStep], others: list[RecordedStep]
) -> None:
    text = write_transcript("w.md", steps)
    old = read_transcript(text, "t.yaml")
    assert list(old.steps) == steps
    new = [
        step._replace(output=other.output, screen=other.screen, status=other.status)
        for step, other in zip(steps, others, strict=False)
    ]
    assert list(read_transcript(update_transcript(text, old, by_key(*new)), "t.yaml").steps) == new


LAYOUTS = {
    "no indentation": "- line: 1\n  text: a\n  status: 0\n  output: ''\n",
    "deep": "      -   line: 1\n          text: a\n          status: 0\n          output: ''\n",
    "dash by itself": "  -\n    line: 1\n    text: a\n    status: 0\n    output: ''\n",
    "dash with a comment": "  - # a-b\n\n    line: 1\n    text: a\n    status: 0\n    output: ''\n",
    "step in braces": "  - {line: 1, text: a, status: 0, output: ''}\n",
    "over several lines": "  - {line: 1, text: a,\n     status: 0, output: ''\n    }\n",
    "all in brackets": "  [{line: 1, text: a, status: 0, output: ''}]\n# The end.\n",
    "end of document": "  - line: 1\n    text: a\n    status: 0\n    output: ''\n...\n",
    "no last line end": "  - line: 1\n    text: a\n    status: 0\n    output: ''",
    "folded": "  - line: 1\n    text: >-\n      a\n    output: ''\n    status: 0\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("output", ["", "word", "two\nlines\n", " \x1b[31m\n\n"])
def test_any_layout_of_yaml_can_be_brought_up_to_date(layout: str, output: str) -> None:
    text = f"# A comment.\nsteps:\n{LAYOUTS[layout]}"
    old = read_transcript(text, "t.yaml")
    changed = old.steps[0]._replace(output=output, screen=output, status=1)
    for new in (
        [changed],
        [changed._replace(screen="\x1b[31mcoloured\n\x1b[0m")],
        [step("before", 0, "x\n\ny\n"), changed, step("after", 0, output)],
        [step("instead", 0, "x\n\ny\n")],
        [],
    ):
        updated = update_transcript(text, old, by_key(*new))
        assert list(read_transcript(updated, "t.yaml").steps) == new


@pytest.mark.parametrize("layout", sorted({*LAYOUTS} - {"all in brackets", "no last line end"}))
def test_a_step_that_has_not_changed_keeps_its_bytes(layout: str) -> None:
    text = f"# A comment.\nsteps:\n{LAYOUTS[layout]}"
    old = read_transcript(text, "t.yaml")
    updated = update_transcript(text, old, by_key(*old.steps, step("after", 0, "x\ny\n")))
    assert updated.startswith(text.removesuffix("...\n"))
