"""The tools that a workshop requires: whether they are there, and new enough."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import NamedTuple

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.workshop.cluster_access.cluster_tools import cluster_tools
from meshpeek.workshop.model import Command, Workshop

INSTALL_HINT = "install it, and make sure it is on PATH"
_PATIENCE_SECONDS = 20
_VERSION_ARGUMENTS = {"kubectl": (("version", "--client"),)}
_USUAL_VERSION_ARGUMENTS = (("--version",), ("version", "--client"))
"""What prints a tool's version: what most have, then what clients of clusters have."""

_VERSION = re.compile(r"(\d+(?:\.\d+)+)")


class Tool(NamedTuple):
    """A tool: its path (None if it was not found), its version, and what is wrong with it."""

    path: str | None
    version: str | None
    fault: str | None


def check_tools(requires: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """Check that the tools of `requires` are on the PATH of `environment`, and new enough.

    `requires` maps a tool to a version such as `1.20`, or to an empty string for any. Raises one
    EnvironmentUnfitError that names all that are missing or too old.
    """
    faults = [
        fault
        for tool, minimum in requires.items()
        if (fault := find_tool(tool, minimum, environment).fault)
    ]
    if faults:
        raise EnvironmentUnfitError("; ".join(faults), hint=INSTALL_HINT)


def tool_versions(workshop: Workshop, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of the tools that `workshop` requires, and of those for clusters."""
    text = "\n".join(step.text for step in workshop.steps if isinstance(step, Command))
    used = (tool for tool in cluster_tools() if re.search(rf"\b{re.escape(tool)}\b", text))
    names = dict.fromkeys([*workshop.front_matter.requires, *used])
    found = {name: find_tool(name, "", environment, always_ask=True).version for name in names}
    return {name: version for name, version in found.items() if version is not None}


def find_tool(
    name: str, minimum: str, environment: Mapping[str, str], *, always_ask: bool = False
) -> Tool:
    """Look for a tool on the PATH of `environment`, in the version `minimum` or newer.

    It is run for its version if there is a minimum, or with `always_ask`.
    """
    path = shutil.which(name, path=environment.get("PATH"))
    if path is None:
        return Tool(None, None, f"{name} was not found")
    version = _version(name, path, environment) if minimum or always_ask else None
    return Tool(path, version, _fault(name, version, minimum))


def _fault(name: str, version: str | None, minimum: str) -> str | None:
    if not minimum:
        return None
    if version is None:
        return f"{name} prints no version; {minimum} or newer is required"
    if _numbers(version) < _numbers(minimum):
        return f"{name} is version {version}; {minimum} or newer is required"
    return None


def _version(tool: str, path: str, environment: Mapping[str, str]) -> str | None:
    """Return the version that a tool prints: at best when it succeeds, else when it fails."""
    last_resort = None
    for arguments in _VERSION_ARGUMENTS.get(tool, _USUAL_VERSION_ARGUMENTS):
        try:
            result = subprocess.run(
                [path, *arguments],
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
            return last_resort
        match = _VERSION.search(result.stdout)
        if match and result.returncode == 0:
            return match[1]
        last_resort = last_resort or (match[1] if match else None)
    return last_resort


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
