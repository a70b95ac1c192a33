"""Helm values as command lines give them: `--set a.b=c`, `--set-string`, `--values FILE`.

Facts: helm 3's strvals and its coalescing of values. Places in lists (`a[0]=b`) are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from meshpeek.rehearsal.installations.linkerd.cli.api_client import LinkerdError
from meshpeek.rehearsal.installations.linkerd.cli.arguments import Invocation
from meshpeek.rehearsal.types.yaml_documents import load_documents


def read_values(invocation: Invocation) -> dict[str, Any]:
    """Return what the flags `values`, `set` and `set-string` give, later ones over earlier ones.

    Raises LinkerdError for what Helm does not read.
    """
    values: dict[str, Any] = {}
    for path in invocation.texts("values"):
        merge(values, _read_file(path))
    for name, is_typed in (("set", True), ("set-string", False)):
        for text in invocation.texts(name):
            for path_text, value in _assignments(text, name):
                _assign(values, path_text, _typed(value) if is_typed else value)
    return values


def merge(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Put `changes` into `values`, mappings in them merged too."""
    for name, change in changes.items():
        before = values.get(name)
        if isinstance(before, dict) and isinstance(change, Mapping):
            merge(before, change)
        else:
            values[name] = change


def _read_file(path: str) -> dict[str, Any]:
    try:
        documents = load_documents(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LinkerdError(f"open {path}: no such file or directory") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LinkerdError(f"failed to parse {path}: {error}") from None
    values = documents[0] if documents else {}
    if not isinstance(values, dict):
        raise LinkerdError(f"failed to parse {path}: it holds no mapping")
    return values


def _assignments(text: str, flag: str) -> Iterator[tuple[str, str]]:
    """Yield path and value of each `path=value`; commas part them, but not within braces."""
    for part in re.split(r"(?<!\\),(?![^{]*\})", text):
        path, separator, value = part.partition("=")
        if not separator or not path:
            raise LinkerdError(f'failed parsing --{flag} data: key "{part}" has no value')
        yield path, value


def _assign(values: dict[str, Any], path: str, value: object) -> None:
    *outer, last = (name.replace("\\.", ".") for name in re.split(r"(?<!\\)\.", path))
    for name in outer:
        inner = values.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = values[name] = {}
        values = inner
    values[last] = value


def _typed(text: str) -> object:
    if text.startswith("{") and text.endswith("}"):
        return [_typed(each) for each in text[1:-1].split(",")] if text != "{}" else []
    plain = text.replace("\\,", ",")
    if plain in ("true", "false"):
        return plain == "true"
    if plain == "null":
        return None
    return int(plain) if re.fullmatch(r"0|-?[1-9][0-9]*", plain) else plain
