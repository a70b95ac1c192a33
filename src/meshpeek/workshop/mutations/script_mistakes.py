"""What goes wrong in a script: another context or namespace, a command left out or too early."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from meshpeek.workshop.model import Command, Workshop
from meshpeek.workshop.mutations.mutation import Mutation, edited, misspelt

_CONTEXT = re.compile(r" --context[= ](\S+)")
_NAMESPACE = re.compile(r" (?:-n|--namespace)[= ](\S+)")
_FLAG = re.compile(r" --(?!context|namespace)[a-z][\w-]*(?:=\S+)?")
_CHANGES = re.compile(
    r"\b(?:apply|create|delete|label|annotate|edit|patch|replace|scale|set|rollout|run|expose|"
    r"install|uncordon|cordon|drain|taint)\b"
)
_LABELLED = re.compile(r"\b(?:label|annotate)\b.*? ([\w./-]+)=([\w.-]+)", re.DOTALL)
_COUNT = re.compile(r"--replicas[= ](\d+)")
_WORD = re.compile(r"(?<![\w/.-])[\w.-]*/?([a-z][a-z0-9-]{2,})(?![\w.-]*[/=(])")
_ANNOTATION = re.compile(
    r"^(?:<!--\s*(?:@#\s*)?|##\s*)meshpeek:\s*(?P<word>[\w-]+)[ \t]*(?P<argument>.*?)(?:\s*-->)?$"
)
_DROPPED = {
    "exit": "exit status",
    "until": "wait",
    "patch": "edit",
    "editor": "edit",
    "only": "selection",
    "skip": "selection",
    "answer": "edit",
    "stop": "wait",
}
"""The annotations that a run depends on, and the kinds of mutation that leave them out."""

_VALUE = re.compile(r'"value":\s*("[^"]*"|\d+)')
_INDEX = re.compile(r"/(\d+)(?=[/\"])")
_OPERATION = re.compile(r"\{[^{}]*\}(?:,\s*)?")
_FENCE = re.compile(r"^(?:```|~~~)")


class _Lines(NamedTuple):
    """Lines of the file, 0-based, the last exclusive; `is_fence`: they are a whole fence."""

    first: int
    last: int
    is_fence: bool = False


def mutate_script(
    text: str, path: str, workshop: Workshop, names: frozenset[str]
) -> Iterator[Mutation]:
    """Yield the mutations of the script `text`, the file at `path`, of which `workshop` was made.

    `names` are those of the objects in its manifests.
    """
    script = _Script(text, path)
    steps = [
        step
        for step in workshop.steps
        if isinstance(step, Command) and step.runs and not step.directive and step.span.path == path
    ]
    contexts = [context.name for context in workshop.front_matter.contexts]
    blocks = [script.block(step) for step in steps]
    for step, block in zip(steps, blocks, strict=True):
        yield from script.mutate_command(step, contexts, names)
        if _CHANGES.search(step.text):
            yield script.without(block, "command", f"`{_first_line(step)}` is left out")
    for (step, block), (later, following) in pairwise(zip(steps, blocks, strict=True)):
        is_change = _CHANGES.search(step.text) or _CHANGES.search(later.text)
        is_possible = block.is_fence == following.is_fence and step.section == later.section
        if not block.is_fence:
            is_possible = is_possible and block.last == following.first
        if is_change and is_possible:
            yield script.exchanged(
                block, following, f"`{_first_line(later)}` comes before `{_first_line(step)}`"
            )
    yield from script.mutate_annotations()
    yield from script.mutate_directives()


class _Script:
    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._lines = text.split("\n")
        self._offsets = [0]
        for line in self._lines:
            self._offsets.append(self._offsets[-1] + len(line) + 1)

    def _edited(
        self, place: tuple[int, int], new: str, kind: str, change: str, harmless: str | None = None
    ) -> Mutation:
        return edited(self._path, self._text, place, new, kind, change, harmless)

    def mutate_command(
        self, step: Command, contexts: Sequence[str], names: frozenset[str]
    ) -> Iterator[Mutation]:
        """Yield what goes wrong in the text of one command."""
        start, end = self._offsets[step.span.line - 1], self._offsets[step.span.end_line] - 1
        end = min(end, len(self._text))

        def found(pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
            return pattern.finditer(self._text, start, end)

        for match in found(_CONTEXT):
            name = match[1]
            others = [context for context in contexts if context != name]
            following = contexts.index(name) if name in contexts else 0
            if others:
                other = others[following % len(others)]
                change = f"`{_first_line(step)}` runs in {other}"
                yield self._edited(match.span(1), other, "context", change)
            change = f"`{_first_line(step)}` names no context"
            yield self._edited(match.span(), "", "context", change)
        for match in found(_NAMESPACE):
            change = f"`{_first_line(step)}` names no namespace"
            yield self._edited(match.span(), "", "namespace", change)
            change = f"`{_first_line(step)}` runs in another namespace"
            yield self._edited(match.span(1), "default", "namespace", change)
        for match in found(_COUNT):
            new = str(int(match[1]) - 1) if int(match[1]) > 1 else "2"
            change = f"`{match[0]}` becomes {new}"
            yield self._edited(match.span(1), new, "replicas", change)
        for match in found(_LABELLED):
            yield self._edited(
                match.span(2), misspelt(match[2]), "label", f"the value of {match[1]} is misspelt"
            )
        for match in found(_FLAG):
            change = f"`{match[0].strip()}` is left out"
            yield self._edited(match.span(), "", "option", change)
        for match in found(_WORD):
            if match[1] in names:
                change = f"`{match[1]}` is misspelt in `{_first_line(step)}`"
                yield self._edited(match.span(1), misspelt(match[1]), "name", change)

    def mutate_annotations(self) -> Iterator[Mutation]:
        """Yield what goes wrong in annotations that a run depends on."""
        for index, line in enumerate(self._lines):
            found = _ANNOTATION.match(line)
            if not found or found["word"] not in _DROPPED:
                continue
            word = found["word"]
            last = index
            while line.startswith("<!--") and "-->" not in self._lines[last]:
                last += 1
            block = _Lines(index, last + 1)
            yield self.without(block, _DROPPED[word], f"`{word}` is left out")
            if word == "patch":
                yield from self._mutate_patch(block)

    def _mutate_patch(self, block: _Lines) -> Iterator[Mutation]:
        start, end = self._offsets[block.first], self._offsets[block.last]
        for match in _OPERATION.finditer(self._text, start, end):
            if '"test"' in match[0]:
                continue
            yield self._edited(match.span(), "", "edit", f"the patch lacks {match[0]}")
            inside = match.start(), match.end()
            for value in _VALUE.finditer(self._text, *inside):
                quoted = value[1].startswith('"')
                new = f'"9{value[1][1:]}' if quoted else str(int(value[1]) + 1)
                change = f"the patch sets {new} instead of {value[1]}"
                yield self._edited(value.span(1), new, "edit", change)
            for number in _INDEX.finditer(self._text, *inside):
                change = f"the patch changes number {int(number[1]) + 1} of a list, not {number[1]}"
                yield self._edited(number.span(1), str(int(number[1]) + 1), "edit", change)

    def mutate_directives(self) -> Iterator[Mutation]:
        """Yield what goes wrong in directives that decide what the audience sees."""
        for index, line in enumerate(self._lines):
            if re.fullmatch(r"<!--\s*@SHOW\s*-->|#@SHOW", line):
                yield self.without(_Lines(index, index + 1), "directive", "`@SHOW` is left out")

    def block(self, step: Command) -> _Lines:
        """Return the lines of a command with its annotations; with its fence, if it is alone."""
        first, last = step.span.line - 1, step.span.end_line
        while first and self._lines[first - 1].startswith(("## meshpeek:", "#@")):
            first -= 1
        if not first or not _FENCE.match(self._lines[first - 1]):
            return _Lines(first, last)
        is_alone = last < len(self._lines) and _FENCE.match(self._lines[last])
        above = first - 1
        while above and (
            not self._lines[above - 1].strip() or self._is_annotation(self._lines[above - 1])
        ):
            above -= 1
        while above < first - 1 and not self._lines[above].strip():
            above += 1
        if is_alone:
            return _Lines(above, last + 1, is_fence=True)
        return _Lines(first, last)

    @staticmethod
    def _is_annotation(line: str) -> bool:
        return _ANNOTATION.match(line) is not None

    def without(self, block: _Lines, kind: str, change: str) -> Mutation:
        """Return the mutation that leaves lines out."""
        place = self._offsets[block.first], min(self._offsets[block.last], len(self._text))
        return self._edited(place, "", kind, change)

    def exchanged(self, block: _Lines, later: _Lines, change: str) -> Mutation:
        """Return the mutation in which two blocks of lines have each other's place."""
        first = self._lines[block.first : block.last]
        second = self._lines[later.first : later.last]
        between = self._lines[block.last : later.first]
        place = self._offsets[block.first], self._offsets[later.last]
        new = "\n".join([*second, *between, *first, ""])
        return self._edited(place, new, "order", change)


def _first_line(step: Command) -> str:
    first, *more = step.text.splitlines() or [""]
    return f"{first} …" if more else first
