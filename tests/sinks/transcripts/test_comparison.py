"""Comparing steps with a transcript."""

from __future__ import annotations

import pytest

from meshpeek.errors import InputError
from meshpeek.run.events import Difference
from meshpeek.sinks.log.difference import draw_difference
from meshpeek.sinks.transcripts.comparison import Comparison
from meshpeek.sinks.transcripts.transcript import RecordedStep, Transcript
from meshpeek.workshop.model import Command
from meshpeek.workshop.parse import parse


def compare(*steps: tuple[str, int, str, int, str]) -> list[Difference | None]:
    """Compare steps: each is a command, the recorded status and output, and the run's."""
    text = "```bash\n" + "".join(f"{command}\n" for command, *_ in steps) + "```\n"
    workshop = parse(text, "w.md", lambda path: path)
    transcript = Transcript(
        "t.yaml",
        tuple(
            RecordedStep(command, None, line, status, output, output)
            for line, (command, status, output, _, _) in enumerate(steps, 2)
        ),
    )
    comparison = Comparison(workshop, transcript)
    commands = [step for step in workshop.steps if isinstance(step, Command)]
    return [
        comparison.compare(command, status, output)
        for command, (_, _, _, status, output) in zip(commands, steps, strict=True)
    ]


def test_the_same_again_is_no_difference() -> None:
    pods = "NAME                    READY   AGE\ncolor-6d4b9c8f7-x2x9q   2/2     5m\n"
    later = "NAME                     READY   AGE\ncolor-74d8bb8f6c-mnp4z   2/2     2h\n"
    assert compare(("kubectl get pods", 0, pods, 0, later)) == [None]


def test_another_status_is_a_difference() -> None:
    (difference,) = compare(("true", 0, "", 1, ""))
    assert difference
    assert difference.message == "exit status 1, but 0 in the transcript"


def test_the_same_address_has_to_stay_the_same() -> None:
    changed = compare(
        ("one", 0, "10.1.0.1 10.1.0.2\n", 0, "10.2.0.9 10.2.0.8\n"),
        ("two", 0, "10.1.0.2\n", 0, "10.2.0.8\n"),
        ("three", 0, "10.1.0.2\n", 0, "10.2.0.9\n"),
        ("four", 0, "10.1.0.7\n", 0, "10.2.0.8\n"),
        ("five", 0, "10.1.0.7\n", 0, "10.2.0.7\n"),
    )
    assert [difference is not None for difference in changed] == [False, False, True, True, False]
    assert changed[2]
    (row,) = changed[2].rows
    assert (row.recorded, row.seen) == ("10.1.0.2", "10.2.0.9")


def test_alike_rows_are_paired_so_that_their_addresses_agree() -> None:
    assert compare(
        ("endpoints", 0, "10.1.0.6,10.1.0.7\n", 0, "10.2.0.6,10.2.0.7\n"),
        (
            "pods", 0,
            "IP   POD\n10.1.0.7   a-6d4b9c8f7-2x2x9\n10.1.0.6   a-6d4b9c8f7-9x2x9\n", 0,
            "IP   POD\n10.2.0.6   a-6d4b9c8f7-22229\n10.2.0.7   a-6d4b9c8f7-99999\n",
        ),
    ) == [None, None]  # fmt: skip


def test_a_step_that_is_not_recorded_is_a_difference() -> None:
    workshop = parse("```bash\ntrue\n```\n", "w.md", lambda path: path)
    (command,) = workshop.steps
    assert isinstance(command, Command)
    difference = Comparison(workshop, Transcript("t.yaml")).compare(command, 0, "")
    assert difference
    assert difference.message == "the transcript has no such step"
    assert "--update" in (difference.hint or "")


def test_a_recorded_step_that_the_workshop_lacks_is_refused() -> None:
    workshop = parse("```bash\ntrue\n```\n", "w.md", lambda path: path)
    transcript = Transcript("t.yaml", (RecordedStep("gone\nnow", None, 7, 0, "", ""),))
    with pytest.raises(InputError, match=r"t.yaml has a step that is not in the workshop: gone "):
        Comparison(workshop, transcript)


def test_the_same_command_twice_is_two_steps() -> None:
    first, second = compare(("date", 0, "a\n", 0, "a\n"), ("date", 0, "b\n", 0, "a\n"))
    assert first is None
    assert second


def test_a_difference_is_drawn_side_by_side() -> None:
    before = "".join(f"line {n}\n" for n in range(9)) + "smiley-east\nold only\nend\n"
    after = "".join(f"line {n}\n" for n in range(9)) + "smiley-west\nend\nnew only\n"
    (difference,) = compare(("show", 0, before, 0, after))
    assert difference
    drawn = draw_difference(difference, width=40, colour=False)
    assert drawn == (
        "transcript           this run\n"
        "⋮                    ⋮\n"
        "line 7               line 7\n"
        "line 8               line 8\n"
        "smiley-east        | smiley-west\n"
        "old only           <\n"
        "end                  end\n"
        "                   > new only"
    )
    assert "\x1b[31msmiley-east" in draw_difference(difference, width=40, colour=True)


def test_a_very_long_output_is_compared_all_the_same() -> None:
    lines = [f"line {n}\n" for n in range(5000)]
    other = [*lines[:2500], "another\n", *lines[2500:]]
    (difference,) = compare(("long", 0, "".join(lines), 0, "".join(other)))
    assert difference
    first = next(row for row in difference.rows if not row.same)
    assert (first.recorded, first.seen) == ("line 2500", "another")
