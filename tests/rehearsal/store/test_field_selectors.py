"""Field selectors."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.store import field_selectors
from meshpeek.rehearsal.types.keys import PODS
from meshpeek.rehearsal.types.status import ApiError

POD: dict[str, Any] = {
    "metadata": {"name": "face-1", "namespace": "faces"},
    "spec": {"nodeName": "server-0"},
    "status": {"phase": "Running"},
}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("metadata.name=face-1", True),
        ("metadata.name!=face-1", False),
        ("metadata.namespace=faces,status.phase==Running", True),
        ("spec.nodeName=", False),
        ("spec.hostNetwork=false", True),
    ],
)
def test_field_selectors(selector: str, matches: bool) -> None:
    assert field_selectors.parse(PODS, selector)(POD) is matches


def test_only_the_fields_of_the_kind_can_be_asked_for() -> None:
    with pytest.raises(ApiError, match=r"^field label not supported: spec.replicas$"):
        field_selectors.parse(PODS, "spec.replicas=1")
    with pytest.raises(ApiError, match="invalid selector"):
        field_selectors.parse(PODS, "metadata.name")
