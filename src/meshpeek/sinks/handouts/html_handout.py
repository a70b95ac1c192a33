"""A handout as a page: the one that a room would have followed the run on."""

from __future__ import annotations

from meshpeek.run.events import (
    CommandEnded,
    CommandShown,
    CommandStarted,
    Reason,
    RunEnded,
    RunStarted,
    TextShown,
    Typed,
)
from meshpeek.sinks.handouts.outcomes import Outcomes
from meshpeek.sinks.handouts.output_blocks import shown_steps
from meshpeek.sinks.shared_page.shared_document import SharedDocument
from meshpeek.sinks.shared_page.whole_pages import frozen_page
from meshpeek.workshop.model import Command, Comment, Mode, Narration, Print, Workshop


def html_handout(text: str, workshop: Workshop, outcomes: Outcomes) -> str:
    """Return the handout of a run of the document `text`."""
    steps = {id(step): step.replace(shown=True) for step in shown_steps(text, workshop)}
    shown = workshop.replace(steps=tuple(steps.values()))
    document = SharedDocument()
    document.take(RunStarted(shown, Mode.CI, outcomes.is_rehearsal))
    for identity, step in steps.items():
        match step:
            case Narration() | Comment() | Print():
                document.take(TextShown(step, outcomes.text_of(step)))
            case Command() if result := outcomes.results.get(identity):
                document.take(CommandStarted(step, result.attempt))
                document.take(CommandEnded(step, result))
            case Command():
                document.take(CommandShown(step))
                document.take(Typed(step, step.text))
    document.take(RunEnded(Reason.FINISHED, 0))
    document.commit()
    return frozen_page(document)
