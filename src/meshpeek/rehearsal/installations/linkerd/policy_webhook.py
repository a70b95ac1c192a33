"""Linkerd's validating webhook for its policy resources: what it says no to.

Facts: linkerd2 stable-2.14.10, policy-controller/src/admission.rs and k8s/api/src/duration.rs. Only
what concerns HTTPRoutes is here; the other kinds are let through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.scalars.go_durations import NANOSECONDS
from meshpeek.rehearsal.types.status import denied

NAME = "linkerd-policy-validator.linkerd.io"

_UNITS = "expected one of 'ns', 'us', 'µs', 'ms', 's', 'm', or 'h'"
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class DurationError(ValueError):
    """A duration that Linkerd does not read; the text says why."""


def parse_duration(text: str) -> float:
    """Return the seconds of a duration in Go's format (`1h30m`, `300ms`, `0`), negative if `-`.

    Linkerd reads it with a parser of its own, which takes an empty text for 0 and explains itself
    in other words than Go's. Raises DurationError with these.
    """
    sign = -1.0 if text.startswith("-") else 1.0
    rest = text.lstrip("+").lstrip("-")
    total = 0.0
    while rest:
        number, unit, following = _next_part(rest)
        if not unit:
            if rest == "0":
                return 0.0
            raise DurationError(f"missing a unit: {_UNITS}")
        if not _NUMBER.fullmatch(number):
            reason = "invalid float literal" if number else "cannot parse float from empty string"
            raise DurationError(f"invalid floating-point number: {reason}")
        if unit not in NANOSECONDS:
            raise DurationError(f"invalid unit: {_UNITS}")
        total += float(number) * NANOSECONDS[unit] / 1e9
        rest = following
    return sign * total


def review(route: Object) -> None:
    """Raise ApiError, as an API server does, for an HTTPRoute that the webhook denies."""
    try:
        for rule in route["spec"].get("rules") or ():
            _check_timeouts(rule.get("timeouts") or {})
    except DurationError as error:
        raise denied(NAME, str(error)) from None


def _check_timeouts(timeouts: Mapping[str, Any]) -> None:
    seconds = {
        name: parse_duration(timeouts[name])
        for name in ("backendRequest", "request")
        if timeouts.get(name) is not None
    }
    for name in seconds:
        if timeouts[name].startswith("-"):
            raise DurationError(f"{name} timeout must not be negative")
    if len(seconds) == 2 and seconds["request"] < seconds["backendRequest"]:
        shown = {name: _debug_text(value) for name, value in seconds.items()}
        raise DurationError(
            f"backendRequest timeout ({shown['backendRequest']}) must not be greater than "
            f"request timeout ({shown['request']})"
        )


def _debug_text(seconds: float) -> str:
    """Write a duration as Rust prints it: in the largest of four units that it reaches."""
    for unit in ("s", "ms", "µs"):
        if seconds * 1e9 >= NANOSECONDS[unit]:
            return f"{seconds * 1e9 / NANOSECONDS[unit]:.9g}{unit}"
    return f"{seconds * 1e9:.9g}ns"


def _next_part(text: str) -> tuple[str, str, str]:
    """Cut the next number and its unit off `text`, as the real parser does."""
    start = next((place for place, sign in enumerate(text) if sign.isalpha()), len(text))
    end = next((place for place in range(start, len(text)) if not text[place].isalpha()), len(text))
    return text[:start], text[start:end], text[end:]
