"""A handout as Markdown: narration, commands, and their outputs below them."""

from __future__ import annotations

from collections.abc import Iterator

from meshpeek.sinks.handouts.fenced import fenced
from meshpeek.sinks.handouts.outcomes import Outcomes
from meshpeek.sinks.handouts.output_blocks import shown_steps
from meshpeek.workshop.model import Command, Comment, Narration, Print, Workshop

_OF_REHEARSAL = "*The outputs are those of a rehearsal, on embedded clusters.*\n"


def markdown_handout(text: str, workshop: Workshop, outcomes: Outcomes) -> str:
    """Return the handout of a run of the document `text`."""
    blocks = list(_blocks(text, workshop, outcomes))
    if outcomes.is_rehearsal:
        blocks.append(_OF_REHEARSAL)
    return "\n".join(blocks)


def _blocks(text: str, workshop: Workshop, outcomes: Outcomes) -> Iterator[str]:
    code: list[str] = []
    for step in shown_steps(text, workshop):
        if isinstance(step, Command | Comment):
            code.append(step.text)
            output = outcomes.output_of(step) if isinstance(step, Command) else None
            if not output or not output.strip():
                continue
            yield fenced("bash", "\n".join(code))
            yield fenced("text", output)
            code.clear()
        elif isinstance(step, Narration | Print) and (words := outcomes.text_of(step).strip()):
            if code:
                yield fenced("bash", "\n".join(code))
                code.clear()
            yield f"{words}\n"
    if code:
        yield fenced("bash", "\n".join(code))
