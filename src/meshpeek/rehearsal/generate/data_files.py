"""The data files about Kubernetes' types, and the text that each should have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from meshpeek.rehearsal.generate.field_numbers import protobuf_fields
from meshpeek.rehearsal.generate.openapi_types import builtin_types, served_types
from meshpeek.rehearsal.generate.sources import read_definitions, read_kubectl

_REHEARSAL = Path(__file__).parents[1]
BUILTIN_TYPES = _REHEARSAL / "types" / "builtin_types.json"
PROTOBUF_FIELDS = _REHEARSAL / "api" / "protobuf_fields.json"


def made_from(folder: Path) -> dict[Path, str]:
    """Return each data file's text, made from the packages in `folder`.

    Raises FileNotFoundError where one is missing, KeyError where they are of another version of
    Kubernetes, and ValueError where they lack a kind or disagree about a field.
    """
    definitions = read_definitions(folder)
    messages = protobuf_fields(definitions, served_types(definitions), read_kubectl(folder))
    return {
        BUILTIN_TYPES: _one_a_line(builtin_types(definitions)),
        PROTOBUF_FIELDS: _one_a_line(messages),
    }


def _one_a_line(values: Mapping[str, object]) -> str:
    lines = (
        f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}"
        for name, value in values.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"
