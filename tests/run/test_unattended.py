"""What is done in place of a person: endless commands, prompts, standard error."""

from __future__ import annotations

import pytest

from meshpeek.run.drivers import PacedDriver
from meshpeek.workshop.model import Mode
from tests.run.test_runner import NOBODY, Play, play, results

__all__ = ["play"]


@pytest.mark.parametrize(
    ("annotation", "command", "mode", "verdict"),
    [
        ("stop 60s", "(exit 130)", Mode.PRESENT, "passed"),  # the presenter's ^C
        ("stop 60s", "(exit 130)", Mode.CI, "failed"),
        ("stop 60s", "(exit 1)", Mode.PRESENT, "failed"),
        ("stop 200ms", "sleep 60", Mode.CI, "passed"),
        ("stop 200ms", "sleep 60", Mode.RUN, "passed"),
        ("expect-error x", "echo x", Mode.PRESENT, "passed"),  # there, the two are one
        ("expect-error x", "echo x", Mode.CI, "failed"),
        ("expect-error x", "echo x >&2; (exit 0)", Mode.RUN, "passed"),
        ("answer /n/ $NONE", "true", Mode.PRESENT, "passed"),
        ("answer /n/ $NONE", "true", Mode.RUN, "could not run"),
    ],
)
def test_what_annotations_do_with_somebody_there_and_with_nobody(
    play: Play, annotation: str, command: str, mode: Mode, verdict: str
) -> None:
    driver = PacedDriver(0) if mode is Mode.RUN else NOBODY
    events = play(f"```bash\n## meshpeek: {annotation}\n{command}\n```\n", driver, mode)
    assert results(events) == [(command, verdict)]


def test_an_answer_that_nobody_reads_is_not_read_by_the_next_command(play: Play) -> None:
    code = "## meshpeek: answer /ask/ typed\necho ask\nread -r line </dev/tty"
    events = play(f"```bash\n{code}\n```\n")
    assert results(events) == [("echo ask", "passed"), ("read -r line </dev/tty", "failed")]
