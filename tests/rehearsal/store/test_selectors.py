"""Label and field selectors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.rehearsal.store import selectors
from meshpeek.rehearsal.types.keys import PODS
from meshpeek.rehearsal.types.status import ApiError

FACE = {"metadata": {"name": "face-1", "namespace": "faces", "labels": {"app": "face", "n": "3"}}}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("app", True),
        ("!app", False),
        ("!tier", True),
        ("app=face", True),
        ("app==face", True),
        (" app = face , n = 3 ", True),
        ("app=face,n=4", False),
        ("app!=face", False),
        ("tier!=front", True),
        ("app in (face, color)", True),
        ("app in(color)", False),
        ("app notin (color)", True),
        ("tier notin (front)", True),
        ("tier in (front)", False),
        ("n>2,n<4", True),
        ("n>3", False),
        ("app>1", False),
        ("app=", False),
        ("mirror.linkerd.io/exported=remote-discovery", False),
    ],
)
def test_label_selectors(selector: str, matches: bool) -> None:
    assert selectors.labels(selector)(FACE) is matches


@pytest.mark.parametrize(
    "selector", ["=face", "app=a=b", "app in", "app in (a", "a,", "n>x", "a b"]
)
def test_malformed_label_selectors_are_refused(selector: str) -> None:
    with pytest.raises(ApiError, match="unable to parse requirement") as caught:
        selectors.labels(selector)
    assert caught.value.code == 400


@given(st.text(alphabet="ab=!,()<> in", max_size=12))
def test_any_label_selector_is_read_or_refused(selector: str) -> None:
    code = 200
    try:
        selectors.labels(selector)(FACE)
    except ApiError as error:
        code = error.code
    assert code in (200, 400)


POD: dict[str, Any] = {
    **FACE,
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
    assert selectors.fields(PODS, selector)(POD) is matches


def test_only_the_fields_of_the_kind_can_be_asked_for() -> None:
    with pytest.raises(ApiError, match=r"^field label not supported: spec.replicas$"):
        selectors.fields(PODS, "spec.replicas=1")
    with pytest.raises(ApiError, match="invalid selector"):
        selectors.fields(PODS, "metadata.name")
