"""The words that mark a rehearsal wherever it is shown."""

from __future__ import annotations

from meshpeek.run.events import RunStarted


def rehearsal_banner(event: RunStarted) -> str | None:
    """Return the line that marks a run on embedded clusters, None for one on real clusters."""
    if not event.rehearsal:
        return None
    names = [context.name for context in event.workshop.front_matter.contexts]
    if names[1:]:
        clusters = f"{', '.join(names[:-1])} and {names[-1]} are"
    else:
        clusters = f"{names[0]} is" if names else "all clusters are"
    if event.sealed:
        return (
            f"REHEARSAL, sealed: {clusters} embedded in meshpeek; no other network can be reached"
        )
    return f"REHEARSAL: {clusters} embedded in meshpeek; the session's own tools reach no others"
