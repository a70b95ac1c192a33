"""The CRDs of Emissary 3.8.0 that are here: Host, Listener and Mapping."""

from __future__ import annotations

from pathlib import Path

from meshpeek.rehearsal.installations.bundled_crds import read_crds
from meshpeek.rehearsal.types.objects import Object


def definitions() -> list[Object]:
    """Return them by their names."""
    return list(read_crds(Path(__file__).parent).values())
