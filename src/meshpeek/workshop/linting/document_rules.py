"""What lint finds in a document as a whole: what is left out, shown, or never seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshpeek.workshop.linting.checked import Checked, aliases, flatten
from meshpeek.workshop.model import Clear, Command, Comment, Narration, Pause, Print
from meshpeek.workshop.parse.directives import is_known
from meshpeek.workshop.parse.elements import Bash, Directive
from meshpeek.workshop.parse.markdown import find_fences
from meshpeek.workshop.parse.setting_blocks.front_matter_block import read_top
from meshpeek.workshop.parse.vocabulary import BUILTIN_MACROS, DIRECTIVES
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.spans import Span

PAGE_LINES, PAGE_COLUMNS = 24, 80
"""The size of the screen that a page should fit on."""

_TRANSCRIPT = re.compile(r"(?:bash|sh|shell)[-_]?session\b", re.IGNORECASE)
_CONSOLE = re.compile(rf"(?:console|terminal)\b|{_TRANSCRIPT.pattern}", re.IGNORECASE)
_SHELL = re.compile(rf"(?:bash|sh|shell|zsh)\b|{_CONSOLE.pattern}", re.IGNORECASE)
_PROMPT = re.compile(r"\s*(?:[\w.-]+@[\w.-]+:\S*)?[$%#>❯]\s")
_DEFINITION = re.compile(r"\s*(?:function\s|[\w-]+\s*\(\)|(?:export\s+)?\w+=\S*$)")
_PLAIN_WORD = re.compile(r"[A-Za-z_][\w.+-]*")
_BASH_WORDS = frozenset(
    """alias bg bind break builtin caller case cd command compgen complete compopt continue coproc
    declare dirs disown echo enable eval exec exit export false fc fg for function getopts hash
    help history if jobs kill let local logout mapfile popd printf pushd pwd read readarray
    readonly return select set shift shopt source suspend test time times trap true type typeset
    ulimit umask unalias unset until wait while""".split()  # noqa: SIM905  # eighty lines otherwise
)


def find_skips(checked: Checked) -> Iterator[Problem]:
    """Find each SKIP that leaves something out: for good, if no SHOW ends it."""
    for body in checked.bodies:
        skip: Directive | None = None
        leaves_out = False
        for element in flatten(body):
            if isinstance(element, Directive) and element.word == "SHOW" and is_known(element):
                if skip is not None and leaves_out:
                    yield checked.warn(
                        "skip",
                        skip.span,
                        f"what follows is left out, up to line {element.span.line}",
                        "remove `@SKIP` if that is over",
                    )
                skip, leaves_out = None, False
            elif skip is not None:
                leaves_out = True
            elif isinstance(element, Directive) and element.word == "SKIP" and is_known(element):
                skip = element
        if skip is not None and leaves_out:
            yield checked.warn(
                "endless-skip",
                skip.span,
                "nothing after this is ever shown or run: no `@SHOW` follows",
                "add `@SHOW` where the workshop continues, or remove the rest",
            )


def find_unused_macros(checked: Checked) -> Iterator[Problem]:
    """Find the macros that the file itself defines and nothing uses, except builtin names.

    The macros of an imported file are for several workshops, and so are those of a file that
    holds nothing else.
    """
    if not _runs_something(checked):
        return
    elements = checked.elements
    used = {element.word for element in elements if isinstance(element, Directive)}
    used |= {e.commands[0][0] for e in elements if isinstance(e, Bash) and e.commands}
    for name, macro in checked.macros:
        opening = macro.directive
        is_own = opening is not None and opening.span.path == checked.path
        if opening and is_own and name not in used and name not in BUILTIN_MACROS:
            yield checked.warn(
                "unused-macro",
                opening.span,
                f"macro `{name}` is never used",
                f"write `@{name}` where it should run, or remove it",
            )


def _runs_something(checked: Checked) -> bool:
    """Tell whether there is a command that does more than to define a function or a variable."""
    return any(
        isinstance(step, Command) and step.runs and not _DEFINITION.match(step.text)
        for step in checked.workshop.steps
    )


def find_nothing_to_run(checked: Checked) -> Iterator[Problem]:
    """Find out whether the file has no command, or never shows anything."""
    if checked.program.problems:
        return  # what is wrong may be why
    defines = any(
        macro.directive and macro.directive.span.path == checked.path for _, macro in checked.macros
    )
    defines = defines or bool(checked.program.functions)
    commands = [step for step in checked.workshop.steps if isinstance(step, Command) and step.runs]
    top = Span(checked.path, 1, 1)
    if not commands and not defines:
        yield checked.warn(
            "no-command",
            top,
            "this file has no command: nothing runs",
            "commands stand in fences that begin with ```bash",
        )
    elif commands and _is_meant_to_show(checked):
        yield checked.warn(
            "no-show",
            top,
            "the audience sees nothing: a workshop is hidden until `@SHOW`",
            "write `@SHOW` where the show begins, in Markdown as `<!-- @SHOW -->`",
        )


def _is_meant_to_show(checked: Checked) -> bool:
    """Tell whether nothing is shown, though the file is no plain script."""
    if any(step.shown for step in checked.workshop.steps):
        return False
    document = checked.program.documents[checked.path]
    return document.is_markdown or any(
        isinstance(element, Directive) and element.span.path == checked.path
        for element in checked.elements
    )


def find_displayed_commands(checked: Checked) -> Iterator[Problem]:
    """Find the fences of shell commands that the audience sees and that never run.

    A `console` fence that holds output, too, is there to be read. A transcript is the other way
    round: `shell-session` runs, because it begins with `sh`.
    """
    shown = {
        (step.span.path, line)
        for step in checked.workshop.steps
        if isinstance(step, Narration) and step.shown
        for line in range(step.span.line, step.span.end_line + 1)
    }
    for document in checked.program.documents.values():
        if not document.is_markdown:
            continue
        for fence in find_fences(document, frozenset(read_top(document).lines)):
            if fence.is_run and _TRANSCRIPT.match(fence.language):
                yield checked.warn(
                    "session-runs",
                    fence.span,
                    "this fence runs as bash, like every fence that begins with ```bash or ```sh",
                    "write ```bash and remove prompts and output, or write ```text",
                )
                continue
            is_shown = (document.path, fence.span.line) in shown
            if not is_shown or fence.is_run or not _SHELL.match(fence.language):
                continue
            if _CONSOLE.match(fence.language) and any(
                line.strip() and not _PROMPT.match(line) for line in fence.text.split("\n")
            ):
                continue
            yield checked.warn(
                "shown-not-run",
                fence.span,
                "these commands are shown but never run",
                "to run them, write ```bash and remove prompts and output; "
                "to only show them, write ```text",
            )


def find_unknown_words(checked: Checked) -> Iterator[Problem]:
    """Find the directives that would run as a command that does not exist."""
    elements = checked.elements
    program = checked.program
    known = {*program.names, *program.functions, *_BASH_WORDS, *aliases(elements)}
    for element in elements:
        if not isinstance(element, Directive) or is_known(element):
            continue
        word = element.word
        if word in known or not _PLAIN_WORD.fullmatch(word) or checked.is_command(word):
            continue
        if word in DIRECTIVES:
            message = f"`@{word}` takes no argument, so this runs a command named `{word}`"
            hint = f"write `@{word}` on a line of its own"
        else:
            message = f"`@{word}` is not a directive, macro, hook or command"
            hint = "define it as a macro or a hook, or import the file that does"
        yield checked.warn("unknown-word", element.span, message, hint)


def find_tall_pages(checked: Checked) -> Iterator[Problem]:
    """Find what is shown at once, between two waits, and is taller than a screen."""
    height, begin = 0, None
    for step in checked.workshop.steps:
        if isinstance(step, Narration | Comment | Print) and step.shown:
            begin = begin or step.span
            height += height_of(step.text) + 1
        waits = isinstance(step, Pause) or (isinstance(step, Command) and step.wait_before)
        if not waits and not isinstance(step, Clear):
            continue
        if waits and begin is not None and height > PAGE_LINES:
            yield checked.warn(
                "tall-page",
                begin._replace(end_line=begin.line, column=1, width=1),
                f"about {height} lines are shown at once from here on, "
                f"and a screen of {PAGE_COLUMNS}×{PAGE_LINES} has {PAGE_LINES}",
                "write `<!-- @wait -->` or `<!-- @wait_clear -->` in between",
            )
        height, begin = 0, None


def height_of(text: str) -> int:
    """Return about how many lines Markdown takes on a screen of 80 columns."""
    height, paragraph = 0, 0
    in_code = False
    for line in [*text.split("\n"), ""]:
        if line.startswith("```"):
            in_code = not in_code
            continue
        is_own_line = in_code or line.startswith(("|", "#", "    "))
        if line.strip() and not is_own_line and not re.match(r"\s*(?:[-*+]|\d+\.)\s", line):
            paragraph += len(line.strip()) + 1
            continue
        height += -(-paragraph // PAGE_COLUMNS)
        paragraph = 0
        if is_own_line or not line.strip():
            height += 1
        else:
            paragraph = len(line) + 1
    return height - 1
