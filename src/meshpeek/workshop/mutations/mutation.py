"""A mutation: one thing wrong in a file, as somebody might do it by mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from meshpeek.workshop.values import Value


class Mutation(Value):
    """The file `path` with one thing wrong at `line`; `text` is all of it.

    `kind` is what a list of mutations groups by, `change` says what was done. `harmless` is why
    nobody could see it, None if somebody may.
    """

    path: str
    line: int
    kind: str
    change: str
    text: str
    harmless: str | None = None


def edited(
    path: str,
    text: str,
    place: tuple[int, int],
    new: str,
    kind: str,
    change: str,
    harmless: str | None = None,
) -> Mutation:
    """Return the mutation that puts `new` where `text`, the file's, has the characters `place`."""
    start, end = place
    line = text.count("\n", 0, start) + 1
    return Mutation(path, line, kind, change, text[:start] + new + text[end:], harmless)


def misspelt(name: str) -> str:
    """Return a name with a mistake in it that no rule for names forbids."""
    return f"{name[:-1]}{'x' if name[-1:] != 'x' else 'z'}" if name else "x"


def choose(mutations: Iterable[Mutation], most: int | None) -> list[Mutation]:
    """Return at most `most` different mutations, of each kind and file about as many.

    They are in the order of files and lines. The same ones are chosen every time.
    """
    unique = list({(each.path, each.text): each for each in mutations}.values())
    if most is None or len(unique) <= most:
        return unique
    groups: dict[tuple[str, str], list[int]] = {}
    for index, each in enumerate(unique):
        groups.setdefault((each.kind, each.path), []).append(index)
    chosen: list[int] = []
    for share in _turns([list(_spread(group)) for group in groups.values()]):
        chosen.append(share)
        if len(chosen) == most:
            break
    return [unique[index] for index in sorted(chosen)]


def _turns(groups: Sequence[list[int]]) -> Iterator[int]:
    """Yield one of each group, then the next of each, until all are empty."""
    while any(groups):
        for group in groups:
            if group:
                yield group.pop(0)


def _spread(group: Sequence[int]) -> Iterator[int]:
    """Yield the members of a group, neighbours far from each other."""
    half = (len(group) + 1) // 2
    for one, other in zip(group[:half], [*group[half:], None], strict=False):
        yield one
        if other is not None:
            yield other
