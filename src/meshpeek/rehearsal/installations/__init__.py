"""The products that rehearsal clusters can have, each in a module or folder of its own.

k3s itself, Linkerd stable-2.14.10 with its multicluster extension, the Gateway API, Emissary 3.8.0
and Faces 0.8.0: enough of each to be looked at with kubectl and to make the controllers act, not
enough to run.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshpeek.rehearsal.installation import Installation

_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "k3s": "k3s",
        "linkerd": "linkerd",
        "linkerd-multicluster": "linkerd_multicluster",
        "gateway-api": "gateway_api",
        "emissary": "emissary",
        "faces": "faces",
    }
)
"""The modules by the names of their products, in the order in which those are installed."""

INSTALLATIONS = tuple(_MODULES)
"""The names of all installations."""


@cache
def load_installations() -> tuple[Installation, ...]:
    """Return all installations, in the order in which they are installed."""
    return tuple(_load(module) for module in _MODULES.values())


def _load(module: str) -> Installation:
    installation: Installation = import_module(f"{__name__}.{module}").INSTALLATION
    return installation
