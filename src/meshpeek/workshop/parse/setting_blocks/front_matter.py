"""Reading settings: YAML in a comment, or below the key `meshpeek` of front matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from meshpeek.workshop.model import FrontMatter
from meshpeek.workshop.parse.setting_blocks.front_matter_block import (
    DocumentTop,
    looks_like_settings,
    may_be_too_large,
    read_top,
)
from meshpeek.workshop.parse.setting_blocks.front_matter_keys import READERS, read_secret_variables
from meshpeek.workshop.parse.setting_blocks.private_values import (
    hide_misplaced,
    hide_unreadable,
    hide_values,
)
from meshpeek.workshop.parse.setting_blocks.settings_comment import KEY, SAFETY_KEYS, SettingsBlock
from meshpeek.workshop.parse.setting_blocks.yaml_nodes import (
    InvalidNodeError,
    read_list,
    read_mapping,
    read_text,
    refuse_key,
)
from meshpeek.workshop.parse.suggestions import find_closest, suggest
from meshpeek.workshop.parse.text_document import TextDocument
from meshpeek.workshop.spans import Span

if TYPE_CHECKING:
    from yaml import Node


def read_front_matter(
    document: TextDocument,
    top: DocumentTop,
    installations: Callable[[], Sequence[str]] | None = None,
) -> FrontMatter:
    """Return the settings at the `top` of the document; report what is wrong with them.

    `installations` returns the names that `install` may have; without it, all are taken.
    """
    if top.misplaced is not None:
        hide_misplaced(document)
        place = document.span(top.misplaced.line)
        document.report(place, top.misplaced.message, top.misplaced.hint)
    if top.front_matter and top.comment and _has_settings(document, top.front_matter):
        hide_misplaced(document)
        document.report(
            document.span(top.comment.first),
            f"these settings are not read: the front matter has the key `{KEY}`, too",
            "keep one of them",
        )
        return FrontMatter()
    if top.settings is None:
        return FrontMatter()
    return _FrontMatterReader(document, top.settings, installations).read()


def has_settings(document: TextDocument, top: DocumentTop) -> bool:
    """Tell whether the `top` of the document has settings, right or wrong."""
    if top.comment or top.misplaced:
        return True
    return top.front_matter is not None and _has_settings(document, top.front_matter)


class SettingsLines(NamedTuple):
    """Where settings stand in front matter: indexes of lines, and of those of the value alone.

    `first_text` is the beginning of the value, if that is on the line of the key.
    """

    lines: range
    value: range
    first_text: str | None


def find_settings_lines(document: TextDocument, block: SettingsBlock) -> SettingsLines | None:
    """Return where settings stand in front matter; None without any, or if it is in braces."""
    from yaml import MappingNode

    try:
        root = _compose(document, block)
        found = _find_settings(root)
    except (_UnreadableError, InvalidNodeError):
        return None
    if found is None or not isinstance(root, MappingNode) or root.flow_style:
        return None
    items = root.value
    index = next(n for n, (key, _) in enumerate(items) if key.value == KEY)
    key, value = items[index]
    first = key.start_mark.line
    end = items[index + 1][0].start_mark.line if index + 1 < len(items) else block.end
    is_on_line = value.start_mark.line == first and value.start_mark.column > key.end_mark.column
    has_text = is_on_line and value.start_mark != value.end_mark
    text = document.lines[first][value.start_mark.column :] if has_text else None
    start = first if has_text else first + 1
    return SettingsLines(range(first, end), range(start, end), text)


def _has_settings(document: TextDocument, front_matter: SettingsBlock) -> bool:
    try:
        return _find_settings(_compose(document, front_matter)) is not None
    except _UnreadableError:
        inside = document.lines[front_matter.first : front_matter.end]
        return any(map(looks_like_settings, inside))
    except InvalidNodeError:
        return True


def find_secrets(text: str, path: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the values that the settings of a workshop mark as secrets, and the names of others.

    Settings that are wrong count as far as they can be read. Those others are variables of the
    caller.
    """
    document = TextDocument(path, text, [])
    if not document.is_markdown:
        return frozenset(), frozenset()
    settings = read_front_matter(document, read_top(document))
    values = {settings.env[name] for name in settings.secrets if name in settings.env}
    return document.secrets.union(values), settings.secrets


class _UnreadableError(Exception):
    """Front matter cannot be read: why, and the 0-based line and column of the error."""

    def __init__(self, message: str, hint: str, line: int = -1, column: int = 0) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint
        self.line, self.column = line, column


def _compose(document: TextDocument, block: SettingsBlock) -> Node | None:
    """Return the root of the YAML in `block`, its lines those of the document, from 0 on.

    That in a comment is given the key that it has in front matter. Raises _UnreadableError.
    """
    import yaml

    text = "\n" * block.first + "\n".join(document.lines[block.first : block.end])
    if may_be_too_large(text):
        raise _UnreadableError(f"{block.name} too large", "keep only settings in it")
    marks = "`<!--` and `-->`" if block.is_comment else "the `---` lines"
    correct = f"correct the YAML between {marks}"
    try:
        root: Node | None = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (-1, 0)
        message = f"invalid {block.name}: {error.problem or error.context}"
        raise _UnreadableError(message, correct, line, column) from None
    except yaml.reader.ReaderError as error:
        offset = text.find(chr(error.character))
        column = offset - text.rfind("\n", 0, offset) - 1
        line = text.count("\n", 0, offset)
        raise _UnreadableError(
            f"invalid {block.name}: {error.reason}", correct, line, column
        ) from None
    if root is not None and block.is_comment:
        key = yaml.ScalarNode("tag:yaml.org,2002:str", KEY, root.start_mark, root.start_mark)
        return yaml.MappingNode(
            "tag:yaml.org,2002:map", [(key, root)], root.start_mark, root.end_mark
        )
    return root


def _find_settings(root: Node | None) -> Node | None:
    """Return the value of our key, or None. Raises InvalidNodeError for settings elsewhere."""
    if root is None:
        return None
    from yaml import MappingNode

    if not isinstance(root, MappingNode):
        raise InvalidNodeError(root, "front matter must be a mapping", f"write `{KEY}:`")
    found: list[Node] = []
    for key, value in root.value:
        if key.value == KEY and found:
            raise InvalidNodeError(key, f"duplicate key `{KEY}`", "keep one of them")
        if key.value == KEY:
            found.append(value)
        if key.tag.endswith(":merge") and _holds_settings(value):
            raise InvalidNodeError(
                key, f"`{KEY}` is not read from a merge key", f"write `{KEY}:` by itself"
            )
    for key, _ in root.value if not found else ():
        name = key.value if isinstance(key.value, str) else ""
        if find_closest(name, [KEY], similarity=0.75):
            raise InvalidNodeError(key, f"unknown key `{name}`", f"did you mean `{KEY}`?")
        if name in SAFETY_KEYS:
            raise InvalidNodeError(
                key,
                f"`{name}` is not read here: settings belong under `{KEY}:`",
                f"write `{KEY}:` above it, and indent it",
            )
    return found[0] if found else None


class _FrontMatterReader:
    def __init__(
        self,
        document: TextDocument,
        block: SettingsBlock,
        installations: Callable[[], Sequence[str]] | None,
    ) -> None:
        self._document = document
        self._block = block
        self._private: list[str] = []
        self._installations = installations

    def read(self) -> FrontMatter:
        try:
            root = _compose(self._document, self._block)
            self._private = hide_values(self._document, root, KEY, READERS)
            settings = _find_settings(root)
        except _UnreadableError as error:
            hide_unreadable(self._document, range(self._block.first, self._block.end))
            line = error.line + 1 if error.line >= 0 else self._block.first
            width = 1 if error.line >= 0 else len(self._document.lines[line - 1])
            self._report(line, error.column + 1, width, error.message, error.hint)
            return FrontMatter()
        except InvalidNodeError as wrong:
            self._report_wrong(wrong)
            return FrontMatter()
        return self._read_settings(settings) if settings is not None else FrontMatter()

    def _read_settings(self, node: Node) -> FrontMatter:
        values: dict[str, Any] = {}
        try:
            items = list(read_mapping(node, f"the value of `{KEY}`"))
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
            if item.name == "current" and "current" in values and "contexts" in values:
                names = [context.name for context in values["contexts"]]
                if values["current"] not in names:
                    name = values["current"]
                    hint = suggest(name, names)
                    self._report_wrong(
                        InvalidNodeError(item.value, f"unknown context `{name}`", hint)
                    )
            if item.name == "install" and "install" in values:
                self._check_installations(item.value)
            if item.name == "rehearsal" and "rehearsal" in values:
                for cluster in read_mapping(item.value, "`rehearsal`"):
                    for key in read_mapping(cluster.value, "a cluster"):
                        if key.name == "install":
                            self._check_installations(key.value)
        return FrontMatter(**values)

    def _check_installations(self, node: Node) -> None:
        """See that `install` names what rehearsal knows."""
        if self._installations is None:
            return
        known = self._installations()
        for entry in read_list(node, "`install`"):
            name = read_text(entry, "an installation")
            if name not in known:
                message = f"unknown installation `{name}`"
                self._report_wrong(InvalidNodeError(entry, message, suggest(name, known)))

    def _check_rehearsed_names(self, node: Node, contexts: Sequence[str]) -> None:
        """Report the clusters under `rehearsal` that are not in `contexts`."""
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
                        f"unknown context `{name}`",
                        suggest(name, contexts),
                    )
                    self._report_wrong(wrong)

    def _report_wrong(self, wrong: InvalidNodeError) -> None:
        start, end = wrong.node.start_mark, wrong.node.end_mark
        width = end.column - start.column if end.line == start.line else 1
        self._report(start.line + 1, start.column + 1, width, wrong.message, wrong.hint)

    def _report(self, line: int, column: int, width: int, message: str, hint: str) -> None:
        span = Span(self._document.path, line, line, column, max(1, width))
        for text in self._private:
            message = message.replace(f"`{text}`", "`***`")
        self._document.report(span, message, hint)


def _holds_settings(node: Node) -> bool:
    from yaml import MappingNode

    return isinstance(node, MappingNode) and any(key.value == KEY for key, _ in node.value)
