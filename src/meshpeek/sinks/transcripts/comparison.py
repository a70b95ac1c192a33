"""Comparing what commands print with a transcript."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from meshpeek.errors import InputError
from meshpeek.run.events import Difference, DifferenceRow
from meshpeek.sinks.transcripts.normalise import (
    ADDRESS_WORD,
    OutputLine,
    Source,
    find_ports,
    normalise,
)
from meshpeek.sinks.transcripts.transcript import StepKey, Transcript, keys_of
from meshpeek.workshop.model import Command, Normalisation, Workshop

_UPDATE = "bring the transcript up to date with --update"
_MOST_COMPARISONS = 4_000_000
"""Outputs with a greater product of their line counts are not aligned: it would take too long."""

_MOST_ALIKE = 100
"""More lines than this that are equal but for addresses are paired in their order."""


class Comparison:
    """Compares a run of `workshop` with `transcript`, step by step.

    It learns which address of the run corresponds to which one of the transcript.
    `mask` hides secrets, as they are hidden in a transcript. `today` is the date of the run, in
    the form `2026-11-24`. Raises InputError for a transcript with steps that are not in the
    workshop.
    """

    def __init__(
        self,
        workshop: Workshop,
        transcript: Transcript,
        mask: Callable[[str], str] = lambda text: text,
        *,
        today: str | None = None,
    ) -> None:
        self._transcript = transcript
        self._today = today if transcript.recorded else None  # one without the other tells nothing
        self._ports = find_ports(step.text for step in workshop.steps)
        self._versions: Mapping[str, str] = {}
        self._settings: Normalisation = workshop.front_matter.normalise
        self._mask = mask
        self._keys = keys_of(workshop.steps, mask)
        self._recorded = transcript.by_key()
        self._addresses: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._refuse_unknown_steps(transcript)

    def _refuse_unknown_steps(self, transcript: Transcript) -> None:
        keys = set(self._keys.values())
        unknown = [step for key, step in self._recorded.items() if key not in keys]
        if unknown:
            first, *others = unknown
            more = f", and {len(others)} more" if others else ""
            raise InputError(
                f"{transcript.path} has a step that is not in the workshop: "
                f"{first.identity.splitlines()[0]} (it was in line {first.line}){more}",
                hint=_UPDATE,
            )

    def note_versions(self, versions: Mapping[str, str]) -> None:
        """Take the versions of the run's tools, by their names: they may explain a difference."""
        self._versions = versions

    def _explain(self) -> str | None:
        """Return which tools have other versions than they had, None if none has."""
        recorded = self._transcript.versions
        others = [
            f"{tool} {recorded[tool]} (this run has {version})"
            for tool, version in self._versions.items()
            if recorded.get(tool, version) != version
        ]
        return f"recorded with {', '.join(others)}" if others else None

    def key_of(self, step: Command) -> StepKey:
        """Return the key of a command of the workshop."""
        return self._keys[id(step)]

    def compare(self, step: Command, status: int, output: str) -> Difference | None:
        """Return how a command's status and output differ from the transcript, None if not at all.

        `output` is without escape sequences.
        """
        recorded = self._recorded.get(self.key_of(step))
        if recorded is None:
            return Difference("the transcript has no such step", hint=_UPDATE)
        if recorded.status != status:
            message = f"exit status {status}, but {recorded.status} in the transcript"
        else:
            message = "the output differs from the transcript"
        rows = tuple(self._rows(step, recorded.output, self._mask(output)))
        if recorded.status == status and all(row.same for row in rows):
            return None
        return Difference(message, rows, self._explain())

    def _rows(self, step: Command, recorded: str, output: str) -> Iterator[DifferenceRow]:
        if recorded == output:
            return
        day = self._transcript.recorded if self._today else None
        source = Source(step.text, self._ports, day)
        before = normalise(recorded, self._settings, source)
        after = normalise(output, self._settings, source._replace(day=self._today))
        for left, right in _align(before, after):
            if len(left) == len(right) and all(
                one.text == other.text for one, other in zip(left, right, strict=True)
            ):
                for one, other in self._pair(left, right):
                    yield self._match(one, other)
                continue
            for index in range(max(len(left), len(right))):
                yield DifferenceRow(
                    left[index].text if index < len(left) else None,
                    right[index].text if index < len(right) else None,
                    same=False,
                )

    def _pair(
        self, left: Sequence[OutputLine], right: Sequence[OutputLine]
    ) -> Iterator[tuple[OutputLine, OutputLine]]:
        """Pair lines of equal text; of equal ones in a row, those whose addresses correspond."""
        start = 0
        for _, group in groupby(left, key=lambda line: line.text):
            alike = list(group)
            rest = list(right[start : start + len(alike)])
            start += len(alike)
            if not alike[0].addresses or len(alike) > _MOST_ALIKE:
                yield from zip(alike, rest, strict=True)
                continue
            for one in alike:
                chosen = next((other for other in rest if self._agree(one, other)), rest[0])
                rest.remove(chosen)
                yield one, chosen

    def _agree(self, one: OutputLine, other: OutputLine) -> bool:
        pairs = zip(one.addresses, other.addresses, strict=True)
        return all(
            self._addresses.get(old, new) == new and self._known.get(new, old) == old
            for old, new in pairs
        )

    def _match(self, one: OutputLine, other: OutputLine) -> DifferenceRow:
        """Compare two lines that differ in their addresses at most, and learn from them."""
        if self._agree(one, other):
            for old, new in zip(one.addresses, other.addresses, strict=True):
                self._addresses[old], self._known[new] = new, old
            return DifferenceRow(one.text, other.text, same=True)
        return DifferenceRow(_restore(one), _restore(other), same=False)


def _restore(line: OutputLine) -> str:
    """Return a line with its addresses in their places."""
    addresses = iter(line.addresses)
    return ADDRESS_WORD.sub(lambda match: next(addresses, match[0]), line.text)


def _align(
    before: Sequence[OutputLine], after: Sequence[OutputLine]
) -> Iterator[tuple[Sequence[OutputLine], Sequence[OutputLine]]]:
    """Yield runs of lines that correspond: of equal text, or one that replaces the other."""
    if len(before) * len(after) > _MOST_COMPARISONS and [line.text for line in before] != [
        line.text for line in after
    ]:
        start = 0
        while start < min(len(before), len(after)) and before[start].text == after[start].text:
            start += 1
        yield before[:start], after[:start]
        yield before[start:], after[start:]
        return
    matcher = SequenceMatcher(
        None, [line.text for line in before], [line.text for line in after], autojunk=False
    )
    for _, a, b, c, d in matcher.get_opcodes():
        yield before[a:b], after[c:d]
