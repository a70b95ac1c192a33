"""Writing the outputs of a run back below the commands of a document.

The blocks that are written are marked by an annotation, which neither GitHub nor demosh shows; a
presentation does not show the blocks either. Writing again replaces them, where they differ by
more than what differs in every run: ages, addresses, times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from meshpeek.sinks.handouts.fenced import fenced
from meshpeek.sinks.handouts.outcomes import Outcomes
from meshpeek.sinks.handouts.output_blocks import OUTPUT_MARK, CommandBlock, find_command_blocks
from meshpeek.sinks.transcripts.normalise import normalise
from meshpeek.workshop.model import Command, Workshop


class Written(NamedTuple):
    """A document with outputs, and how many of its blocks of output are new or have changed."""

    text: str
    changed: int


def write_back(text: str, workshop: Workshop, outcomes: Outcomes) -> Written:
    """Return the document `text`, which is that of `workshop`, with the outputs of a run."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    changed = 0
    for block in reversed(find_command_blocks(text, workshop.path)):
        commands = [
            step
            for step in workshop.steps
            if isinstance(step, Command) and step.span.path == workshop.path and block.has(step)
        ]
        output = _transcribe(commands, outcomes)
        if output is None or _means_the_same(block, output, workshop):
            continue
        changed += 1
        new = f"\n{OUTPUT_MARK}\n{fenced('text', output)}".split("\n")[:-1] if output else []
        lines[block.last : block.end] = new
    return Written(newline.join(lines), changed)


def _transcribe(commands: Sequence[Command], outcomes: Outcomes) -> str | None:
    """Return what the commands of a block wrote, None if none of them ran.

    Several are told apart by the commands themselves.
    """
    outputs = [(step.text, outcomes.output_of(step)) for step in commands]
    ran = [(text, output) for text, output in outputs if output is not None]
    if not ran:
        return None
    if not any(output.strip() for _, output in ran):
        return ""
    if len(outputs) == 1:
        return _whole_lines(ran[0][1])
    return "".join(f"{_as_typed(text)}\n{_whole_lines(output)}" for text, output in ran)


def _as_typed(command: str) -> str:
    return "$ " + command.replace("\n", "\n> ")


def _whole_lines(output: str) -> str:
    output = output.rstrip("\n")
    return f"{output}\n" if output else ""


def _means_the_same(block: CommandBlock, output: str, workshop: Workshop) -> bool:
    settings = workshop.front_matter.normalise
    if block.output is None:
        return not output
    return normalise(block.output, settings) == normalise(output, settings)
