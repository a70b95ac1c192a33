"""What the columns of kubectl's tables have in common: ages, labels, shortened lists.

The wording is that of Kubernetes 1.27's server-side printers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from meshpeek.rehearsal.types.label_selectors import requirements_of
from meshpeek.rehearsal.types.objects import Object

Cell = str | int | float | bool | None

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY
_LISTED = 3


class Column(NamedTuple):
    """One column: its heading, and how its cell is read from an object at a moment.

    `wide` columns are those of `-o wide` (priority 1). `type` and `format` are OpenAPI's.
    """

    name: str
    cell: Callable[[Object, datetime], Cell]
    wide: bool = False
    type: str = "string"
    format: str = ""
    description: str = ""


def field(*path: str) -> Callable[[Object, datetime], Cell]:
    """Return a reader of the value at `path`; an absent value is an empty string."""

    def read(obj: Object, _now: datetime) -> Cell:
        value = dig(obj, *path)
        return value if isinstance(value, str | int | float | bool) else ""

    return read


def dig(value: Any, *path: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the value at `path` in nested mappings, or None where it ends early."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def human_duration(seconds: float) -> str:
    """Write a duration as apimachinery's HumanDuration does: two units while it is young."""
    whole = int(seconds)
    if whole < 0:
        return "0s" if whole == -1 else "<invalid>"
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    if whole < 10 * _MINUTE:
        return _two_units(whole, _MINUTE, "m", 1, "s")
    if whole < 3 * _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 8 * _HOUR:
        return _two_units(whole, _HOUR, "h", _MINUTE, "m")
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    if whole < 8 * _DAY:
        return _two_units(whole, _DAY, "d", _HOUR, "h")
    if whole < 2 * _YEAR:
        return f"{whole // _DAY}d"
    if whole < 8 * _YEAR:
        return _two_units(whole, _YEAR, "y", _DAY, "d")
    return f"{whole // _YEAR}y"


def _two_units(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large}{large_name}" + (f"{rest}{small_name}" if rest else "")


def parse_time(text: object) -> datetime | None:
    """Read an RFC 3339 time; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def since(text: object, now: datetime) -> str:
    """Return how long ago the RFC 3339 time `text` was, or `<unknown>`."""
    moment = parse_time(text)
    return human_duration((now - moment).total_seconds()) if moment else "<unknown>"


def age(obj: Object, now: datetime) -> str:
    """Return the age of an object as the AGE column shows it."""
    return since(dig(obj, "metadata", "creationTimestamp"), now)


def labels(mapping: Mapping[str, str] | None) -> str:
    """Write labels as `a=b,c=d`, sorted; `<none>` where there are none."""
    return ",".join(f"{key}={mapping[key]}" for key in sorted(mapping)) if mapping else "<none>"


def selector(obj: Object, _now: datetime) -> str:
    """Write the LabelSelector in `spec.selector` as `kubectl get -o wide` shows it."""
    return selector_text(dig(obj, "spec", "selector") or {})


def selector_text(given: Mapping[str, Any]) -> str:
    """Write a LabelSelector as tables show it; `<none>` for one that selects everything."""
    return ",".join(map(str, requirements_of(given))) or "<none>"


def first_few(items: Sequence[str], total: int) -> str:
    """Join the first three of `items`, and append how many of `total` are not shown."""
    shown = ",".join(items[:_LISTED])
    return shown if total <= _LISTED else f"{shown} + {total - _LISTED} more..."


NAME = Column("Name", field("metadata", "name"), format="name")
AGE = Column("Age", age)
CREATED_AT = Column("Created At", field("metadata", "creationTimestamp"), type="date")
