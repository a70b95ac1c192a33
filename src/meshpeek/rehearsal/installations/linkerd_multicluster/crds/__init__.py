"""The CRD of Linkerd's multicluster extension, stable-2.14.10: Link."""

from __future__ import annotations

from pathlib import Path

from meshpeek.rehearsal.installations.bundled_crds import read_crds
from meshpeek.rehearsal.types.objects import Object


def link_definition() -> Object:
    """Return it."""
    return read_crds(Path(__file__).parent)["links.multicluster.linkerd.io"]
