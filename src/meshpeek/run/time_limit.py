"""The time that a whole run may take."""

from __future__ import annotations

from typing import NamedTuple

from meshpeek.run.settings import RunSettings


class TimeLimit(NamedTuple):
    """When a run has to end, by its clock, and what is said when it does."""

    at: float
    told: str


def find_limit(settings: RunSettings, started: float) -> TimeLimit | None:
    """Return the limit that comes first for a run that `started` then, None if there is none."""
    limits = []
    if settings.workshop_timeout is not None:
        seconds = settings.workshop_timeout
        told = f"the workshop has taken {seconds:g} s, its limit (--workshop-timeout)"
        limits.append(TimeLimit(started + seconds, told))
    if settings.ends_at is not None:
        told = "the run has reached its limit (--total-timeout)"
        limits.append(TimeLimit(settings.ends_at, told))
    return min(limits, default=None)
