"""What each setting is for, and a JSON schema of its values, for editors.

A test has the schema and the functions of READERS agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from meshpeek.workshop.model import NormalisationRule, StandIn
from meshpeek.workshop.parse.setting_blocks.front_matter_keys import COLOURS
from meshpeek.workshop.parse.vocabulary import FINDINGS

_TEXT = {"type": ["string", "number", "boolean", "null"]}
_TEXTS = {"type": "array", "items": _TEXT}
_VARIABLE = r"^[A-Za-z_]\w*$"
_DURATION = {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h))+$"}
_COLOUR = rf"^((bright_)?({'|'.join(COLOURS)})|#[0-9A-Fa-f]{{6}})$"
_NULL = {"type": "null"}


def _object(keys: Mapping[str, Any] | None = None, values: Any = None) -> dict[str, Any]:  # noqa: ANN401
    """Return the schema of a mapping: with these keys alone, or with `values` under any key."""
    if keys is not None:
        return {"type": "object", "properties": dict(keys), "additionalProperties": False}
    return {"type": "object", "additionalProperties": values}


class Setting(NamedTuple):
    """A key of the settings: what it is for, in a sentence, and the JSON schema of its value."""

    meaning: str
    schema: Mapping[str, Any]


SETTINGS: Mapping[str, Setting] = {
    "contexts": Setting(
        "The clusters that commands may talk to, in order; each may have a colour.",
        {
            "anyOf": [
                {"type": "array", "items": {"type": ["string", "number"]}, "uniqueItems": True},
                _object(values={"anyOf": [{"type": "string", "pattern": _COLOUR}, _NULL]}),
            ]
        },
    ),
    "current": Setting("The context that commands without one reach.", {"type": "string"}),
    "requires": Setting(
        "The tools that commands need, each with its minimum version, or an empty text.",
        {"anyOf": [_TEXTS, _object(values=_TEXT)]},
    ),
    "env": Setting(
        "Variables for the commands; `secret: true` hides a value.",
        {
            "type": "object",
            "propertyNames": {"pattern": _VARIABLE},
            "additionalProperties": {
                "anyOf": [_TEXT, _object({"value": _TEXT, "secret": {"type": "boolean"}})]
            },
        },
    ),
    "secrets": Setting(
        "The names of variables of your own environment whose values are hidden.",
        {"type": "array", "items": {"type": "string", "pattern": _VARIABLE}},
    ),
    "timeout": Setting("How long a command may take that has no `timeout` of its own.", _DURATION),
    "size": Setting(
        "The columns and rows of the terminal where nobody has one.",
        {"type": "string", "pattern": r"^\d+x\d+$"},
    ),
    "minutes": Setting(
        "The plan of a talk: how many minutes sections take, by their titles.",
        _object(values={"type": "number", "minimum": 0, "maximum": 999}),
    ),
    "stand-ins": Setting(
        "The stand-ins that replace programs with nobody at the keyboard.",
        {"anyOf": [{"const": False}, {"type": "array", "items": {"enum": list(StandIn)}}]},
    ),
    "normalise": Setting(
        "What a comparison with a transcript ignores.",
        _object(
            {
                "off": {"type": "array", "items": {"enum": list(NormalisationRule)}},
                "replace": _object(values=_TEXT),
            }
        ),
    ),
    "rehearsal": Setting(
        "What each embedded cluster holds at the start.",
        _object(values=_object({"manifests": _TEXTS, "links": _TEXTS, "install": _TEXTS})),
    ),
    "sealed": Setting("Whether a rehearsal has a network of its own.", {"type": "boolean"}),
    "install": Setting("What is installed on embedded clusters that do not say it.", _TEXTS),
    "pytest": Setting("Whether pytest collects this workshop.", {"type": "boolean"}),
    "matrix": Setting(
        "The versions that it is tested with.",
        {
            "type": "object",
            "propertyNames": {"pattern": r"^(?!workshop$)[A-Za-z_][\w-]*$"},
            "additionalProperties": {**_TEXTS, "minItems": 1, "uniqueItems": True},
        },
    ),
    "lint": Setting(
        "The warnings of lint that are switched off.",
        _object({"off": {"type": "array", "items": {"enum": list(FINDINGS)}}}),
    ),
}
"""The settings in the order of READERS."""


def settings_schema() -> dict[str, Any]:
    """Return the JSON schema of a workshop's settings, as an editor takes it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of a meshpeek workshop",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            name: {"description": setting.meaning, **setting.schema}
            for name, setting in SETTINGS.items()
        },
    }
