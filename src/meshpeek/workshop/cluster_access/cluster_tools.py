"""The tools that reach clusters by a kubeconfig, and their options (`cluster_tools.json`)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class ClusterTool(NamedTuple):
    """A tool that talks to clusters.

    `context_option` names a context. `refused` are patterns (of sh) for options that name a server,
    and `variables` are those of the environment. `local_commands` work on kubeconfigs alone, and
    `clusterless_commands` on neither.
    """

    context_option: str
    refused: tuple[str, ...]
    variables: tuple[str, ...] = ()
    local_commands: tuple[str, ...] = ()
    clusterless_commands: tuple[str, ...] = ()


@functools.cache
def cluster_tools() -> Mapping[str, ClusterTool]:
    """Return the tools by their names."""
    import json

    given = json.loads(Path(__file__).with_name("cluster_tools.json").read_bytes())
    return {name: ClusterTool(**tool) for name, tool in given.items()}
