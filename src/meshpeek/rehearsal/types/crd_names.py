"""The names of custom kinds: which are filled in, and which are taken.

Rules and wording: apiextensions-apiserver 1.27, `SetDefaults_CustomResourceDefinitionSpec` and the
naming controller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from meshpeek.rehearsal.types.resources import Resource


class Conflict(NamedTuple):
    """Why a definition's names cannot be accepted, as its condition states it."""

    reason: str
    message: str


def apply_defaults(definition: Mapping[str, Any]) -> None:
    """Fill in what the spec of a CustomResourceDefinition leaves out."""
    spec = definition.get("spec") or {}
    names = spec.get("names") or {}
    if names.get("kind"):
        names.setdefault("listKind", names["kind"] + "List")
        names.setdefault("singular", names["kind"].lower())
    spec.setdefault("conversion", {}).setdefault("strategy", "None")


def conflict(names: Mapping[str, Any], others: Iterable[Resource]) -> Conflict | None:
    """Return the conflict of a definition's names with other kinds of the same group.

    Of several it is the last one that the naming controller finds.
    """
    taken = set()
    kinds = set()
    for other in others:
        taken |= {other.key.plural, other.singular, *other.short_names}
        kinds |= {other.kind, other.list_kind}
    found = None
    checks = [
        ("PluralConflict", names.get("plural"), taken),
        ("SingularConflict", names.get("singular"), taken),
        *(("ShortNamesConflict", short, taken) for short in names.get("shortNames") or ()),
        ("KindConflict", names.get("kind"), kinds),
        ("ListKindConflict", names.get("listKind"), kinds),
    ]
    for reason, name, in_use in checks:
        if name in in_use:
            found = Conflict(reason, f'"{name}" is already in use')
    return found
