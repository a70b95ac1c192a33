"""The CRD of the Gateway API that Linkerd stable-2.14.10 brings along: HTTPRoute, v1beta1."""

from __future__ import annotations

from pathlib import Path

from meshpeek.rehearsal.installations.bundled_crds import read_crds
from meshpeek.rehearsal.types.objects import Object


def definitions() -> list[Object]:
    """Return it."""
    return list(read_crds(Path(__file__).parent).values())
