"""Durations as people write them: `500ms`, `30s`, `5m`, `1m30s`, `1h`; and minutes of a talk."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)", re.ASCII)
_MINUTES = re.compile(r"\d{1,3}(?:\.\d+)?", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)


def parse_duration(text: str) -> float | None:
    """Return `text` in seconds, None if it is not a duration above zero."""
    if len(text) > 20 or not _WHOLE.fullmatch(text):
        return None
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return seconds or None


def parse_minutes(text: str) -> float | None:
    """Return `text` as a number of minutes, `2` or `2.5`, None if it is not one."""
    return float(text) if _MINUTES.fullmatch(text) else None
