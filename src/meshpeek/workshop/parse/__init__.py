"""Parsing a workshop: text in, steps out. Nothing is run, read from disk or looked up here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from meshpeek.workshop.model import Workshop
from meshpeek.workshop.parse.build import build_workshop
from meshpeek.workshop.parse.imports import Loader
from meshpeek.workshop.problems import WorkshopError

_NO_HOOKS: Mapping[str, str] = MappingProxyType({})


def parse(
    text: str,
    path: str,
    read: Callable[[str], str],
    *,
    hooks: Mapping[str, str] = _NO_HOOKS,
    startup: Sequence[str] = (),
    installations: Callable[[], Sequence[str]] | None = None,
) -> Workshop:
    """Return the workshop that `text`, the contents of the file `path`, stands for.

    A path that ends in `.md` is Markdown, any other a bash script. `read(path)` returns the text
    of another file, or raises InputError; imports are looked up beside the importing file, then
    as they are given. `hooks` are the `DEMO_HOOK_…` variables by full name, `startup`
    the paths of files to read first (`.demoshrc`).

    `installations` returns the names that `install` in front matter may have; without it, all are
    taken.

    Raises WorkshopError with all problems of the workshop and its imports; InputError if a
    start-up file cannot be read.
    """
    loader = Loader(read, installations)
    program = loader.load(text, path, startup)
    workshop = build_workshop(path, program, hooks)
    if program.problems:
        order = {document: index for index, document in enumerate(program.documents)}
        problems = sorted(
            dict.fromkeys(program.problems),
            key=lambda p: (order.get(p.span.path, 0), p.span.line, p.span.column),
        )
        raise WorkshopError(problems)
    return workshop
