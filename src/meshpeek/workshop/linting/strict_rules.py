"""What `lint --strict` finds: what a test would not notice."""

from __future__ import annotations

from collections.abc import Iterator

from meshpeek.workshop.linting.checked import Checked
from meshpeek.workshop.model import Checks, Command
from meshpeek.workshop.problems import Problem


def find_unchecked(checked: Checked) -> Iterator[Problem]:
    """Find the commands that the audience sees and that are judged by their exit status alone."""
    for step in checked.workshop.steps:
        if not isinstance(step, Command) or not (step.shown and step.runs):
            continue
        if step.directive or _says_what_it_expects(step.checks):
            continue
        yield checked.warn(
            "no-expectation",
            step.span,
            "whatever this prints, it passes",
            "write `<!-- @# meshpeek: expect TEXT -->` before it",
        )


def _says_what_it_expects(checks: Checks) -> bool:
    return bool(checks.expect or checks.reject or checks.expect_error or checks.exit_status)
