"""Reading YAML front matter: what stands under its key `meshpeek`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from meshpeek.workshop.model import FrontMatter
from meshpeek.workshop.parse.front_matter_keys import READERS, read_secret_variables
from meshpeek.workshop.parse.suggestions import find_closest, suggest
from meshpeek.workshop.parse.text_document import TextDocument
from meshpeek.workshop.parse.yaml_nodes import (
    InvalidNodeError,
    read_list,
    read_mapping,
    read_text,
    refuse_key,
)
from meshpeek.workshop.spans import Span

if TYPE_CHECKING:
    from yaml import Node

_FENCE = re.compile(r"---[ \t]*$")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*$")
_FIRST_LINE = re.compile(r"""[\w"'.-]+[ \t]*:(?:[ \t]|$)|#|\{""")
_KEY = "meshpeek"

_CORRECT = "correct the YAML between the two lines of ---"
_MOST_CHARACTERS = 100_000
_MOST_COLLECTIONS = 1000


def find_front_matter(document: TextDocument) -> int:
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


def read_front_matter(document: TextDocument, lines: int) -> FrontMatter:
    """Return what the front matter, the first `lines` lines of the document, settles."""
    return _FrontMatterReader(document).read("\n".join(document.lines[1 : lines - 1]))


class _FrontMatterReader:
    def __init__(self, document: TextDocument) -> None:
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
        except InvalidNodeError as wrong:
            self._report_wrong(wrong)
            return FrontMatter()
        return self._read_settings(settings) if settings is not None else FrontMatter()

    def _find_settings(self, root: Node | None) -> Node | None:
        if root is None:
            return None
        from yaml import MappingNode

        if not isinstance(root, MappingNode):
            raise InvalidNodeError(root, "front matter is a mapping of keys", f"write `{_KEY}:`")
        keys = [(key, key.value, value) for key, value in root.value if isinstance(key.value, str)]
        for _, name, value in keys:
            if name == _KEY:
                found: Node = value
                return found
        for key, name, _ in keys:
            if find_closest(name, [_KEY], similarity=0.75):
                raise InvalidNodeError(key, f"unknown key `{name}`", f"did you mean `{_KEY}`?")
        return None

    def _read_settings(self, node: Node) -> FrontMatter:
        values: dict[str, Any] = {}
        try:
            items = list(read_mapping(node, f"the value of `{_KEY}`"))
        except InvalidNodeError as wrong:
            self._report_wrong(wrong)
            return FrontMatter()
        for item in items:
            reader = READERS.get(item.name, partial(refuse_key, item.key, READERS))
            try:
                values[item.name.replace("-", "_")] = reader(item.value)
            except InvalidNodeError as wrong:
                self._report_wrong(wrong)
        for item in items:
            if item.name == "env" and "env" in values:
                values["secrets"] = values.get("secrets", frozenset()) | read_secret_variables(
                    item.value
                )
            if item.name == "rehearsal" and "rehearsal" in values and "contexts" in values:
                names = [context.name for context in values["contexts"]]
                self._check_rehearsed_names(item.value, names)
        return FrontMatter(**values)

    def _check_rehearsed_names(self, node: Node, contexts: Sequence[str]) -> None:
        """See that `rehearsal` speaks of clusters that `contexts` has."""
        for cluster in read_mapping(node, "`rehearsal`"):
            links = [
                (entry, read_text(entry, "a link"))
                for item in read_mapping(cluster.value, "a cluster")
                if item.name == "links"
                for entry in read_list(item.value, "`links`")
            ]
            for place, name in [(cluster.key, cluster.name), *links]:
                if name not in contexts:
                    wrong = InvalidNodeError(
                        place,
                        f"`{name}` is none of the workshop's contexts",
                        suggest(name, contexts),
                    )
                    self._report_wrong(wrong)

    def _report_wrong(self, wrong: InvalidNodeError) -> None:
        start, end = wrong.node.start_mark, wrong.node.end_mark
        width = end.column - start.column if end.line == start.line else 1
        self._report(start.line + 2, start.column + 1, width, wrong.message, wrong.hint)

    def _report(self, line: int, column: int, width: int, message: str, hint: str) -> None:
        span = Span(self._document.path, line, line, column, max(1, width))
        self._document.report(span, message, hint)


def _may_be_deep(text: str) -> bool:
    """Tell whether `text` may be nested so deep that libyaml, which recurses, would crash."""
    in_flow = text.count("[") + text.count("{")
    in_line = max(line.count("- ") + line.count("? ") for line in text.split("\n"))
    return max(in_flow, in_line) > _MOST_COLLECTIONS
