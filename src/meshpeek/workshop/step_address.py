"""The step that somebody means on the command line: by number, name, place or section."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from meshpeek.errors import InputError
from meshpeek.workshop.model import Command, Workshop

_PLACE = re.compile(r"(?P<path>.*):(?P<line>\d+)")
_MOST_LISTED = 8


def find_step(workshop: Workshop, address: str) -> int:
    """Return the index of the step that `address` means.

    It is a step's number as `meshpeek steps` lists it, its name, `FILE:LINE` (or `:LINE`, for the
    workshop's own file), or a section's title or what that begins with, in any case of letters.
    Raises InputError, with a suggestion, if it means no step or several sections.
    """
    if address.isdecimal():
        return _by_number(workshop, int(address))
    place = _PLACE.fullmatch(address)
    if place and (index := _by_place(workshop, place["path"], int(place["line"]))) is not None:
        return index
    for index, step in enumerate(workshop.steps):
        if isinstance(step, Command) and step.name == address:
            return index
    return _by_title(workshop, address)


def find_last_step(workshop: Workshop, address: str) -> int:
    """Return the index of the last step that `address` means, as `find_step` reads it.

    That of a section is the last one in it, with its subsections. Raises as `find_step` does.
    """
    first = find_step(workshop, address)
    if not _means_section(workshop, address):
        return first
    sections = workshop.sections
    last = begin = workshop.steps[first].section
    while last + 1 < len(sections) and sections[last + 1].level > sections[begin].level:
        last += 1
    return max(index for index, step in enumerate(workshop.steps) if step.section <= last)


def _means_section(workshop: Workshop, address: str) -> bool:
    """Tell whether an address that `find_step` has found is that of a section."""
    names = {step.name for step in workshop.steps if isinstance(step, Command)}
    place = _PLACE.fullmatch(address)
    is_place = place and _by_place(workshop, place["path"], int(place["line"])) is not None
    return not (address.isdecimal() or is_place or address in names)


def _by_number(workshop: Workshop, number: int) -> int:
    numbers = workshop.numbers()
    if number in numbers:
        return numbers.index(number)
    last = max((each for each in numbers if each), default=0)
    raise InputError(
        f"no step {number} in {workshop.path}: its steps are 1 to {last}",
        hint=f"`meshpeek steps {workshop.path}` lists them",
    )


def _by_place(workshop: Workshop, path: str, line: int) -> int | None:
    """Return the step that stands at a line, else the first one after it.

    None if no step comes from a file of that name. Raises InputError for a line after the last.
    """
    wanted = PurePath(path or workshop.path)
    found = [
        (index, step)
        for index, step in enumerate(workshop.steps)
        if PurePath(step.span.path) == wanted or PurePath(step.span.path).name == path
    ]
    if not found:
        return None
    following = [(step.span.line, index) for index, step in found if step.span.end_line >= line]
    if not following:
        raise InputError(
            f"no step at or after {path}:{line} in {workshop.path}",
            hint=f"the last one is at {found[-1][1].span}",
        )
    return min(following)[1]


def _by_title(workshop: Workshop, address: str) -> int:
    wanted = address.strip().casefold()
    titles = [section.title.casefold() for section in workshop.sections]
    exact = [index for index, title in enumerate(titles) if title and title == wanted]
    begun = [index for index, title in enumerate(titles) if wanted and title.startswith(wanted)]
    sections = exact[:1] or begun
    if len(sections) > 1:
        raise InputError(
            f"several sections begin with `{address}`: "
            + _listed([workshop.sections[index].title for index in sections]),
            hint="write more of the title, or FILE:LINE",
        )
    if sections:
        for index, step in enumerate(workshop.steps):
            if step.section >= sections[0]:
                return index
    raise _unknown(workshop, address)


def _unknown(workshop: Workshop, address: str) -> InputError:
    from meshpeek.workshop.parse.suggestions import find_closest

    names = [step.name for step in workshop.steps if isinstance(step, Command) and step.name]
    titles = [section.title for section in workshop.sections if section.title]
    closest = find_closest(address, [*names, *titles])
    known = f"did you mean `{closest}`?" if closest else f"the sections are {_listed(titles)}"
    return InputError(
        f"no step or section `{address}` in {workshop.path}",
        hint=f"{known} (`meshpeek steps {workshop.path}` lists all)",
    )


def _listed(titles: Sequence[str]) -> str:
    more = f" and {len(titles) - _MOST_LISTED} more" if len(titles) > _MOST_LISTED else ""
    return ", ".join(f"`{title}`" for title in titles[:_MOST_LISTED]) + more
