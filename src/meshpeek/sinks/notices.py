"""Saying that a rehearsal is one, in the same words everywhere."""

from __future__ import annotations

from meshpeek.run.events import PageOpened, RunStarted


def rehearsal_notice(event: RunStarted) -> str | None:
    """Return the notice that a run on embedded clusters carries, None for a real one."""
    if not event.rehearsal:
        return None
    names = [context.name for context in event.workshop.front_matter.contexts]
    clusters = f"{', '.join(names[:-1])} and {names[-1]} are" if names[1:] else f"{names[0]} is"
    return f"REHEARSAL: {clusters} embedded in meshpeek, nothing here is a real cluster"


def page_notice(event: PageOpened) -> str:
    """Return where a page of a rehearsal can be looked at."""
    return f"{event.title}: {event.url}"
