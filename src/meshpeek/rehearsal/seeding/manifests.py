"""Reading manifests: the objects in files and folders of YAML or JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.types.objects import Object


class Manifest(NamedTuple):
    """An object, and the place where it begins: `FILE:LINE`."""

    place: str
    object: Object


def read_manifests(path: Path) -> Iterator[Manifest]:
    """Yield the objects in a file, or in the YAML and JSON files of a folder by their names.

    Raises RehearsalError for what cannot be read.
    """
    if path.is_dir():
        for each in sorted(path.iterdir()):
            if each.suffix in (".yaml", ".yml", ".json"):
                yield from read_manifests(each)
        return
    import yaml

    from meshpeek.rehearsal.types.yaml_documents import load_numbered_documents

    name = _relative(path)
    text = ""
    try:
        text = path.read_text("utf-8")
        documents = load_numbered_documents(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line + 1, len(text.splitlines())) if mark else 1
        raise RehearsalError(
            f"{name}:{line}: not valid YAML: {error.problem}",
            hint="correct the manifest",
            is_input=True,
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise RehearsalError(
            f"{name}: the manifest cannot be read: {error}",
            hint="name a YAML file, or a folder of them, under `rehearsal` in the settings",
            is_input=True,
        ) from None
    for line, document in documents:
        yield from _objects_in(f"{name}:{line}", document)


def _relative(path: Path) -> str:
    """Return a path as a person would write it, from the current folder."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _objects_in(place: str, document: Any) -> Iterator[Manifest]:  # noqa: ANN401 - any YAML
    if document is None:
        return
    if not _is_object(document):
        raise RehearsalError(
            f"{place}: not a Kubernetes object",
            hint="every document of a manifest has apiVersion, kind and metadata",
            is_input=True,
        )
    if document["kind"] == "List":
        for each in document.get("items") or ():
            yield from _objects_in(place, each)
    else:
        yield Manifest(place, document)


def _is_object(document: Any) -> bool:  # noqa: ANN401 - any YAML
    if not isinstance(document, dict):
        return False
    if not all(isinstance(document.get(name), str) for name in ("apiVersion", "kind")):
        return False
    return document["kind"] == "List" or isinstance(document.get("metadata"), dict)
