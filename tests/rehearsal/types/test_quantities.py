"""Quantities are kept in canonical form: the same amount is the same text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.rehearsal.types.scalars.quantities import MILLI, NANO, amount_of, canonical
from tests.rehearsal.in_memory import InMemory


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("500m", "500m"),
        ("0.5", "500m"),
        (0.5, "500m"),
        (".5", "500m"),
        ("1000m", "1"),
        ("1.5", "1500m"),
        (2, "2"),
        ("2000", "2k"),
        ("+2", "2"),
        ("0", "0"),
        ("0Gi", "0"),
        ("-0.0", "0"),
        ("1024Mi", "1Gi"),
        ("1000Mi", "1000Mi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("0.5Ki", "512"),
        ("0.3Mi", "314572800m"),
        ("1Ei", "1Ei"),
        ("1500M", "1500M"),
        ("1000M", "1G"),
        ("128974848", "128974848"),
        ("1e3", "1e3"),
        ("1E3", "1e3"),
        ("12e4", "120e3"),
        ("1000e0", "1e3"),
        ("100m", "100m"),
        ("100E", "9223372036854775807"),
        ("1e999999999", "9223372036854775807"),
        ("-100E", "-9223372036854775807"),
        ("0.0000000001", "1n"),
        ("1e-999999999", "1e-9"),
        ("-1.5", "-1500m"),
        (" 1 ", "1"),
        ("1u", "1u"),
        (1e-05, "10u"),
        (1e20, "9223372036854775807"),
    ],
)
def test_the_canonical_form(given: object, kept: str) -> None:
    assert canonical(given) == kept
    assert canonical(kept) == kept


@pytest.mark.parametrize(
    "given", ["", "m", "1 Gi", "1gi", "1KB", "1.2.3", "1e", "--1", True, [], {}]
)
def test_what_is_no_quantity(given: object) -> None:
    assert canonical(given) is None


def test_resource_lists_round_up_to_thousandths() -> None:
    assert canonical("0.0001", MILLI) == "1m"
    assert canonical("1.0001", MILLI) == "1001m"


@given(
    st.integers(-(1 << 61), 1 << 61),
    st.sampled_from(["", "n", "u", "m", "k", "Ki", "Mi", "e2", "E-3"]),
)
def test_the_canonical_form_is_the_same_amount(number: int, suffix: str) -> None:
    text = f"{number}{suffix}"
    kept = canonical(text, NANO)
    assert kept is not None
    assert canonical(kept) == kept
    if abs(amount_of(text)) < 1 << 63:
        assert amount_of(kept) == amount_of(text)


CONTAINER = {"name": "a", "image": "a:1"}
CPU_AND_MEMORY = {"requests": {"cpu": 0.5, "memory": "1024Mi"}, "limits": {"cpu": 2}}


@pytest.mark.parametrize(
    ("path", "spec", "shown"),
    [
        (
            "/api/v1/namespaces/faces/pods",
            {"containers": [{**CONTAINER, "resources": CPU_AND_MEMORY}]},
            '"requests":{"cpu":"500m","memory":"1Gi"}',
        ),
        (
            "/api/v1/namespaces/faces/persistentvolumeclaims",
            {"resources": {"requests": {"storage": "1024Mi"}}},
            '"storage":"1Gi"',
        ),
        (
            "/api/v1/namespaces/faces/resourcequotas",
            {"hard": {"cpu": 0.5, "pods": 10}},
            '"hard":{"cpu":"500m","pods":"10"}',
        ),
        (
            "/api/v1/namespaces/faces/limitranges",
            {"limits": [{"type": "Container", "max": {"memory": "2048Mi"}}]},
            '"max":{"memory":"2Gi"}',
        ),
    ],
)
def test_every_kind_keeps_the_canonical_form(path: str, spec: Any, shown: str) -> None:
    north = InMemory()
    north.ok("POST", path, {"metadata": {"name": "a"}, "spec": spec})
    assert shown in north.respond("GET", f"{path}/a").body.decode()


@pytest.mark.parametrize(
    ("url", "content_type"),
    [
        ("", "application/strategic-merge-patch+json"),
        ("?fieldManager=me&force=true", "application/apply-patch+yaml"),
    ],
)
def test_an_equal_quantity_changes_nothing(url: str, content_type: str) -> None:
    north = InMemory()
    path = "/apis/apps/v1/namespaces/faces/deployments"

    def deployment(cpu: object, memory: str) -> Any:
        container = {**CONTAINER, "resources": {"requests": {"cpu": cpu, "memory": memory}}}
        labels = {"app": "a"}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "a", "namespace": "faces"},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }

    north.ok("POST", path, deployment(0.5, "1024Mi"))
    changed = north.ok("PATCH", f"{path}/a{url}", deployment("500m", "1Gi"), content_type)
    assert changed["metadata"]["generation"] == 1
    changed = north.ok("PATCH", f"{path}/a{url}", deployment("501m", "1Gi"), content_type)
    assert changed["metadata"]["generation"] == 2
