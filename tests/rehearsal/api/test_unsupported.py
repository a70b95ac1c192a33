"""What rehearsal has not is refused in so many words, or stored with a warning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.rehearsal.in_memory import InMemory

FACES = "/api/v1/namespaces/faces"
APPS = "/apis/apps/v1/namespaces/faces"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

Value = dict[str, Any]

TEMPLATE: Value = {
    "metadata": {"labels": {"app": "x"}},
    "spec": {"containers": [{"name": "x", "image": "x"}]},
}
STORED: list[tuple[str, Value, str]] = [
    (f"{FACES}/persistentvolumeclaims", {}, "no storage is provisioned, so it stays Pending"),
    ("/api/v1/persistentvolumes", {}, "no storage is provisioned"),
    (
        "/apis/networking.k8s.io/v1/namespaces/faces/networkpolicies",
        {},
        "network policies are not enforced",
    ),
]


@pytest.mark.parametrize(("url", "spec", "said"), STORED)
def test_what_is_only_stored_comes_with_a_warning(url: str, spec: Value, said: str) -> None:
    north = InMemory()
    response = north.respond("POST", url, {"metadata": {"name": "x"}, "spec": spec})
    assert response.code == 201, response.body
    warning = f'299 - "meshpeek rehearsal: {said}; the object is only stored"'
    assert response.headers["Warning"] == warning
    assert north.ok("GET", f"{url}/x")["metadata"]["name"] == "x"
    # Only who makes it has to be told.
    assert "Warning" not in north.respond("GET", f"{url}/x").headers


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "pods/x/log", "there are no logs"),
        ("POST", "pods/x/exec", "nothing to exec into"),
        ("POST", "pods/x/attach", "nothing to attach to"),
        ("POST", "pods/x/portforward", "no port can be forwarded"),
        ("PATCH", "pods/x/ephemeralcontainers", "nothing to debug"),
        ("GET", "pods/x/proxy/any/path", "nothing can be reached through them"),
        ("GET", "services/x/proxy", "nothing can be reached through them"),
    ],
)
def test_what_is_refused_says_so(method: str, path: str, said: str) -> None:
    north = InMemory()
    plural = path.partition("/")[0]
    spec: Value = {"pods": TEMPLATE["spec"], "services": {"ports": [{"port": 80}]}}.get(plural, {})
    body: Value = {"metadata": {"name": "x"}}
    if spec:
        body["spec"] = spec
    north.ok("POST", f"{FACES}/{plural}", body)
    status = north.refused(501, method, f"{FACES}/{path}", {})
    assert status["reason"] == "NotImplemented"
    assert status["message"].startswith("meshpeek rehearsal: ")
    assert said in status["message"]


def test_autoscalers_are_refused() -> None:
    north = InMemory()
    for version in ("v1", "v2"):
        url = f"/apis/autoscaling/{version}/namespaces/faces/horizontalpodautoscalers"
        said = "meshpeek rehearsal: there are no metrics to scale by"
        answer = north.respond("POST", url, {"metadata": {"name": "x"}})
        assert answer.code == 501
        assert json.loads(answer.body)["message"] == said
        # kubectl 1.37 prints nothing but this.
        assert answer.headers["Warning"] == f'299 - "{said}"'
        assert north.ok("GET", url)["items"] == []


def test_conversion_webhooks_are_announced_as_not_called() -> None:
    north = InMemory()
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object"}},
    }
    definition = {
        "metadata": {"name": "tunes.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "tunes", "kind": "Tune"},
            "versions": [version],
            "conversion": {"strategy": "Webhook"},
        },
    }
    response = north.respond("POST", DEFINITIONS, definition)
    assert "conversion webhooks are not called" in response.headers["Warning"]


@pytest.mark.parametrize(
    ("url", "api_version", "kind", "code"),
    [
        (
            "/apis/autoscaling/v2/namespaces/faces/horizontalpodautoscalers",
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            501,
        ),
        (f"{FACES}/persistentvolumeclaims", "v1", "PersistentVolumeClaim", 201),
    ],
)
def test_a_server_side_apply_that_creates_is_told_the_same(
    url: str, api_version: str, kind: str, code: int
) -> None:
    north = InMemory()
    config = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}}
    response = north.respond(
        "PATCH", f"{url}/x?fieldManager=me", config, "application/apply-patch+yaml"
    )
    assert response.code == code
    assert "meshpeek rehearsal: " in response.headers["Warning"]
    assert north.call("GET", f"{url}/x")[0] == (404 if code == 501 else 200)
