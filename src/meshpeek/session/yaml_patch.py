"""A JSON Patch (RFC 6902) for YAML text: what it names changes, and every other byte stays.

Readers of YAML disagree about words such as `y`, `1e3`, `0o7` and dates. So nothing is read as a
value and written again: PyYAML tells which bytes a node takes, and its tags are never looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jsonpatch
import yaml
from yaml import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

_NULL = "tag:yaml.org,2002:null"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS_WITH_A_MEANING = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_PLAIN_IN_BRACES = re.compile(r"[^\s,\[\]{}#&*!|>'\"%@`:?-][^,\[\]{}#:\n]*")
_LINE_BREAKS = str.maketrans({"\x85": "\\x85", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class PatchError(Exception):
    """The patch does not fit the document, or the document is not YAML."""


class _Source(NamedTuple):
    """A value as it stands in the document, in braces if it has parts."""

    text: str


class _Place(NamedTuple):
    """A member of a mapping or an item of a sequence: its parent, and its position in there.

    The position is that of a new member where there is none.
    """

    parent: MappingNode | SequenceNode
    position: int
    key: str

    @property
    def node(self) -> Node | None:
        """The value, None if there is none yet."""
        values = self.parent.value
        if self.position >= len(values):
            return None
        found = values[self.position]
        node: Node = found[1] if isinstance(self.parent, MappingNode) else found
        return node


def patch_yaml(text: str, patch: str) -> str:
    """Return the document `text` with the `patch`, JSON text, applied.

    Raises PatchError if that is not possible.
    """
    try:
        operations = json.loads(patch)
        before = _tree(_compose(text))
        if "*" in text and any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise PatchError("the document has aliases, which cannot be patched")
        for operation in operations:
            text = _apply(text, operation)
        after = _tree(_compose(text))
        wanted = jsonpatch.apply_patch(
            before, [_of_texts(each) for each in operations if each["op"] != "test"]
        )
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, ValueError) as error:
        raise PatchError(f"the patch does not apply: {error}") from None
    if after != wanted:
        raise PatchError("the patch does not apply: the document is written in too unusual a way")
    return text


def says_the_same(text: str, other: str) -> bool:
    """Tell whether two documents hold the same values of the same kinds."""
    return _shape(_compose(text)) == _shape(_compose(other))


def _compose(text: str) -> Node:
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise PatchError(f"not valid YAML: {error}") from None
    if root is None:
        raise PatchError("the document is empty")
    return root


def _tree(node: Node) -> Any:  # noqa: ANN401  # whatever the document holds, scalars as text
    if isinstance(node, MappingNode):
        return {key.value: _tree(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return list(map(_tree, node.value))
    return "null" if node.tag == _NULL else node.value


def _shape(node: Node) -> object:
    if isinstance(node, MappingNode):
        return {(key.tag, str(key.value)): _shape(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return list(map(_shape, node.value))
    return node.tag, node.value


def _of_texts(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return an operation whose value is as `_tree` has it."""
    if "value" not in operation:
        return dict(operation)
    return {**operation, "value": _tree(_compose(_flow(operation["value"])))}


def _apply(text: str, operation: Mapping[str, Any]) -> str:
    pointer = operation["path"]
    match operation["op"]:
        case "add":
            return _add(text, pointer, operation["value"])
        case "replace":
            return _replace(text, pointer, operation["value"])
        case "remove":
            return _remove(text, pointer)
        case "copy" | "move" as how:
            value = _Source(_in_braces(text, _find_node(text, operation["from"])))
            rest = _remove(text, operation["from"]) if how == "move" else text
            return _add(rest, pointer, value)
        case "test":
            node = _find_node(text, pointer)
            other = _compose(_flow(operation["value"]))
            if _shape(node) != _shape(other):
                raise PatchError(f"the patch does not apply: {pointer} is {_in_braces(text, node)}")
    return text


def _tokens(pointer: str) -> list[str]:
    return list(jsonpatch.JsonPointer(pointer).parts)


def _find_node(text: str, pointer: str) -> Node:
    root = _compose(text)
    if not pointer:
        return root
    node = _find(root, pointer).node
    if node is None:
        raise PatchError(f"the patch does not apply: there is no {pointer}")
    return node


def _find(root: Node, pointer: str) -> _Place:
    tokens = _tokens(pointer)
    node: Node | None = root
    for depth, word in enumerate(tokens):
        where = "/" + "/".join(tokens[: depth + 1])
        if not isinstance(node, MappingNode | SequenceNode):
            raise PatchError(f"the patch does not apply: there is no {where}")
        place = _Place(node, _index(node, word, where), word)
        if depth + 1 < len(tokens) or place.node is not None:
            node = place.node
    return place


def _index(node: MappingNode | SequenceNode, word: str, where: str) -> int:
    if isinstance(node, MappingNode):
        keys = [str(key.value) for key, _ in node.value]
        return keys.index(word) if word in keys else len(keys)
    if word == "-":
        return len(node.value)
    if not word.isdecimal() or int(word) > len(node.value):
        raise PatchError(f"the patch does not apply: there is no {where}")
    return int(word)


def _replace(text: str, pointer: str, value: object) -> str:
    node = _find_node(text, pointer)
    if not pointer:
        return _block(value, 0) + "\n"
    place = _find(_compose(text), pointer)
    return _put(text, place, node, value)


def _put(text: str, place: _Place, node: Node, value: object) -> str:
    """Return the text with `value` where `node` is."""
    start, end = node.start_mark.index, _end(text, node)
    tail = "\n" if text[start:end].endswith("\n") else ""
    parent = place.parent
    if parent.flow_style:
        return text[:start] + _flow(value) + text[end:]
    if isinstance(parent, SequenceNode):
        written = _block(value, _column(text, start))
        return f"{text[:start]}{_gap(text, start)}{written}{tail}{text[end:]}"
    key = parent.value[place.position][0]
    after_key = text.index(":", key.end_mark.index) + 1
    if "#" not in text[after_key:start]:
        start = after_key
    column = key.start_mark.column
    return text[:start] + _member_value(value, column) + tail + text[end:]


def _gap(text: str, start: int) -> str:
    return "" if text[:start].endswith((" ", "\n")) else " "


def _add(text: str, pointer: str, value: object) -> str:
    if not pointer:
        return _replace(text, pointer, value)
    place = _find(_compose(text), pointer)
    parent, node = place.parent, place.node
    if isinstance(parent, MappingNode) and node is not None:
        return _put(text, place, node, value)
    if parent.flow_style:
        entry = _flow(value)
        if isinstance(parent, MappingNode):
            entry = f"{_scalar(place.key)}: {entry}"
        parts = _parts_of(text, parent)
        return _rebuild(text, parent, [*parts[: place.position], entry, *parts[place.position :]])
    if isinstance(parent, SequenceNode):
        if node is not None:
            dash = _dash(text, node)
            column = _column(text, dash)
            return f"{text[:dash]}- {_block(value, column + 2)}\n{' ' * column}{text[dash:]}"
        column = _column(text, _dash(text, parent.value[0]))
        return _insert(text, parent, column, f"- {_block(value, column + 2)}")
    column = parent.value[0][0].start_mark.column
    return _insert(text, parent, column, f"{_scalar(place.key)}:{_member_value(value, column)}")


def _insert(text: str, parent: Node, column: int, entry: str) -> str:
    """Return the text with `entry` in a line of its own after the last one of `parent`."""
    end = _end(text, parent)
    if text[:end].endswith("\n"):
        return f"{text[:end]}{' ' * column}{entry}\n{text[end:]}"
    line_end = text.find("\n", end)
    end = len(text) if line_end < 0 else line_end
    return f"{text[:end]}\n{' ' * column}{entry}{text[end:]}"


def _remove(text: str, pointer: str) -> str:
    if not pointer:
        raise PatchError("the patch does not apply: the whole document cannot be removed")
    root = _compose(text)
    place = _find(root, pointer)
    parent, node = place.parent, place.node
    if node is None:
        raise PatchError(f"the patch does not apply: there is no {pointer}")
    count = len(parent.value)
    if count == 1 or parent.flow_style:
        parts = _parts_of(text, parent)
        del parts[place.position]
        if parent.flow_style:
            return _rebuild(text, parent, parts)
        empty: object = {} if isinstance(parent, MappingNode) else []
        above = "".join(f"/{_escape(token)}" for token in _tokens(pointer)[:-1])
        return _replace(text, above, empty)
    starts = [_start_of(text, parent, index) for index in range(count)]
    start, end = starts[place.position], _end(text, node)
    line_start = text.rfind("\n", 0, start) + 1
    if text[line_start:start].strip():  # the first member, in the line of a dash
        return text[:start] + text[starts[place.position + 1] :]
    if not text[:end].endswith("\n"):
        line_end = text.find("\n", end)
        end = len(text) if line_end < 0 else line_end + 1
    return text[:line_start] + text[end:]


def _escape(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")


def _start_of(text: str, parent: MappingNode | SequenceNode, index: int) -> int:
    if isinstance(parent, MappingNode):
        start: int = parent.value[index][0].start_mark.index
        return start
    return _dash(text, parent.value[index])


def _dash(text: str, item: Node) -> int:
    """Return where the dash of an item of a block sequence is."""
    start: int = item.start_mark.index
    before = text[:start].rstrip()
    while not before.endswith("-"):  # a comment is between the two
        before = before[: before.rfind("\n")].rstrip()
    return len(before) - 1


def _column(text: str, index: int) -> int:
    return index - text.rfind("\n", 0, index) - 1


def _end(text: str, node: Node) -> int:
    """Return where a node's last character is; after its line end for a block of text."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(node, MappingNode) else last)
    end: int = node.end_mark.index
    return end


def _parts_of(text: str, parent: MappingNode | SequenceNode) -> list[str]:
    if isinstance(parent, MappingNode):
        return [
            text[key.start_mark.index : _end(text, value)].rstrip("\n")
            for key, value in parent.value
        ]
    return [text[item.start_mark.index : _end(text, item)] for item in parent.value]


def _rebuild(text: str, parent: MappingNode | SequenceNode, parts: Sequence[str]) -> str:
    """Return the text with `parts` in the braces or brackets of `parent`."""
    start, end = ("{", "}") if isinstance(parent, MappingNode) else ("[", "]")
    first, last = parent.start_mark.index, parent.end_mark.index
    return f"{text[:first]}{start}{', '.join(parts)}{end}{text[last:]}"


def _in_braces(text: str, node: Node) -> str:
    """Return a node of the text in one line, its scalars as they stand there."""
    if isinstance(node, MappingNode):
        members = (f"{_in_braces(text, k)}: {_in_braces(text, v)}" for k, v in node.value)
        return f"{{{', '.join(members)}}}"
    if isinstance(node, SequenceNode):
        return f"[{', '.join(_in_braces(text, item) for item in node.value)}]"
    source = text[node.start_mark.index : node.end_mark.index]
    style = node.style if isinstance(node, ScalarNode) else None
    is_quoted = style in ("'", '"') and "\n" not in source
    if is_quoted or (style is None and _PLAIN_IN_BRACES.fullmatch(source)):
        return source
    return "null" if not source else _quote(node.value)


def _block(value: object, column: int) -> str:
    """Return a value whose first line begins at `column`, as people write it."""
    if isinstance(value, dict) and value:
        line = f"\n{' ' * column}"
        return line.join(
            f"{_scalar(key)}:{_member_value(each, column)}" for key, each in value.items()
        )
    if isinstance(value, list) and value:
        line = f"\n{' ' * column}"
        return line.join(f"- {_block(each, column + 2)}" for each in value)
    return _flow(value)


def _member_value(value: object, column: int) -> str:
    """Return what comes after the colon of a key at `column`."""
    if isinstance(value, dict) and value:
        return f"\n{' ' * (column + 2)}{_block(value, column + 2)}"
    if isinstance(value, list) and value:
        return f"\n{' ' * column}{_block(value, column)}"
    return f" {_flow(value)}"


def _flow(value: object) -> str:
    """Return a value in one line."""
    if isinstance(value, _Source):
        return value.text
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {_flow(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value)


def _scalar(value: object) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS_WITH_A_MEANING:
        return value
    return _quote(value)


def _quote(text: str) -> str:
    """Return `text` as all readers take it: JSON, whose strings are YAML's."""
    return json.dumps(text, ensure_ascii=False).translate(_LINE_BREAKS)
