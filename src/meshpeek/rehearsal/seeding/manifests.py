"""Reading manifests: the objects in files and folders of YAML or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.types.objects import Object


def read_manifests(path: Path) -> Iterator[Object]:
    """Yield the objects in a file, or in the YAML and JSON files of a folder by their names.

    Raises RehearsalError for what cannot be read.
    """
    if path.is_dir():
        for each in sorted(path.iterdir()):
            if each.suffix in (".yaml", ".yml", ".json"):
                yield from read_manifests(each)
        return
    import yaml

    from meshpeek.rehearsal.types.yaml_documents import load_documents

    try:
        documents = load_documents(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise RehearsalError(
            f"{path}: the manifest cannot be read: {error}",
            hint="name a YAML file, or a folder of them, under `rehearsal` in the front matter",
        ) from None
    for document in documents:
        yield from _objects_in(path, document)


def _objects_in(path: Path, document: Any) -> Iterator[Object]:  # noqa: ANN401 - any YAML
    if document is None:
        return
    if not _is_object(document):
        raise RehearsalError(
            f"{path}: a document in it is no Kubernetes object",
            hint="every document of a manifest has apiVersion, kind and metadata",
        )
    if document["kind"] == "List":
        for each in document.get("items") or ():
            yield from _objects_in(path, each)
    else:
        yield document


def _is_object(document: Any) -> bool:  # noqa: ANN401 - any YAML
    if not isinstance(document, dict):
        return False
    if not all(isinstance(document.get(name), str) for name in ("apiVersion", "kind")):
        return False
    return document["kind"] == "List" or isinstance(document.get("metadata"), dict)
