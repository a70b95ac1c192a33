"""What goes wrong in a manifest: labels, ports, names, weights, namespaces, whole objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from meshpeek.workshop.mutations.mutation import Mutation, edited, misspelt

if TYPE_CHECKING:
    from yaml import MappingNode, Node

_DURATION = re.compile(r"(\d+)(ms|s|m|h)")
_DEFINITIONS = frozenset({"CustomResourceDefinition"})
"""Kinds that nobody writes by hand: what is wrong in one is not a mistake of the workshop."""

_LABELS = ("labels", "matchLabels", "selector")
_PORTS = ("port", "targetPort", "nodePort", "containerPort")
_REFERENCES = ("parentRefs", "backendRefs")
_UNUSED_LABEL = "no selector and no command uses the label"
_UNUSED_PORT = "containerPort only tells which port the container listens on"

Uses = Callable[[str], bool]
"""Whether something depends on a label of this name."""


class _Entry(NamedTuple):
    """A key of a mapping with its value: where it is, and the keys that lead to it."""

    path: tuple[str, ...]
    key: Node
    value: Node

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def parent(self) -> str:
        return self.path[-2] if self.path[1:] else ""


def mutate_manifest(text: str, path: str, is_used: Uses) -> Iterator[Mutation]:
    """Yield the mutations of the manifest `text`, the file at `path`; none if it is not YAML."""
    import yaml

    try:
        documents = [node for node in yaml.compose_all(text, yaml.SafeLoader) if node]
    except yaml.YAMLError:
        return
    for document in documents:
        if not isinstance(document, yaml.MappingNode):
            continue
        entries = list(_entries(document, ()))
        top = {entry.name: entry.value.value for entry in entries if len(entry.path) == 1}
        if top.get("kind") in _DEFINITIONS:
            continue
        names = (e.value.value for e in entries if e.path == ("metadata", "name"))
        what = f"{top.get('kind', 'object')} {next(names, '')}".strip()
        yield edited(path, text, _lines_of(text, document), "", "object", f"{what} is left out")
        for entry in entries:
            if isinstance(entry.value, yaml.ScalarNode):
                yield from _mutate_scalar(text, path, entry, what, is_used)


def _entries(node: MappingNode, path: tuple[str, ...]) -> Iterator[_Entry]:
    import yaml

    for key, value in node.value:
        here = (*path, str(key.value))
        yield _Entry(here, key, value)
        for child in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if isinstance(child, yaml.MappingNode):
                yield from _entries(child, here)


def _mutate_scalar(
    text: str, path: str, entry: _Entry, what: str, is_used: Uses
) -> Iterator[Mutation]:
    value = str(entry.value.value)

    def replaced(kind: str, new: str, harmless: str | None = None) -> Mutation:
        place = entry.value.start_mark.index, entry.value.end_mark.index
        new_text = f'"{new}"' if text[place[0] : place[0] + 1] in "'\"" else new
        change = f"{what}: `{entry.name}: {value}` becomes `{entry.name}: {new}`"
        return edited(path, text, place, new_text, kind, change, harmless)

    def dropped(kind: str, harmless: str | None = None) -> Mutation:
        change = f"{what}: `{entry.name}: {value}` is left out"
        return edited(path, text, _entry_lines(text, entry), "", kind, change, harmless)

    is_label = entry.parent in _LABELS
    if is_label:
        harmless = None
        if entry.parent == "labels" and not is_used(entry.name):
            harmless = _UNUSED_LABEL
        yield dropped("label", harmless)
        if harmless is None:
            yield replaced("label", misspelt(value))
    elif entry.parent == "annotations":
        yield dropped("annotation")
    elif entry.name in _PORTS:
        new = str(int(value) + 1) if value.isdigit() else misspelt(value)
        yield replaced("port", new, _UNUSED_PORT if entry.name == "containerPort" else None)
    elif entry.name == "weight":
        yield replaced("weight", "0" if value != "0" else "1")
    elif entry.name == "replicas" and value.isdigit():
        yield replaced("replicas", str(int(value) - 1) if int(value) > 1 else "2")
    elif entry.path == ("metadata", "namespace"):
        yield replaced("namespace", "default")
        yield dropped("namespace")
    elif entry.path == ("metadata", "name"):
        yield replaced("name", misspelt(value))
    elif entry.name == "name" and entry.parent in _REFERENCES:
        yield replaced("reference", misspelt(value))
    elif entry.name == "value" and entry.parent == "env":
        yield replaced("environment", misspelt(value))
    elif entry.name == "service" and len(entry.path) > 1:
        yield replaced("reference", misspelt(value))
    elif (duration := _DURATION.fullmatch(value)) and _is_timeout(entry):
        yield replaced("timeout", f"{int(duration[1]) * 2}{duration[2]}")
        yield dropped("timeout")


def _is_timeout(entry: _Entry) -> bool:
    """Tell whether an entry says how long something may take: `cpu: 50m` looks like it."""
    return "timeout" in f"{entry.parent} {entry.name}".lower()


def _entry_lines(text: str, entry: _Entry) -> tuple[int, int]:
    """Return where an entry of a block stands; what begins its line (`- `) stays."""
    start, end = entry.key.start_mark.index, entry.value.end_mark.index
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end + 1
    if text[line_start:start].strip():  # `- key: value`, or `{key: value, …}`
        following = re.compile(r"[ \t]*(?:#[^\n]*)?\n[ ]*|[ ]*,[ ]*").match(text, end)
        return start, following.end() if following else end
    return line_start, line_end


def _lines_of(text: str, document: Node) -> tuple[int, int]:
    """Return where a document stands, up to the line that separates it from the next."""
    start = document.start_mark.index
    end = re.compile(r"^---", re.MULTILINE).search(text, start)
    return start, end.start() if end else len(text)
