"""What the resumed run has already done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meshpeek.run.events import CommandEnded, StepSkipped
from meshpeek.workshop.model import Workshop


def attempts_in(events: Iterable[CommandEnded | StepSkipped], workshop: Workshop) -> dict[int, int]:
    """Return the last attempt at each command, by the index of its step."""
    indexes = _indexes(workshop)
    return {
        indexes[id(event.step)]: event.result.attempt
        for event in events
        if isinstance(event, CommandEnded)
    }


def skipped_in(events: Iterable[CommandEnded | StepSkipped], workshop: Workshop) -> set[int]:
    """Return the indexes of the steps that were skipped."""
    indexes = _indexes(workshop)
    return {indexes[id(event.step)] for event in events if isinstance(event, StepSkipped)}


def _indexes(workshop: Workshop) -> Mapping[int, int]:
    return {id(step): index for index, step in enumerate(workshop.steps)}
