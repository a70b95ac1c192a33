"""What lint finds in commands that talk to clusters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshpeek.workshop.cluster_access.cluster_rules import ClusterMistake, find_cluster_mistakes
from meshpeek.workshop.linting.checked import Checked, aliases, simple_commands
from meshpeek.workshop.model import Command
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.spans import Span


def find_unlisted_contexts(checked: Checked) -> Iterator[Problem]:
    """Find the contexts that commands name and that the settings, if they list any, do not."""
    listed = [context.name for context in checked.workshop.front_matter.contexts]
    if not listed:
        return
    open_places = {
        (span.path, span.line)
        for span, mistake in _mistakes(checked, listed)
        if mistake.reaches_others
    }
    for step in checked.workshop.steps:
        if not isinstance(step, Command):
            continue
        is_held = (step.span.path, step.span.line) not in open_places
        for context in step.contexts:
            if context not in listed:
                yield checked.warn(
                    "unlisted-context",
                    checked.place_of(context, step.span),
                    f"context `{context}` is not in `contexts`",
                    f"{'commands can reach only' if is_held else 'it lists'} {', '.join(listed)}",
                )


def find_ways_to_other_clusters(checked: Checked) -> Iterator[Problem]:
    """Find what the session refuses or cannot hold where the settings list contexts."""
    listed = [context.name for context in checked.workshop.front_matter.contexts]
    if listed:
        for span, mistake in _mistakes(checked, listed):
            place = checked.place_of(mistake.word, span)
            yield checked.warn(mistake.code, place, mistake.message, mistake.hint)


def _mistakes(checked: Checked, listed: Sequence[str]) -> Iterator[tuple[Span, ClusterMistake]]:
    elements = checked.elements
    commands = [(e.span, words) for e in elements for words in simple_commands(e) if words]
    redefined = {*checked.program.functions, *aliases(elements)}
    sets_current = any(
        "use-context" in words or "current-context" in words for _, words in commands
    )
    for span, words in commands:
        needs_context = len(listed) > 1 and not sets_current and not redefined & set(words)
        for mistake in find_cluster_mistakes(words, listed, needs_context=needs_context):
            yield span, mistake
