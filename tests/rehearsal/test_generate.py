"""The data files about Kubernetes' types: that they are what their sources make."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from meshpeek.rehearsal.generate.data_files import made_from
from meshpeek.rehearsal.generate.field_numbers import protobuf_fields
from meshpeek.rehearsal.generate.openapi_types import builtin_types, served_types
from meshpeek.rehearsal.generate.sources import read_definitions, read_kubectl
from tests.tools import find_kubernetes_packages


@cache
def kubectl() -> bytes:
    return read_kubectl(find_kubernetes_packages())


@pytest.fixture
def definitions() -> dict[str, Any]:
    return read_definitions(find_kubernetes_packages())


def test_the_data_files_are_what_their_sources_make() -> None:
    for path, text in made_from(find_kubernetes_packages()).items():
        assert path.read_text() == text, f"run `make kubernetes-types`: {path.name} is another"


def test_without_its_sources_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no kubernetes_validate-\*\.whl in "):
        made_from(tmp_path)


def test_a_kind_that_kubernetes_lacks_is_named(definitions: dict[str, Any]) -> None:
    del definitions["io.k8s.api.apps.v1.Deployment"]
    with pytest.raises(ValueError, match=r"has no apps v1 Deployment$"):
        builtin_types(definitions)


def test_a_field_that_only_kubectl_has_is_named(definitions: dict[str, Any]) -> None:
    del definitions["io.k8s.api.core.v1.Container"]["properties"]["image"]
    with pytest.raises(ValueError, match=r"core\.v1\.Container: only one source has image$"):
        protobuf_fields(definitions, served_types(definitions), kubectl())


def test_a_field_that_only_the_definitions_have_is_named(definitions: dict[str, Any]) -> None:
    definitions["io.k8s.api.core.v1.Volume"]["properties"]["tape"] = {"type": "string"}
    with pytest.raises(ValueError, match=r"core\.v1\.Volume: only one source has tape$"):
        protobuf_fields(definitions, served_types(definitions), kubectl())


def test_a_program_without_descriptors_is_refused(definitions: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"kubectl has no message k8s\.io\.api"):
        protobuf_fields(definitions, served_types(definitions), b"")
