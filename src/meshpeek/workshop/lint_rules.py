"""The rules of `meshpeek lint`: one function for each, that finds what would surprise.

The parser finds what is wrong; its errors come along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from meshpeek.workshop.bash import read_command, unquote
from meshpeek.workshop.cluster_rules import ClusterMistake, find_cluster_mistakes
from meshpeek.workshop.model import Command, Narration, Workshop
from meshpeek.workshop.parse.build import build_workshop
from meshpeek.workshop.parse.directives import is_known
from meshpeek.workshop.parse.elements import Bash, Directive, Element
from meshpeek.workshop.parse.imports import Conditional, Loader, Macro, Program
from meshpeek.workshop.parse.markdown import find_fences
from meshpeek.workshop.parse.setting_blocks.front_matter_block import read_top
from meshpeek.workshop.parse.text_document import TextDocument
from meshpeek.workshop.parse.vocabulary import BUILTIN_MACROS, DIRECTIVES
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.spans import Span

_TRANSCRIPT = re.compile(r"(?:bash|sh|shell)[-_]?session\b", re.IGNORECASE)
_SHELL = re.compile(
    rf"(?:bash|sh|shell|zsh|console|terminal)\b|{_TRANSCRIPT.pattern}", re.IGNORECASE
)
_PLAIN_WORD = re.compile(r"[A-Za-z_][\w.+-]*")
_BASH_WORDS = frozenset(
    """alias bg bind break builtin caller case cd command compgen complete compopt continue coproc
    declare dirs disown echo enable eval exec exit export false fc fg for function getopts hash
    help history if jobs kill let local logout mapfile popd printf pushd pwd read readarray
    readonly return select set shift shopt source suspend test time times trap true type typeset
    ulimit umask unalias unset until wait while""".split()  # noqa: SIM905  # eighty lines otherwise
)


def lint(
    text: str,
    path: str,
    read: Callable[[str], str],
    *,
    is_command: Callable[[str], bool],
    installations: Callable[[], Sequence[str]] | None = None,
    startup: Sequence[str] = (),
) -> list[Problem]:
    """Return the errors and warnings for the workshop `text` of the file `path`, by their places.

    `read`, `installations` and `startup` are as in `meshpeek.workshop.parse.parse`; start-up files
    are not linted themselves. `is_command` tells whether there is a program of a name. Raises
    InputError if a start-up file cannot be read.
    """
    program = Loader(read, installations).load(text, path, startup)
    workshop = build_workshop(path, program, {})
    warnings = (
        *find_endless_skips(program),
        *find_unused_macros(program, path),
        *find_displayed_commands(program, workshop),
        *find_unlisted_contexts(program, workshop),
        *find_ways_to_other_clusters(program, workshop),
        *find_unknown_words(program, is_command),
    )
    errors = {problem.span for problem in program.problems}
    found = [
        *program.problems,
        *(w for w in warnings if w.span not in errors and w.span.path not in startup),
    ]
    order = {document: index for index, document in enumerate(program.documents)}
    return sorted(
        dict.fromkeys(found), key=lambda p: (order.get(p.span.path, 0), p.span.line, p.span.column)
    )


def find_endless_skips(program: Program) -> Iterator[Problem]:
    """Find each SKIP that no SHOW ends, if something comes after it."""
    bodies = [program.items, *(macro.items for _, macro in _macros(program))]
    for body in bodies:
        skip = None
        is_endless = False
        for element in _flatten(body):
            if isinstance(element, Directive) and element.word == "SHOW" and is_known(element):
                skip, is_endless = None, False
            elif skip is not None:
                is_endless = True
            elif isinstance(element, Directive) and element.word == "SKIP" and is_known(element):
                skip = element
        if skip is not None and is_endless:
            yield _warn(
                program,
                skip.span,
                "nothing after this is ever shown or run: no `@SHOW` follows",
                "add `@SHOW` where the workshop continues, or remove the rest",
            )


def find_unused_macros(program: Program, path: str) -> Iterator[Problem]:
    """Find the macros that the file `path` defines and nothing uses, except builtin names.

    The macros of an imported file are for several workshops.
    """
    bodies = [program.items, *(macro.items for _, macro in _macros(program))]
    elements = [element for body in bodies for element in _flatten(body)]
    used = {element.word for element in elements if isinstance(element, Directive)}
    used |= {e.commands[0][0] for e in elements if isinstance(e, Bash) and e.commands}
    for name, macro in _macros(program):
        opening = macro.directive
        is_builtin_name = name in BUILTIN_MACROS
        if opening and opening.span.path == path and name not in used and not is_builtin_name:
            yield _warn(
                program,
                opening.span,
                f"macro `{name}` is never used",
                f"write `@{name}` where it should run, or remove it",
            )


def find_displayed_commands(program: Program, workshop: Workshop) -> Iterator[Problem]:
    """Find the fences of shell commands that the audience sees and that never run.

    A transcript is the other way round: `shell-session` runs, because it begins with `sh`.
    """
    shown = {
        (step.span.path, line)
        for step in workshop.steps
        if isinstance(step, Narration) and step.shown
        for line in range(step.span.line, step.span.end_line + 1)
    }
    for document in program.documents.values():
        if not document.is_markdown:
            continue
        for fence in find_fences(document, frozenset(read_top(document).lines)):
            if fence.is_run and _TRANSCRIPT.match(fence.language):
                yield _warn(
                    program,
                    fence.span,
                    "this fence runs as bash, like every fence that begins with ```bash or ```sh",
                    "write ```bash and remove prompts and output, or write ```text",
                )
                continue
            is_shown = (document.path, fence.span.line) in shown
            if is_shown and not fence.is_run and _SHELL.match(fence.language):
                yield _warn(
                    program,
                    fence.span,
                    "these commands are shown but never run",
                    "to run them, write ```bash and remove prompts and output; "
                    "to only show them, write ```text",
                )


def find_unlisted_contexts(program: Program, workshop: Workshop) -> Iterator[Problem]:
    """Find the contexts that commands name and that the front matter, if it lists any, does not."""
    listed = [context.name for context in workshop.front_matter.contexts]
    if not listed:
        return
    open_places = {
        (span.path, span.line)
        for span, mistake in _cluster_mistakes(program, workshop)
        if mistake.reaches_others
    }
    for step in workshop.steps:
        if isinstance(step, Command):
            is_held = (step.span.path, step.span.line) not in open_places
            for context in step.contexts:
                if context not in listed:
                    yield _warn(
                        program,
                        _place_of(context, step.span, program),
                        f"context `{context}` is not in the front matter",
                        f"{'commands can reach only' if is_held else 'it lists'} "
                        f"{', '.join(listed)}",
                    )


def find_ways_to_other_clusters(program: Program, workshop: Workshop) -> Iterator[Problem]:
    """Find what the session refuses or cannot hold where the front matter lists contexts."""
    listed = [context.name for context in workshop.front_matter.contexts]
    if listed:
        for span, mistake in _cluster_mistakes(program, workshop):
            place = _place_of(mistake.word, span, program)
            yield _warn(program, place, mistake.message, mistake.hint)


def _cluster_mistakes(
    program: Program, workshop: Workshop
) -> Iterator[tuple[Span, ClusterMistake]]:
    front_matter = workshop.front_matter
    listed = [context.name for context in front_matter.contexts]
    bodies = [program.items, *(macro.items for _, macro in _macros(program))]
    elements = [element for body in bodies for element in _flatten(body)]
    commands = [(e.span, words) for e in elements for words in _simple_commands(e) if words]
    redefined = {*program.functions, *_aliases(elements)}
    sets_current = front_matter.current is not None or any(
        "use-context" in words or "current-context" in words for _, words in commands
    )
    for span, words in commands:
        needs_context = len(listed) > 1 and not sets_current and not redefined & set(words)
        for mistake in find_cluster_mistakes(words, listed, needs_context=needs_context):
            yield span, mistake


def _simple_commands(element: Element) -> tuple[tuple[str, ...], ...]:
    if isinstance(element, Bash):
        return element.commands
    if isinstance(element, Directive) and not is_known(element):
        return read_command(f"{element.word} {element.argument}", 0).commands
    return ()


def find_unknown_words(program: Program, is_command: Callable[[str], bool]) -> Iterator[Problem]:
    """Find the directives that would run as a command that does not exist."""
    bodies = [program.items, *(macro.items for _, macro in _macros(program))]
    elements = [element for body in bodies for element in _flatten(body)]
    known = {*program.names, *program.functions, *_BASH_WORDS, *_aliases(elements)}
    for element in elements:
        if not isinstance(element, Directive) or is_known(element):
            continue
        word = element.word
        if word in known or not _PLAIN_WORD.fullmatch(word) or is_command(word):
            continue
        if word in DIRECTIVES:
            message = f"`@{word}` takes no argument, so this runs a command named `{word}`"
            hint = f"write `@{word}` on a line of its own"
        else:
            message = f"`@{word}` is not a directive, macro, hook or command"
            hint = "define it as a macro or a hook, or import the file that does"
        yield _warn(program, element.span, message, hint)


def _macros(program: Program) -> list[tuple[str, Macro]]:
    return [(name, item) for name, item in program.names.items() if isinstance(item, Macro)]


def _flatten(items: Iterable[Element | Conditional]) -> Iterator[Element]:
    for item in items:
        if isinstance(item, Conditional):
            yield from _flatten(item.items)
        else:
            yield item


def _aliases(elements: Iterable[Element]) -> Iterator[str]:
    for element in elements:
        if isinstance(element, Bash):
            for command in element.commands:
                if command[0] == "alias":
                    yield from ((unquote(word) or "").partition("=")[0] for word in command[1:])


def _place_of(text: str, span: Span, program: Program) -> Span:
    """Return where `text` stands in the lines of `span`; the span itself if it is not there."""
    document = program.documents.get(span.path)
    if document is not None:
        for number in range(span.line, span.end_line + 1):
            column = document.lines[number - 1].find(text)
            if column >= 0:
                return Span(span.path, number, number, column + 1, len(text))
    return span


def _warn(program: Program, span: Span, message: str, hint: str) -> Problem:
    document: TextDocument | None = program.documents.get(span.path)
    excerpt = document.draw(span) if document else ""
    return Problem(message, span, hint, excerpt, is_warning=True)
