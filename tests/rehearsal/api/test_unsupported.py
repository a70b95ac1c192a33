"""What rehearsal has not is refused in so many words, or stored with a warning."""

from __future__ import annotations

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


def test_autoscalers_are_the_same_in_both_versions() -> None:
    north = InMemory()
    url = "/apis/autoscaling/{}/namespaces/faces/horizontalpodautoscalers"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50}
    made = north.ok("POST", url.format("v1"), {"metadata": {"name": "x"}, "spec": spec})
    assert made["apiVersion"] == "autoscaling/v1"
    assert made["spec"] == {**spec, "minReplicas": 1}
    stored = north.ok("GET", url.format("v2") + "/x")
    wanted = {"type": "Utilization", "averageUtilization": 50}
    assert stored["spec"]["metrics"][0]["resource"] == {"name": "cpu", "target": wanted}
    listed = north.ok("GET", url.format("v1"))
    assert [each["spec"]["targetCPUUtilizationPercentage"] for each in listed["items"]] == [50]
    spec["maxReplicas"] = 0
    north.refused(422, "POST", url.format("v1"), {"metadata": {"name": "y"}, "spec": spec})


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


def test_a_server_side_apply_that_creates_is_told_the_same() -> None:
    north = InMemory()
    url = f"{FACES}/persistentvolumeclaims/x"
    config = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "x"}}
    response = north.respond(
        "PATCH", f"{url}?fieldManager=me", config, "application/apply-patch+yaml"
    )
    assert response.code == 201
    assert "meshpeek rehearsal: " in response.headers["Warning"]
    assert north.call("GET", url)[0] == 200
