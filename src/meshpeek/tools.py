"""The tools a workshop says it needs: whether they are there, and new enough."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping

from meshpeek.errors import EnvironmentUnfitError

_PATIENCE_SECONDS = 20
_VERSION_ARGUMENTS = {
    "kubectl": ("version", "--client"),
    "linkerd": ("version", "--client", "--short"),
}
_VERSION = re.compile(r"(\d+(?:\.\d+)+)")


def check_tools(requires: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """See that every tool of `requires` is on the PATH of `environment`, in its minimum version.

    `requires` maps a tool to a version such as `1.20`, or to an empty string for any. Raises one
    EnvironmentUnfitError that names all that are missing or too old.
    """
    faults = [
        fault for tool, minimum in requires.items() if (fault := _fault(tool, minimum, environment))
    ]
    if faults:
        raise EnvironmentUnfitError(
            "; ".join(faults), hint="install what is missing and see that it is on PATH"
        )


def _fault(tool: str, minimum: str, environment: Mapping[str, str]) -> str | None:
    path = shutil.which(tool, path=environment.get("PATH"))
    if path is None:
        return f"{tool} was not found"
    if not minimum:
        return None
    version = _version(tool, path, environment)
    if version is None:
        return f"{tool} does not tell its version, and {minimum} or newer is needed"
    if _numbers(version) < _numbers(minimum):
        return f"{tool} is version {version}, and {minimum} or newer is needed"
    return None


def _version(tool: str, path: str, environment: Mapping[str, str]) -> str | None:
    try:
        result = subprocess.run(
            [path, *_VERSION_ARGUMENTS.get(tool, ("--version",))],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(result.stdout)
    return match[1] if match else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
