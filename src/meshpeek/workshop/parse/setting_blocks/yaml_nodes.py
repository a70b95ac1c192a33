"""Reading YAML node by node, so that an error has the place of its node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from meshpeek.workshop.parse.suggestions import suggest

if TYPE_CHECKING:
    from yaml import Node


class InvalidNodeError(Exception):
    """A YAML node is invalid: why, and what to do about it."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message
        self.hint = hint


class MappingEntry(NamedTuple):
    """An entry of a mapping: its key's node and text, and its value's node."""

    key: Node
    name: str
    value: Node


def refuse_key(key: Node, known: Iterable[str], _value: Node) -> NoReturn:
    """Raise InvalidNodeError for a key that is not one of `known`."""
    raise InvalidNodeError(key, f"unknown key `{key.value}`", suggest(str(key.value), known))


def read_mapping(node: Node, what: str) -> Iterator[MappingEntry]:
    """Yield the entries of the mapping `node`, which messages call `what`; none if it is empty."""
    from yaml import MappingNode, ScalarNode

    if isinstance(node, ScalarNode) and not node.value:
        return
    if not isinstance(node, MappingNode):
        raise InvalidNodeError(node, f"{what} must be a mapping", "write `key: value` lines")
    seen: set[str] = set()
    for key, value in node.value:
        name = read_text(key, "a key")
        if name in seen:
            raise InvalidNodeError(key, f"duplicate key `{name}`", "keep one of them")
        seen.add(name)
        yield MappingEntry(key, name, value)


def read_list(node: Node, what: str) -> list[Node]:
    """Return the nodes of the list `node`."""
    from yaml import SequenceNode

    if not isinstance(node, SequenceNode):
        raise InvalidNodeError(node, f"{what} must be a list", "write it as `[one, two]`")
    return list(node.value)


def read_text(node: Node, what: str) -> str:
    """Return the text of the single value `node`, an empty string for YAML's null."""
    from yaml import ScalarNode

    if not isinstance(node, ScalarNode):
        raise InvalidNodeError(node, f"{what} must be text", "write a single value")
    return "" if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def read_truth(node: Node, what: str) -> bool:
    """Return whether `node` is `true` rather than `false`."""
    word = read_text(node, what)
    if word not in ("true", "false"):
        raise InvalidNodeError(node, f"{what} must be true or false", "write `true`")
    return word == "true"
