"""`meshpeek lint`: the errors that the parser finds, and what would surprise.

A rule is a function that takes what is checked and yields findings. FINDINGS has their codes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from meshpeek.workshop.linting.checked import Checked
from meshpeek.workshop.linting.cluster_findings import (
    find_unlisted_contexts,
    find_ways_to_other_clusters,
)
from meshpeek.workshop.linting.command_rules import (
    find_backslashes,
    find_differences,
    find_missing_files,
    find_placeholders,
    find_prompts,
    find_waits_for_a_person,
)
from meshpeek.workshop.linting.demosh_rules import (
    find_commented_out,
    find_lost_modifiers,
    find_open_quotes,
    find_what_demosh_shows,
)
from meshpeek.workshop.linting.document_rules import (
    find_displayed_commands,
    find_nothing_to_run,
    find_skips,
    find_tall_pages,
    find_unknown_words,
    find_unused_macros,
)
from meshpeek.workshop.linting.strict_rules import find_unchecked
from meshpeek.workshop.parse.build import build_workshop
from meshpeek.workshop.parse.elements import Annotation
from meshpeek.workshop.parse.imports import Loader
from meshpeek.workshop.problems import Problem

_RULES: Sequence[Callable[[Checked], Iterator[Problem]]] = (
    find_skips,
    find_unused_macros,
    find_nothing_to_run,
    find_displayed_commands,
    find_unlisted_contexts,
    find_ways_to_other_clusters,
    find_unknown_words,
    find_prompts,
    find_placeholders,
    find_differences,
    find_waits_for_a_person,
    find_backslashes,
    find_missing_files,
    find_tall_pages,
    find_commented_out,
    find_open_quotes,
    find_lost_modifiers,
)
_STRICT: Sequence[Callable[[Checked], Iterator[Problem]]] = (find_unchecked,)
_FOR_DEMOSH: Sequence[Callable[[Checked], Iterator[Problem]]] = (find_what_demosh_shows,)


def lint(
    text: str,
    path: str,
    read: Callable[[str], str],
    *,
    is_command: Callable[[str], bool],
    exists: Callable[[str], bool] = lambda path: True,  # noqa: ARG005  # a parameter's name
    installations: Callable[[], Sequence[str]] | None = None,
    startup: Sequence[str] = (),
    for_demosh: bool = False,
    strict: bool = False,
) -> list[Problem]:
    """Return the errors and warnings for the workshop `text` of the file `path`, by their places.

    `read`, `installations` and `startup` are as in `meshpeek.workshop.parse.parse`; start-up files
    are not linted themselves. `is_command` tells whether there is a program of a name, `exists`
    whether there is a file at a path. With `for_demosh`, what demosh would show is found, too;
    with `strict`, what a test would not notice.
    Raises InputError if a start-up file cannot be read.
    """
    program = Loader(read, installations).load(text, path, startup)
    workshop = build_workshop(path, program, {})
    checked = Checked(path, program, workshop, is_command, exists)
    rules = (*_RULES, *(_FOR_DEMOSH if for_demosh else ()), *(_STRICT if strict else ()))
    errors = {problem.span for problem in program.problems}
    off = workshop.front_matter.lint
    allowed = list(_allowed(checked))
    warnings = {
        (found.code, found.span): found
        for rule in rules
        for found in rule(checked)
        if found.span not in errors
        and found.span.path not in startup
        and found.code not in off
        and not any(
            found.code in codes and found.span.path == where and found.span.line in lines
            for where, lines, codes in allowed
        )
    }
    order = {document: index for index, document in enumerate(program.documents)}
    return sorted(
        dict.fromkeys((*program.problems, *warnings.values())),
        key=lambda p: (order.get(p.span.path, 0), p.span.line, p.span.column),
    )


def _allowed(checked: Checked) -> Iterator[tuple[str, range, Collection[str]]]:
    """Yield where `allow` switches findings off: from its line to the end of the next fence."""
    for element in checked.elements:
        if isinstance(element, Annotation) and element.word == "allow":
            lines = checked.lines_of(element.span.path)
            marks = [
                number
                for number, line in enumerate(lines, 1)
                if number > element.span.line and line.lstrip().startswith("```")
            ]
            # Of the marks of fences after it, the first begins one, or ends that which it is in.
            is_inside = lines[element.span.line - 1].lstrip().startswith("#")
            end = (marks[:1] if is_inside else marks[1:2]) or [len(lines)]
            yield element.span.path, range(element.span.line, end[0] + 1), element.value
