"""What an API server says about itself, other notations, and other views of the same objects."""

from __future__ import annotations

import json

import yaml

from tests.rehearsal.in_memory import InMemory

EVENTS = "/apis/events.k8s.io/v1/namespaces/faces/events"
CORE_EVENTS = "/api/v1/namespaces/faces/events"


def test_a_server_lists_its_paths() -> None:
    paths = InMemory().ok("GET", "/")["paths"]
    assert {"/api/v1", "/apis/apps/v1", "/healthz", "/metrics", "/readyz/ping"} <= set(paths)


def test_health_is_told_in_detail() -> None:
    north = InMemory()
    assert north.respond("GET", "/readyz").body == b"ok"
    verbose = north.respond("GET", "/readyz?verbose").body.decode()
    assert verbose.startswith("[+]ping ok\n")
    assert verbose.endswith("\nreadyz check passed\n")


def test_metrics_count_objects() -> None:
    metrics = InMemory().respond("GET", "/metrics").body.decode()
    assert 'apiserver_storage_objects{resource="namespaces"} 2\n' in metrics


def test_answers_in_yaml_say_the_same() -> None:
    north = InMemory()
    url = "/api/v1/namespaces/faces"
    answer = north.respond("GET", url, None, "", {"accept": "application/yaml, application/json"})
    assert answer.content_type == "application/yaml"
    assert yaml.safe_load(answer.body) == north.ok("GET", url)
    answer = north.respond("GET", url, None, "", {"accept": "application/json, application/yaml"})
    assert answer.content_type == "application/json"


def test_events_are_the_same_in_both_groups() -> None:
    north = InMemory()
    regarding = {"kind": "Pod", "namespace": "faces", "name": "a"}
    event = {
        "metadata": {"name": "e"},
        "regarding": regarding,
        "note": "hello",
        "reportingController": "me",
    }
    created = north.ok("POST", EVENTS, event)
    assert created["apiVersion"] == "events.k8s.io/v1"
    assert created["note"] == "hello"
    core = north.ok("GET", f"{CORE_EVENTS}/e")
    assert core["apiVersion"] == "v1"
    assert (core["message"], core["reportingComponent"]) == ("hello", "me")
    assert core["involvedObject"] == regarding
    patched = north.ok("PATCH", f"{EVENTS}/e", {"note": "bye"}, "application/merge-patch+json")
    assert patched["note"] == "bye"
    assert [each["note"] for each in north.ok("GET", EVENTS)["items"]] == ["bye"]
    north.ok("DELETE", f"{EVENTS}/e")
    assert north.ok("GET", CORE_EVENTS)["items"] == []


def test_the_old_form_of_a_watch_is_a_watch() -> None:
    answer = InMemory().respond("GET", "/api/v1/watch/namespaces/faces/configmaps?timeoutSeconds=1")
    assert answer.stream is not None


def test_a_pod_is_bound_to_a_node_once() -> None:
    north = InMemory()
    pods = "/api/v1/namespaces/faces/pods"
    spec = {"schedulerName": "mine", "containers": [{"name": "c", "image": "i"}]}
    north.ok("POST", pods, {"metadata": {"name": "a"}, "spec": spec})
    north.ok("POST", f"{pods}/a/binding", {"target": {"kind": "Node", "name": "n"}})
    assert north.ok("GET", f"{pods}/a")["spec"]["nodeName"] == "n"
    binding = {"metadata": {"name": "a"}, "target": {"kind": "Node", "name": "n"}}
    status = north.refused(409, "POST", "/api/v1/namespaces/faces/bindings", binding)
    assert "already assigned to node" in status["message"]


def test_discovery_tells_storage_versions_apart() -> None:
    listed = json.loads(InMemory().respond("GET", "/api/v1").body)["resources"]
    hashes = {each["name"]: each.get("storageVersionHash") for each in listed}
    # As on every Kubernetes.
    assert hashes["pods"] == "xPOwRZ+Yhw8="
    assert hashes["bindings"] is None
