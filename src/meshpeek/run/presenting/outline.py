"""The places in a workshop that a presenter can jump to, and finding one by a few letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from meshpeek.workshop.model import Command, Comment, Narration, Workshop


class Place(NamedTuple):
    """A section's beginning, or a shown command (the step with the index `command`), in words.

    `target` is an index in the workshop's steps. `level` is the heading's, 0 for a command. A
    command's place begins with the narration that leads up to it.
    """

    target: int
    level: int
    text: str
    command: int | None = None


def places(workshop: Workshop) -> tuple[Place, ...]:
    """Return the places of `workshop` in their order; hidden steps are none."""
    found = []
    section = -1
    lead_in: int | None = None
    for index, step in enumerate(workshop.steps):
        if not step.shown:
            continue
        if isinstance(step, Narration | Comment):
            lead_in = index if lead_in is None else lead_in
        if step.section != section:
            section = step.section
            title = workshop.sections[section].title or "(opening)"
            found.append(Place(index, max(workshop.sections[section].level, 1), title))
        if isinstance(step, Command):
            begins = index if lead_in is None else lead_in
            found.append(Place(begins, 0, " ".join(step.text.split()), index))
        if not isinstance(step, Narration | Comment):
            lead_in = None
    return tuple(found)


class Outline(NamedTuple):
    """Looking for one of `places`: what has been typed, and which of the places found is meant."""

    places: tuple[Place, ...]
    query: str = ""
    selected: int = 0

    @classmethod
    def at(cls, places: Sequence[Place], index: int) -> Outline:
        """Begin at the place of the step at `index`: the last one that is not behind it."""
        before = [number for number, place in enumerate(places) if place.target <= index]
        return cls(tuple(places), selected=before[-1] if before else 0)

    @property
    def found(self) -> tuple[Place, ...]:
        """The places that hold every word of the query, in either case."""
        words = self.query.casefold().split()
        return tuple(p for p in self.places if all(w in p.text.casefold() for w in words))

    @property
    def choice(self) -> Place | None:
        """The place that is meant, None if none is found."""
        found = self.found
        return found[self.selected] if found else None

    def move(self, by: int) -> Outline:
        """Mean another place, `by` places on; the ends are ends."""
        last = max(len(self.found) - 1, 0)
        return self._replace(selected=min(max(self.selected + by, 0), last))

    def search(self, query: str) -> Outline:
        """Look for something else; the place that was meant stays so, if it is still found."""
        meant = self.choice
        changed = self._replace(query=query, selected=0)
        found = changed.found
        return changed._replace(selected=found.index(meant) if meant in found else 0)
