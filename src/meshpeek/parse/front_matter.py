"""Reading YAML front matter: what stands under its key `meshpeek`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from meshpeek.model import Context, FrontMatter
from meshpeek.parse.document import Document
from meshpeek.parse.durations import parse_duration
from meshpeek.parse.suggestions import find_closest, suggest
from meshpeek.source import Span

if TYPE_CHECKING:
    from yaml import Node

_FENCE = re.compile(r"---[ \t]*$")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*$")
_FIRST_LINE = re.compile(r"""[\w"'.-]+[ \t]*:(?:[ \t]|$)|#|\{""")
_KEY = "meshpeek"

COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red", "white", "black")
"""The colours a context may have, and the order in which those without one get theirs.

Each also exists as `bright_…`; `#rrggbb` is a colour, too.
"""

_COLOUR = re.compile(rf"(?:bright_)?(?:{'|'.join(COLOURS)})|#[0-9A-Fa-f]{{6}}")
_VERSION = re.compile(r"(?:v?\d+(?:\.\d+)*(?:[-+][\w.+-]+)?)?", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_REHEARSAL_KEYS = ("manifests", "links")
_CORRECT = "correct the YAML between the two lines of ---"
_MOST_CHARACTERS = 100_000
_MOST_COLLECTIONS = 1000


class _WrongError(Exception):
    """What is wrong with a node, and what to do about it."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message
        self.hint = hint


def find_front_matter(document: Document) -> int:
    """Return how many lines the front matter takes, its fences included; 0 if there is none.

    A rule at the start of a file, which looks the same, is followed by a blank line or by prose.
    """
    lines = document.lines
    if not _FENCE.match(lines[0]) or len(lines) == 1 or not _FIRST_LINE.match(lines[1]):
        return 0
    for index, line in enumerate(lines[1:], 1):
        if _END.match(line):
            return index + 1
    return 0


def read_front_matter(document: Document, lines: int) -> FrontMatter:
    """Return what the front matter, the first `lines` lines of the document, settles."""
    return _FrontMatterReader(document).read("\n".join(document.lines[1 : lines - 1]))


class _FrontMatterReader:
    def __init__(self, document: Document) -> None:
        self._document = document

    def read(self, text: str) -> FrontMatter:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        if len(text) > _MOST_CHARACTERS or _may_be_deep(text):
            self._report(1, 1, 3, "this front matter is too large", "keep settings only")
            return FrontMatter()
        try:
            root = yaml.compose(text, loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            message = f"front matter: {error.problem or error.context}"
            line, column = (mark.line, mark.column) if mark else (0, 0)
            line = min(line + 2, len(self._document.lines))
            self._report(line, column + 1, 1, message, _CORRECT)
            return FrontMatter()
        except yaml.reader.ReaderError as error:
            offset = text.find(chr(error.character))
            line = text.count("\n", 0, offset)
            column = offset - text.rfind("\n", 0, offset)
            self._report(line + 2, column, 1, f"front matter: {error.reason}", _CORRECT)
            return FrontMatter()
        try:
            settings = self._find_settings(root)
        except _WrongError as wrong:
            self._report_wrong(wrong)
            return FrontMatter()
        return self._read_settings(settings) if settings is not None else FrontMatter()

    def _find_settings(self, root: Node | None) -> Node | None:
        if root is None:
            return None
        from yaml import MappingNode

        if not isinstance(root, MappingNode):
            raise _WrongError(root, "front matter is a mapping of keys", f"write `{_KEY}:`")
        keys = [(key, key.value, value) for key, value in root.value if isinstance(key.value, str)]
        for _, name, value in keys:
            if name == _KEY:
                found: Node = value
                return found
        for key, name, _ in keys:
            if find_closest(name, [_KEY], similarity=0.75):
                raise _WrongError(key, f"unknown key `{name}`", f"did you mean `{_KEY}`?")
        return None

    def _read_settings(self, node: Node) -> FrontMatter:
        readers: Mapping[str, Callable[[Node], Any]] = {
            "contexts": _read_contexts,
            "requires": _read_requires,
            "env": _read_environment,
            "timeout": _read_timeout,
            "rehearsal": _read_rehearsal,
        }
        values: dict[str, Any] = {}
        try:
            items = list(_items(node, f"the value of `{_KEY}`"))
        except _WrongError as wrong:
            self._report_wrong(wrong)
            return FrontMatter()
        for item in items:
            reader = readers.get(item.name, partial(_refuse_key, item.key, readers))
            try:
                values[item.name] = reader(item.value)
            except _WrongError as wrong:
                self._report_wrong(wrong)
        for item in items:
            if item.name == "rehearsal" and "rehearsal" in values and "contexts" in values:
                names = [context.name for context in values["contexts"]]
                self._check_rehearsed_names(item.value, names)
        return FrontMatter(**values)

    def _check_rehearsed_names(self, node: Node, contexts: Sequence[str]) -> None:
        """See that `rehearsal` speaks of clusters that `contexts` has."""
        for cluster in _items(node, "`rehearsal`"):
            links = [
                (entry, _text(entry, "a link"))
                for item in _items(cluster.value, "a cluster")
                if item.name == "links"
                for entry in _entries(item.value, "`links`")
            ]
            for place, name in [(cluster.key, cluster.name), *links]:
                if name not in contexts:
                    wrong = _WrongError(
                        place,
                        f"`{name}` is none of the workshop's contexts",
                        suggest(name, contexts),
                    )
                    self._report_wrong(wrong)

    def _report_wrong(self, wrong: _WrongError) -> None:
        start, end = wrong.node.start_mark, wrong.node.end_mark
        width = end.column - start.column if end.line == start.line else 1
        self._report(start.line + 2, start.column + 1, width, wrong.message, wrong.hint)

    def _report(self, line: int, column: int, width: int, message: str, hint: str) -> None:
        span = Span(self._document.path, line, line, column, max(1, width))
        self._document.report(span, message, hint)


class _Item(NamedTuple):
    key: Node
    name: str
    value: Node


def _refuse_key(key: Node, known: Iterable[str], _value: Node) -> NoReturn:
    raise _WrongError(key, f"unknown key `{key.value}`", suggest(str(key.value), known))


def _items(node: Node, what: str) -> Iterator[_Item]:
    from yaml import MappingNode, ScalarNode

    if isinstance(node, ScalarNode) and not node.value:
        return
    if not isinstance(node, MappingNode):
        raise _WrongError(node, f"{what} is a mapping of keys", "write `key: value` lines")
    seen: set[str] = set()
    for key, value in node.value:
        name = _text(key, "a key")
        if name in seen:
            raise _WrongError(key, f"`{name}` is given twice", "keep one of the two")
        seen.add(name)
        yield _Item(key, name, value)


def _entries(node: Node, what: str) -> list[Node]:
    from yaml import SequenceNode

    if not isinstance(node, SequenceNode):
        raise _WrongError(node, f"{what} is a list", "write it as `[one, two]`")
    return list(node.value)


def _text(node: Node, what: str) -> str:
    from yaml import ScalarNode

    if not isinstance(node, ScalarNode):
        raise _WrongError(node, f"{what} is text", "write a single value")
    return "" if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def _read_contexts(node: Node) -> tuple[Context, ...]:
    from yaml import SequenceNode

    colours = iter(COLOURS * (1 + len(node.value) // len(COLOURS)))
    if isinstance(node, SequenceNode):
        names = [(entry, _text(entry, "a context")) for entry in node.value]
        for index, (entry, name) in enumerate(names):
            if not name or name in (other for _, other in names[:index]):
                raise _WrongError(entry, "contexts have names, each another", "rename it")
        return tuple(Context(name, next(colours)) for _, name in names)
    contexts = []
    for item in _items(node, "`contexts`"):
        colour = _text(item.value, "a colour") or next(colours)
        if not _COLOUR.fullmatch(colour):
            raise _WrongError(item.value, f"unknown colour `{colour}`", suggest(colour, COLOURS))
        contexts.append(Context(item.name, colour))
    return tuple(contexts)


def _read_requires(node: Node) -> Mapping[str, str]:
    from yaml import SequenceNode

    if isinstance(node, SequenceNode):
        return MappingProxyType({_text(entry, "a tool"): "" for entry in node.value})
    versions = {}
    for item in _items(node, "`requires`"):
        version = _text(item.value, "a version").removeprefix(">=").strip()
        if not _VERSION.fullmatch(version):
            raise _WrongError(
                item.value, f"`{version}` is no version", "write a minimum such as 1.20"
            )
        versions[item.name] = version
    return MappingProxyType(versions)


def _read_environment(node: Node) -> Mapping[str, str]:
    variables = {}
    for item in _items(node, "`env`"):
        if not _VARIABLE.fullmatch(item.name):
            raise _WrongError(
                item.key, f"`{item.name}` is no variable's name", "use letters, digits and `_`"
            )
        variables[item.name] = _text(item.value, "a variable's value")
    return MappingProxyType(variables)


def _read_timeout(node: Node) -> float:
    text = _text(node, "`timeout`")
    seconds = parse_duration(text)
    if seconds is None:
        raise _WrongError(node, f"`{text}` is no duration", "write one such as 30s, 5m or 1m30s")
    return seconds


def _read_rehearsal(node: Node) -> Mapping[str, Any]:
    clusters = {}
    for cluster in _items(node, "`rehearsal`"):
        holds: dict[str, list[str]] = {}
        for item in _items(cluster.value, f"`{cluster.name}`"):
            if item.name not in _REHEARSAL_KEYS:
                _refuse_key(item.key, _REHEARSAL_KEYS, item.value)
            holds[item.name] = [
                _text(entry, f"each of `{item.name}`")
                for entry in _entries(item.value, f"`{item.name}`")
            ]
        clusters[cluster.name] = MappingProxyType(holds)
    return MappingProxyType(clusters)


def _may_be_deep(text: str) -> bool:
    """Tell whether `text` may be nested so deep that libyaml, which recurses, would crash."""
    in_flow = text.count("[") + text.count("{")
    in_line = max(line.count("- ") + line.count("? ") for line in text.split("\n"))
    return max(in_flow, in_line) > _MOST_COLLECTIONS
