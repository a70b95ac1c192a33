"""Loading a workshop: its file and what that imports, with the macros and hooks they define.

As in demosh, everything is read before anything runs: a macro or hook may be used before the
line that defines it, and of two definitions the last one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import NamedTuple

from meshpeek.errors import InputError
from meshpeek.workshop.bash import read_command
from meshpeek.workshop.model import FrontMatter
from meshpeek.workshop.parse.directives import command_of, find_near_miss, is_known
from meshpeek.workshop.parse.elements import Directive, Element
from meshpeek.workshop.parse.script import ScriptReader
from meshpeek.workshop.parse.text_document import TextDocument
from meshpeek.workshop.parse.vocabulary import BUILTIN_HOOKS, BUILTIN_MACROS, DIRECTIVES
from meshpeek.workshop.problems import Problem


class Conditional(NamedTuple):
    """An `ifhook`: its items count only if the hook does something."""

    hook: str
    items: tuple[Element | Conditional, ...]
    directive: Directive


class Macro(NamedTuple):
    """A macro: what its use stands for. `directive` is None for a builtin one."""

    items: tuple[Element | Conditional, ...]
    directive: Directive | None


class Hook(NamedTuple):
    """A hook: the end of the variable's name that it runs. `directive` is None for a builtin."""

    variable: str
    directive: Directive | None


@dataclass(slots=True)
class Program:
    """All that a workshop consists of, imports in their places.

    `names` are the macros and hooks, `functions` those that bash code defines. `documents` are
    by path.
    """

    items: tuple[Element | Conditional, ...] = ()
    front_matter: FrontMatter = field(default_factory=FrontMatter)
    names: dict[str, Macro | Hook] = field(default_factory=dict)
    documents: dict[str, TextDocument] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Body:
    """An unfinished macro, ifhook or file."""

    opening: Directive | None
    items: list[Element | Conditional] = field(default_factory=list)


class Loader:
    """Loads one workshop; the arguments are those of `meshpeek.workshop.parse.parse`."""

    def __init__(
        self,
        read: Callable[[str], str],
        installations: Callable[[], Sequence[str]] | None,
    ) -> None:
        self._read = read
        self._installations = installations
        self._program = Program()
        self._importing: list[str] = []
        self._imports = 0
        self._contents: dict[str, Sequence[Element]] = {}
        self._directives: list[Directive] = []

    def load(self, text: str, path: str, startup: Sequence[str]) -> Program:
        """Load the workshop `text` of the file `path`, after the `startup` files."""
        program = self._program
        self._define_builtins()
        items: list[Element | Conditional] = []
        for startup_path in startup:
            items += self._load_file(startup_path, self._read(startup_path))
        items += self._load_file(path, text, is_workshop=True)
        program.items = tuple(items)
        self._report_near_misses()
        return program

    def _define_builtins(self) -> None:
        names = self._program.names
        for name, variable in BUILTIN_HOOKS.items():
            names[name] = Hook(variable, None)
        for name, text in BUILTIN_MACROS.items():
            document = TextDocument(f"<{name}>", text, self._program.problems)
            script = ScriptReader(document, 1, len(document.lines), set())
            names[name] = Macro(tuple(self._arrange(document, tuple(script.read()))), None)
        self._directives.clear()

    def _load_file(
        self, path: str, text: str, *, is_workshop: bool = False
    ) -> list[Element | Conditional]:
        document = self._program.documents.get(path)
        if document is None:
            document = TextDocument(path, text, self._program.problems)
            self._program.documents[path] = document
            self._contents[path] = self._read_elements(document, is_workshop=is_workshop)
        self._importing.append(path)
        items = self._arrange(document, self._contents[path])
        self._importing.pop()
        return items

    def _read_elements(self, document: TextDocument, *, is_workshop: bool) -> Sequence[Element]:
        if not document.is_markdown:
            script = ScriptReader(document, 1, len(document.lines), self._program.functions)
            return tuple(script.read())
        from meshpeek.workshop.parse.markdown import MarkdownReader
        from meshpeek.workshop.parse.setting_blocks.front_matter_block import read_top

        top = read_top(document)
        if is_workshop and (top.settings or top.misplaced):
            from meshpeek.workshop.parse.setting_blocks.front_matter import read_front_matter

            self._program.front_matter = read_front_matter(document, top, self._installations)
        return MarkdownReader(document, frozenset(top.lines), self._program.functions).read()

    def _arrange(
        self, document: TextDocument, elements: Sequence[Element]
    ) -> list[Element | Conditional]:
        """Put imports in their places and definitions apart."""
        bodies = [_Body(None)]
        for element in elements:
            if isinstance(element, Directive) and is_known(element):
                self._arrange_directive(document, element, bodies)
            else:
                if isinstance(element, Directive):
                    self._note_word(document, element)
                bodies[-1].items.append(element)
        for opening in (body.opening for body in bodies if body.opening is not None):
            document.report(
                opening.span,
                f"`@{opening.word}` is never closed",
                f"add `@{_CLOSING[opening.word]}` where it ends",
            )
        return bodies[0].items

    def _note_word(self, document: TextDocument, directive: Directive) -> None:
        """Remember a directive that the dialect does not have; it may be a command."""
        self._directives.append(directive)
        error = read_command(command_of(directive), 0).error
        if error is not None:
            document.report(directive.span, error.message, error.hint)

    def _arrange_directive(
        self, document: TextDocument, directive: Directive, bodies: list[_Body]
    ) -> None:
        match directive.word:
            case "macro":
                self._begin_macro(document, directive, bodies)
            case "ifhook":
                _has_words(document, directive, 1)
                if len(bodies) > _DEEPEST_IFHOOK:
                    document.report(directive.span, "`@ifhook` nested too deeply")
                bodies.append(_Body(directive))
            case "end" | "endif":
                self._end_body(document, directive, bodies)
            case "hook":
                if _has_words(document, directive, 2):
                    name, variable = directive.argument.split()
                    self._program.names[name] = Hook(variable, directive)
            case "import":
                if directive.argument:
                    bodies[-1].items += self._import(document, directive)
                else:
                    _report_usage(document, directive, "a path")
            case _:
                bodies[-1].items.append(directive)

    def _begin_macro(
        self, document: TextDocument, directive: Directive, bodies: list[_Body]
    ) -> None:
        openings = [body.opening for body in bodies if body.opening is not None]
        enclosing = next((opening for opening in openings if opening.word == "macro"), None)
        if enclosing is not None:
            document.report(
                directive.span,
                f"macro inside the macro at line {enclosing.span.line}",
                "close the first with `@end` before this one",
            )
        _has_words(document, directive, 1)
        bodies.append(_Body(directive))

    def _end_body(self, document: TextDocument, directive: Directive, bodies: list[_Body]) -> None:
        body = bodies[-1]
        opening = body.opening
        if opening is None or _CLOSING[opening.word] != directive.word:
            wanted = "macro" if directive.word == "end" else "ifhook"
            message = f"`@{directive.word}` without `@{wanted}`"
            if opening is not None:
                message += f": `@{opening.word}` at line {opening.span.line} is still open"
            document.report(
                directive.span, message, f"add `@{wanted} NAME` before it, or remove it"
            )
            return
        bodies.pop()
        if opening.word == "macro":
            self._program.names[opening.argument] = Macro(tuple(body.items), opening)
        else:
            bodies[-1].items.append(Conditional(opening.argument, tuple(body.items), opening))

    def _import(self, document: TextDocument, directive: Directive) -> list[Element | Conditional]:
        path = directive.argument
        beside = normpath(join(dirname(document.path), path))
        self._imports += 1
        if self._imports > _MOST_IMPORTS or len(self._importing) > _DEEPEST_IMPORT:
            document.report(
                directive.span, "too many imports", "import each file once, from the workshop"
            )
            return []
        failures: list[InputError] = []
        for candidate in dict.fromkeys((beside, normpath(path))):
            if candidate in self._importing:
                return self._refuse_cycle(document, directive, candidate)
            if candidate in self._contents:
                return self._load_file(candidate, "")
            try:
                text = self._read(candidate)
            except InputError as error:
                failures.append(error)
            else:
                return self._load_file(candidate, text)
        beside_or_here = "imports are looked up beside this file, then in the working directory"
        document.report(
            directive.span,
            f"cannot import: {failures[0].message}",
            failures[0].hint if len(failures) == 1 else beside_or_here,
        )
        return []

    def _refuse_cycle(
        self, document: TextDocument, directive: Directive, path: str
    ) -> list[Element | Conditional]:
        chain = [*self._importing[self._importing.index(path) :], path]
        document.report(
            directive.span,
            f"import cycle: {' → '.join(chain)}",
            "remove one of the imports",
        )
        return []

    def _report_near_misses(self) -> None:
        names = self._program.names
        near_misses: dict[str, str | None] = {}
        for directive in self._directives:
            word = directive.word
            if word in names or word in self._program.functions or word in DIRECTIVES:
                continue
            if word not in near_misses:
                near_misses[word] = find_near_miss(word, names)
            near = near_misses[word]
            if near is not None:
                self._program.documents[directive.span.path].report(
                    directive.span,
                    f"unknown directive `@{word}`",
                    f"did you mean `@{near}`?",
                )


_MOST_IMPORTS = 1000
_DEEPEST_IMPORT = 20
_DEEPEST_IFHOOK = 10
_ARGUMENTS = {1: "a name", 2: "a name and a variable"}
_CLOSING: Mapping[str, str] = {"macro": "end", "ifhook": "endif"}


def _has_words(document: TextDocument, directive: Directive, count: int) -> bool:
    if len(directive.argument.split()) == count:
        return True
    _report_usage(document, directive, _ARGUMENTS[count])
    return False


def _report_usage(document: TextDocument, directive: Directive, missing: str) -> None:
    word = DIRECTIVES[directive.word]
    document.report(directive.span, f"`@{word.name}` needs {missing}", f"write `@{word.usage}`")
