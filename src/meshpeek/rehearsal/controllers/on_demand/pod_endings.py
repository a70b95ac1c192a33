"""How Pods end although nothing runs in them: by themselves, by annotations, by failing probes.

A container that is not to be started again ends when its command would: `sleep` says how late,
`exit` and `false` how. Annotations on a Pod say otherwise, and let its probes fail.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from meshpeek.rehearsal.controllers.runtime import controller_of
from meshpeek.rehearsal.types.objects import Object

EXIT_CODE = "meshpeek/exit-code"
RUN_SECONDS = "meshpeek/run-seconds"
FAILING_PROBES = "meshpeek/failing-probes"
"""Annotations: the exit code of all containers, after how long, and which probes fail."""

USUAL_SECONDS = 2.0
"""How long a command takes that says nothing about it."""

_SLEEP = re.compile(r"\bsleep\s+(\d+(?:\.\d+)?|inf|infinity)([smhd]?)\b")
_EXIT = re.compile(r"\bexit\s+(\d{1,3})\b")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class PodEnding(NamedTuple):
    """When the containers of a Pod end after their start, in seconds, and with what exit code."""

    seconds: float
    code: int


def ending_of(pod: Object) -> PodEnding | None:
    """Return how a Pod ends; None for one that runs on."""
    annotations = pod["metadata"].get("annotations") or {}
    code = _number(annotations.get(EXIT_CODE))
    seconds = _number(annotations.get(RUN_SECONDS))
    if code is not None or seconds is not None:
        return PodEnding(USUAL_SECONDS if seconds is None else seconds, int(code or 0))
    spec = pod["spec"]
    if spec.get("restartPolicy", "Always") == "Always" or not _has_an_end(pod):
        return None
    seconds = max(map(_seconds, spec["containers"]))
    if math.isinf(seconds):
        return None
    return PodEnding(seconds, max(map(_code, spec["containers"])))


def failing_probes(pod: Mapping[str, Any]) -> frozenset[str]:
    """Return the probes that an annotation lets fail: `readiness`, `liveness`, `startup`."""
    text = (pod["metadata"].get("annotations") or {}).get(FAILING_PROBES, "")
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def _has_an_end(pod: Object) -> bool:
    """Return whether all containers of a Pod are to do something and end: those of Jobs are."""
    owner = controller_of(pod)
    if owner is not None and owner["kind"] == "Job":
        return True
    return all(each.get("command") or each.get("args") for each in pod["spec"]["containers"])


def _words(container: Mapping[str, Any]) -> Sequence[str]:
    return [*(container.get("command") or ()), *(container.get("args") or ())]


def _seconds(container: Mapping[str, Any]) -> float:
    slept = [
        math.inf if amount.startswith("inf") else float(amount) * _UNITS[unit]
        for amount, unit in _SLEEP.findall(" ".join(_words(container)))
    ]
    return sum(slept) if slept else USUAL_SECONDS


def _code(container: Mapping[str, Any]) -> int:
    words = _words(container)
    found = _EXIT.findall(" ".join(words))
    if found:
        return int(found[-1])
    return int(bool(words) and words[-1].rpartition("/")[2] == "false")


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) and number >= 0 else None
