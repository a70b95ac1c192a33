"""Values in settings that an excerpt must not show: secrets, and what may turn out to be one.

Excerpts are of settings that are wrong, so nothing here relies on what was understood of them.
Whatever is not known to be public is private.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from meshpeek.workshop.parse.setting_blocks.front_matter_block import looks_like_settings
from meshpeek.workshop.parse.setting_blocks.settings_comment import begins_settings
from meshpeek.workshop.parse.suggestions import find_closest
from meshpeek.workshop.parse.text_document import TextDocument

if TYPE_CHECKING:
    from yaml import Node, ScalarNode

_PRIVATE_KEYS = ("env", "secrets")
_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_LISTED_NAME = re.compile(r"[A-Z][A-Z0-9_.-]*")
_TRUTHS = ("true", "false", "True", "False", "yes", "no", "on", "off")
_PROSE = "prose"
_IN_SETTINGS = re.compile(r"""$|[ \t{}\[\]#]|- |["']?[\w-]+["']?[ \t]*:""")
_MENTION = re.compile(r"\b(?:env|secrets?)\b")
_KEY = re.compile(r"""[ \t]*(?:- +)*(?:[\w-]+|"[\w -]+"|'[\w -]+')[ \t]*:(?=[ \t]|$)|[ \t]*""")
_MARKED_VALUE = re.compile(r"""\bvalue["']?[ \t]*:[ \t]*["']?([^\s"',}][^"',}\n]*)""")


def hide_values(
    document: TextDocument, root: Node | None, settings: str, public: Collection[str]
) -> list[str]:
    """Hide the values in front matter that may be private, and return them, the longest first.

    `root` is its YAML. Those below the key `settings`, and there below a key in `public`, are
    public, but for variables. What is marked as a secret becomes one of the document's.
    """
    if root is None:
        return []
    private = list(_in_document(root, settings, public))
    for scalar in private:
        _hide(document, scalar)
    document.secrets = frozenset(_find_marked(root))
    return sorted({str(scalar.value) for scalar in private if scalar.value}, key=len, reverse=True)


def hide_unreadable(document: TextDocument, lines: range) -> None:
    """Hide what may be private in the lines (indexes) of settings that are not valid YAML.

    That is all but keys, once a variable or a secret is mentioned.
    """
    is_private = False
    for index in lines:
        line = document.lines[index]
        is_private = is_private or _MENTION.search(line) is not None
        key = _KEY.match(line)
        start = key.end() if key else 0
        start += len(line[start:]) - len(line[start:].lstrip())
        if is_private and start < len(line):
            document.hide(index + 1, start, len(line))
    if is_private:
        text = "\n".join(document.lines[index] for index in lines)
        document.secrets |= frozenset(_MARKED_VALUE.findall(text))


def hide_misplaced(document: TextDocument) -> None:
    """Hide what may be private in settings that stand where they are not read."""
    begin = None
    for index, line in enumerate((*document.lines, _PROSE)):
        if begin is None and (looks_like_settings(line) or begins_settings(line)):
            begin = index
        elif begin is not None and not _IN_SETTINGS.match(line):
            hide_unreadable(document, range(begin, index))
            begin = None


def _hide(document: TextDocument, scalar: ScalarNode) -> None:
    """Hide a scalar of settings."""
    first, last = scalar.start_mark, scalar.end_mark
    for number in range(first.line, last.line + 1):
        line = document.lines[number]
        start = first.column if number == first.line else len(line) - len(line.lstrip())
        end = last.column if number == last.line else len(line)
        comment = line.find(" #", end)
        if start < end:
            document.hide(number + 1, start, end)
        if start < end and comment >= 0:
            document.hide(number + 1, comment + 1, len(line))


def _in_document(node: Node, settings: str, public: Collection[str]) -> Iterator[ScalarNode]:
    from yaml import MappingNode

    if not isinstance(node, MappingNode):
        yield from _scalars(node)
        return
    for key, value in node.value:
        if key.value != settings or not isinstance(value, MappingNode):
            yield from _scalars(value)
            continue
        for setting, under in value.value:
            name = str(setting.value)
            if name in _PRIVATE_KEYS:
                yield from _variables(under)
            elif name not in public and find_closest(name, public) in (None, *_PRIVATE_KEYS):
                yield from _scalars(under)


def _variables(node: Node) -> Iterator[ScalarNode]:
    from yaml import MappingNode, SequenceNode

    if isinstance(node, SequenceNode):
        yield from (each for each in _scalars(node) if not _LISTED_NAME.fullmatch(each.value))
        return
    if not isinstance(node, MappingNode):
        yield from _scalars(node)
        return
    for name, value in node.value:
        if not _NAME.fullmatch(str(name.value)):
            yield from _scalars(name)
        if not isinstance(value, MappingNode):
            yield from _scalars(value)
            continue
        for key, under in value.value:
            if key.value != "secret" or under.value not in _TRUTHS:
                yield from _scalars(under)
            if not under.value and key.value not in ("secret", "value"):
                yield from _scalars(key)  # `{hunter2}` is a key without a value


def _scalars(node: Node) -> Iterator[ScalarNode]:
    """Yield the scalars in `node` but the keys of mappings."""
    from yaml import ScalarNode

    yield from (each for each in _walk(node) if isinstance(each, ScalarNode))


def _walk(node: Node) -> Iterator[Node]:
    """Yield `node` and all in it but the keys of mappings, each once: it may hold itself."""
    from yaml import MappingNode, SequenceNode

    seen: set[int] = set()
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, SequenceNode):
            waiting += reversed(each.value)
        elif isinstance(each, MappingNode):
            waiting += reversed([value for _, value in each.value])


def _find_marked(node: Node) -> Iterator[str]:
    """Yield the values beside a key `secret` that is not false, wherever that stands in `node`."""
    from yaml import MappingNode

    for each in _walk(node):
        if isinstance(each, MappingNode) and any(
            key.value == "secret" and value.value != "false" for key, value in each.value
        ):
            for key, value in each.value:
                if key.value != "secret":
                    yield from (str(scalar.value) for scalar in _scalars(value))
