"""The places in a workshop that a presenter can jump to, and a search among them."""

from __future__ import annotations

from collections.abc import Sequence

from meshpeek.workshop.model import Command, Comment, Narration, Workshop
from meshpeek.workshop.values import Value


class Place(Value):
    """A section's beginning, or a shown command (the step with the index `command`).

    `target` is an index in the workshop's steps. `level` is the heading's, 0 for a command. A
    command's place begins with the narration that leads up to it.
    """

    target: int
    level: int
    text: str
    command: int | None = None


def places(workshop: Workshop) -> tuple[Place, ...]:
    """Return the places of `workshop` in order, hidden steps left out."""
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


class Outline(Value):
    """A search in `places`: what has been typed, and which of the matches is selected."""

    places: tuple[Place, ...]
    query: str = ""
    selected: int = 0

    @classmethod
    def at(cls, places: Sequence[Place], index: int) -> Outline:
        """Start at the place of the step at `index`: the last one up to it."""
        before = [number for number, place in enumerate(places) if place.target <= index]
        return cls(tuple(places), selected=before[-1] if before else 0)

    @property
    def found(self) -> tuple[Place, ...]:
        """The places that contain every word of the query, in either case."""
        words = self.query.casefold().split()
        return tuple(p for p in self.places if all(w in p.text.casefold() for w in words))

    @property
    def choice(self) -> Place | None:
        """The selected place, None if none matches."""
        found = self.found
        return found[self.selected] if found else None

    def move(self, by: int) -> Outline:
        """Select the place `by` places further on, up to the first or the last."""
        last = max(len(self.found) - 1, 0)
        return self.replace(selected=min(max(self.selected + by, 0), last))

    def search(self, query: str) -> Outline:
        """Search for `query`; the selected place stays selected if it still matches."""
        selected = self.choice
        changed = self.replace(query=query, selected=0)
        found = changed.found
        return changed.replace(selected=found.index(selected) if selected in found else 0)
