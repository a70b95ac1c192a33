"""Moving through a workshop: where each request leads from each place."""

from __future__ import annotations

import pytest

from meshpeek.run.actions import Action, AnyAction, Jump
from meshpeek.run.cursor import Cursor
from meshpeek.run.presenting.outline import Outline, places
from meshpeek.workshop.parse import parse

WORKSHOP = parse(
    "# Opening\n```bash\nhidden\n```\n<!-- @SHOW -->\n"
    "## One\nWords.\n```bash\none\ntwo\n```\n<!-- @wait_clear -->\n"
    "## Two\nWords.\n```bash\nthree\n```\n"
    "## Three\n<!-- @HIDE -->\n```bash\nunseen\n```\n",
    "w.md",
    lambda path: path,
)
NAMES = [
    "Opening",
    "hidden",
    "One",
    "one",
    "two",
    "wait",
    "clear",
    "Two",
    "three",
    "Three",
    "unseen",
]


def name(index: int) -> str:
    return NAMES[index] if index < len(NAMES) else "end"


def test_the_steps_are_those_that_the_tables_mean() -> None:
    found = [
        step.text.strip().splitlines()[0].lstrip("# ") if step.text.strip() else step.kind
        for step in WORKSHOP.steps
    ]
    assert found == [{"wait": "pause"}.get(each, each) for each in NAMES]


@pytest.mark.parametrize(
    ("start", "request_", "end"),
    [
        ("one", Action.GO, "two"),
        ("one", Action.SKIP, "two"),
        ("unseen", Action.GO, "end"),
        ("two", Action.BACK, "one"),
        ("wait", Action.BACK, "two"),
        ("one", Action.BACK, "one"),
        ("three", Action.BACK, "two"),
        ("one", Action.NEXT_SECTION, "Two"),
        ("wait", Action.NEXT_SECTION, "Two"),
        ("three", Action.NEXT_SECTION, "Three"),
        ("unseen", Action.NEXT_SECTION, "unseen"),
        ("two", Action.PREVIOUS_SECTION, "One"),
        ("wait", Action.PREVIOUS_SECTION, "One"),
        ("one", Action.PREVIOUS_SECTION, "One"),
        ("three", Action.PREVIOUS_SECTION, "One"),
        ("one", Jump(8), "three"),
        ("three", Jump(2), "One"),
        ("one", Jump(99), "end"),
        ("one", Jump(-1), "Opening"),
    ],
)
def test_where_a_request_leads(start: str, request_: AnyAction, end: str) -> None:
    cursor = Cursor(WORKSHOP.steps)
    cursor.index = NAMES.index(start)
    cursor.move(request_)
    assert name(cursor.index) == end


def test_the_outline_lists_what_can_be_seen() -> None:
    listed = [(place.text, name(place.target), place.level) for place in places(WORKSHOP)]
    assert listed == [
        ("One", "One", 2),
        ("one", "One", 0),
        ("two", "two", 0),
        ("Two", "Two", 2),
        ("three", "Two", 0),
        ("Three", "Three", 2),
    ]


def test_the_outline_finds_by_words_and_keeps_what_was_meant() -> None:
    outline = Outline.at(places(WORKSHOP), NAMES.index("two"))
    assert outline.choice is not None
    assert outline.choice.text == "two"
    assert outline.move(-99).selected == 0
    assert outline.move(99).selected == 5
    found = outline.search("TW")
    assert [place.text for place in found.found] == ["two", "Two"]
    assert found.choice == outline.choice
    assert outline.search("nothing like it").choice is None
    assert outline.search("nothing like it").move(1).choice is None
    assert outline.search("o t").found == (outline.places[2], outline.places[3])
