"""What an editor may be told about a place in a workshop that is being typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from meshpeek.errors import MeshpeekError
from meshpeek.workshop.model import Command, Workshop
from meshpeek.workshop.parse.build import build_workshop
from meshpeek.workshop.parse.imports import Hook, Loader, Macro
from meshpeek.workshop.parse.setting_blocks.schema import SETTINGS
from meshpeek.workshop.parse.vocabulary import ANNOTATIONS, BUILTIN_HOOKS, DIRECTIVES, FINDINGS
from meshpeek.workshop.spans import Span

_DIRECTIVE = re.compile(r"(?:<!--\s*@|^\s*#@)(?!#)(?P<word>[\w-]*)")
_ANNOTATION = re.compile(r"(?:<!--\s*(?:@#\s*)?|^\s*##\s*|^\s*#@#\s*)meshpeek:\s*(?P<word>[\w-]*)")
_CODE = re.compile(r"meshpeek:\s*allow\s+(?:[\w-]+[\s,]+)*(?P<word>[\w-]*)$")
_CONTEXT = re.compile(r"--(?:kube-)?context[= ](?P<word>[\w.@:/-]*)")
_SETTING = re.compile(r"(?P<indent>\s*)(?P<word>[\w-]*)")
_IMPORT = re.compile(r"@import\s+(?P<path>\S+)")
_BARE = re.compile(r"\s*(?P<word>[\w-]+)")


class Item(NamedTuple):
    """A word of the dialect, or a name of the workshop: how it is used, and what it means.

    `kind` is directive, annotation, macro, context, setting or code.
    """

    kind: str
    name: str
    usage: str
    meaning: str


class DocumentIndex:
    """The workshop `text` of the file `path`, right or wrong; `read` reads what it imports."""

    def __init__(self, text: str, path: str, read: Callable[[str], str]) -> None:
        self._path = path
        self._lines = text.replace("\r\n", "\n").split("\n")
        self._program = Loader(read, None).load(text, path, ())
        try:
            self._workshop: Workshop | None = build_workshop(path, self._program, {})
        except MeshpeekError:
            self._workshop = None

    def line(self, number: int) -> str:
        """Return a line by its 1-based number, empty if there is none."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def complete(self, number: int, column: int) -> list[Item]:
        """Return what may stand at a place: `column` characters precede it in the line."""
        before = self.line(number)[:column]
        if self._in_settings(number):
            items = list(self._settings()) if _ends(_SETTING, before) else []
            return _beginning(items, before)
        for pattern, find in (
            (_CODE, _codes),
            (_ANNOTATION, _annotations),
            (_DIRECTIVE, self._directives),
            (_CONTEXT, self._contexts),
        ):
            if _ends(pattern, before):
                return _beginning(list(find()), before)
        return []

    def describe(self, number: int, column: int) -> Item | None:
        """Return what stands at a place, None for text or a command."""
        line = self.line(number)
        if self._in_settings(number):
            found = _SETTING.match(line)
            return _named(self._settings(), found, column)
        for pattern, find in (
            (_ANNOTATION, _annotations),
            (_DIRECTIVE, self._directives),
            (_CONTEXT, self._contexts),
        ):
            for found in pattern.finditer(line):
                item = _named(find(), found, column)
                if item is not None:
                    return item
        return None

    def find_definition(self, number: int, column: int) -> Span | None:
        """Return where the macro or hook at a place is defined, or the file that is imported."""
        line = self.line(number)
        imported = _IMPORT.search(line)
        if imported and imported.start("path") <= column <= imported.end("path"):
            paths = [path for path in self._program.documents if path != self._path]
            name = imported.group("path").removeprefix("./")
            return next((Span(path, 1, 1) for path in paths if path.endswith(name)), None)
        for pattern in (_DIRECTIVE, _BARE):
            for found in pattern.finditer(line):
                if found.start("word") <= column <= found.end("word"):
                    defined = self._program.names.get(found.group("word"))
                    if defined is not None and defined.directive is not None:
                        return defined.directive.span
        return None

    def symbols(self) -> Iterator[tuple[str, str, Span]]:
        """Yield the sections, macros and named steps of the file: kind, name and place."""
        if self._workshop is not None:
            for section in self._workshop.sections:
                if section.title and section.span.path == self._path:
                    yield "section", section.title, section.span
            for step in self._workshop.steps:
                if isinstance(step, Command) and step.name and step.span.path == self._path:
                    yield "step", step.name, step.span
        for name, item in self._program.names.items():
            if (
                isinstance(item, Macro)
                and item.directive
                and item.directive.span.path == self._path
            ):
                yield "macro", name, item.directive.span

    def _in_settings(self, number: int) -> bool:
        """Tell whether a line stands between `<!-- meshpeek:` and `-->`, or in front matter."""
        for index in range(number - 2, -1, -1):
            line = self._lines[index]
            if re.match(r"<!--\s*meshpeek\s*:\s*$", line):
                return "-->" not in self.line(number)
            if "-->" in line or line.startswith(("#", "```")):
                return False
        return False

    def _directives(self) -> Iterator[Item]:
        for word in DIRECTIVES.values():
            yield Item("directive", word.name, f"@{word.usage}", word.meaning)
        for name, defined in self._program.names.items():
            meaning = "A macro." if isinstance(defined, Macro) else "A hook."
            if isinstance(defined, Hook):
                meaning = f"Run the command in $DEMO_HOOK_{defined.variable}, if there is one."
            is_builtin = defined.directive is None and name not in BUILTIN_HOOKS
            yield Item("macro", name, f"@{name}", "A builtin macro." if is_builtin else meaning)

    def _contexts(self) -> Iterator[Item]:
        for context in self._program.front_matter.contexts:
            name = context.name
            yield Item("context", name, f"--context {name}", "A cluster of this workshop.")

    @staticmethod
    def _settings() -> Iterator[Item]:
        for name, setting in SETTINGS.items():
            yield Item("setting", name, f"{name}:", setting.meaning)


def _annotations() -> Iterator[Item]:
    for word in ANNOTATIONS.values():
        yield Item("annotation", word.name, f"meshpeek: {word.usage}", word.meaning)


def _codes() -> Iterator[Item]:
    for code, meaning in FINDINGS.items():
        yield Item("code", code, f"allow {code}", meaning)


def _ends(pattern: re.Pattern[str], before: str) -> bool:
    return any(found.end() == len(before) for found in pattern.finditer(before))


def _beginning(items: list[Item], before: str) -> list[Item]:
    """Return the items that begin with the word that `before` ends in."""
    word = re.search(r"[\w.-]*$", before)
    return [item for item in items if word is None or item.name.startswith(word.group())]


def _named(items: Iterator[Item], found: re.Match[str] | None, column: int) -> Item | None:
    if found is None or not found.start("word") <= column <= found.end("word"):
        return None
    return next((item for item in items if item.name == found.group("word")), None)
