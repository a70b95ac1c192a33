"""Comparing what commands print with a transcript."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from meshpeek.errors import InputError
from meshpeek.run.events import Difference, DifferenceRow
from meshpeek.sinks.transcripts.normalise import OutputLine, normalise
from meshpeek.sinks.transcripts.transcript import StepKey, Transcript, keys_of
from meshpeek.workshop.model import Command, Normalisation, Workshop

_UPDATE = "bring the transcript up to date with --update"
_MOST_COMPARISONS = 4_000_000
"""Beyond this product of lengths, lines are not aligned: that would take longer than a look."""

_MOST_ALIKE = 100
"""More lines than this, alike but for addresses, are taken in the order in which they come."""


class Comparison:
    """Compares a run of `workshop` with `transcript`, step by step.

    It learns which address of the run stands for which one of the transcript, and sees it change.
    `mask` hides secrets, as they are hidden in a transcript. Raises InputError for a transcript
    with steps that the workshop does not have any more.
    """

    def __init__(
        self,
        workshop: Workshop,
        transcript: Transcript,
        mask: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._settings: Normalisation = workshop.front_matter.normalise
        self._mask = mask
        self._keys = keys_of(workshop.steps, mask)
        self._recorded = transcript.by_key()
        self._addresses: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._refuse_strangers(transcript)

    def _refuse_strangers(self, transcript: Transcript) -> None:
        keys = set(self._keys.values())
        strangers = [step for key, step in self._recorded.items() if key not in keys]
        if strangers:
            first, *others = strangers
            more = f", and {len(others)} more" if others else ""
            raise InputError(
                f"{transcript.path} has a step that the workshop has not: "
                f"{first.identity.splitlines()[0]} (it was in line {first.line}){more}",
                hint=_UPDATE,
            )

    def key_of(self, step: Command) -> StepKey:
        """Return what a command of the workshop is looked up by."""
        return self._keys[id(step)]

    def compare(self, step: Command, status: int, output: str) -> Difference | None:
        """Return how a command's status and output differ from the transcript, None if they do not.

        `output` is without escape sequences.
        """
        recorded = self._recorded.get(self.key_of(step))
        if recorded is None:
            return Difference("the transcript does not have this step", hint=_UPDATE)
        if recorded.status != status:
            message = f"exit status {status}, and the transcript has {recorded.status}"
        else:
            message = "the output is not that of the transcript"
        rows = tuple(self._rows(recorded.output, self._mask(output)))
        if recorded.status == status and all(row.same for row in rows):
            return None
        return Difference(message, rows)

    def _rows(self, recorded: str, output: str) -> Iterator[DifferenceRow]:
        if recorded == output:
            return
        before, after = normalise(recorded, self._settings), normalise(output, self._settings)
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
        """Pair lines of equal text; among alike ones in a row, so that addresses go together."""
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
    head, *parts = line.text.split("<address>")
    return head + "".join(next(addresses, "<address>") + part for part in parts)


def _align(
    before: Sequence[OutputLine], after: Sequence[OutputLine]
) -> Iterator[tuple[Sequence[OutputLine], Sequence[OutputLine]]]:
    """Yield stretches that belong together: of equal text, or of what stands in its place."""
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
