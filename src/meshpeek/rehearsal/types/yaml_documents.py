"""YAML as the tools written in Go read and write it, for the stand-ins of such tools.

Reading follows YAML 1.2's core schema where PyYAML's 1.1 differs visibly: `on` and `no` are
strings, and so is a date. Writing quotes whatever either version would read as something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

_BOOL = "tag:yaml.org,2002:bool"
_STRING = "tag:yaml.org,2002:str"
_LEFT_OUT = {_BOOL, "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader with fewer plain words that mean something."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _LEFT_OUT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    _BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


class _Dumper(yaml.SafeDumper):
    """Block style, long lines left alone, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - PyYAML's signature
        """Write equal objects out in full, as JSON-based tools do."""
        return True


class _IndentingDumper(_Dumper):
    """Also indents the items of a list in a mapping."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Never leave a block sequence at its parent's indentation."""
        super().increase_indent(flow, False)


def _represent_string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        return dumper.represent_scalar(_STRING, text, style="|")
    plain_means = dumper.resolve(  # type: ignore[no-untyped-call]
        yaml.ScalarNode, text, (True, False)
    )
    return dumper.represent_scalar(_STRING, text, style=None if plain_means == _STRING else '"')


_Dumper.add_representer(str, _represent_string)


def load_documents(text: str) -> list[Any]:
    """Return the values of all documents in `text`; raises yaml.YAMLError."""
    return list(yaml.load_all(text, Loader=_Loader))


def load_numbered_documents(text: str) -> list[tuple[int, Any]]:
    """Return the line at which each document in `text` begins, and its value.

    Raises yaml.YAMLError.
    """
    loader = _Loader(text)
    try:
        found = []
        while loader.check_node():
            node = loader.get_node()
            found.append((node.start_mark.line + 1, loader.construct_document(node)))
        return found
    finally:
        loader.dispose()


def check_modest(text: str, maximum_depth: int) -> None:
    """Raise yaml.YAMLError where `text` is malformed, or expensive for its size.

    A few aliases can stand for gigabytes, libyaml's time grows with the square of the depth, and
    of many documents only the first would be read.
    """
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise yaml.YAMLError("more than one document")
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not accepted")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > maximum_depth:
            raise yaml.YAMLError("nested too deeply")


def dump_document(value: Any, *, indent_lists: bool = False) -> str:  # noqa: ANN401
    """Write one value as a YAML document, ending in a line feed, keys in their order."""
    text: str = yaml.dump(
        value,
        Dumper=_IndentingDumper if indent_lists else _Dumper,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=True,
        width=float("inf"),
    )
    return text.removesuffix("...\n")


def dump_stream(values: Iterable[Any]) -> str:
    """Write documents with a `---` line after each."""
    return "".join(f"{dump_document(value)}---\n" for value in values)


def document_texts(text: str) -> list[str]:
    """Cut `text` into its documents as they are written, comments included, markers left out.

    Raises yaml.YAMLError where PyYAML finds the text malformed.
    """
    starts: list[int] = []
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.DocumentStartEvent) and event.start_mark:
            starts.append(event.start_mark.line)
    if not starts:
        return []
    lines = text.splitlines(keepends=True)
    starts[0] = 0
    ends = [*starts[1:], len(lines)]
    return [
        "".join(_without_markers(lines[start:end])) for start, end in zip(starts, ends, strict=True)
    ]


def _without_markers(lines: list[str]) -> list[str]:
    kept = [line for line in lines if not re.match(r"(---|\.\.\.)\s*$", line)]
    return [re.sub(r"^---\s+", "", line) for line in kept]
