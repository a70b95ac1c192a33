"""Services keep and lose what belongs to their type, and their fields fit it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rehearsal.in_memory import InMemory

MERGE = "application/merge-patch+json"
SERVICES = "/api/v1/namespaces/faces/services"
PORTS = [{"port": 80}]

ADDRESS = {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"}
ALWAYS = {"type", "ports", "selector", "sessionAffinity"}
FIELDS = {
    "ClusterIP": ALWAYS | ADDRESS,
    "NodePort": ALWAYS | ADDRESS | {"externalTrafficPolicy"},
    "LoadBalancer": ALWAYS | ADDRESS | {"externalTrafficPolicy", "allocateLoadBalancerNodePorts"},
    "ExternalName": ALWAYS | {"externalName"},
}


@pytest.fixture
def north() -> InMemory:
    return InMemory()


def service(**spec: Any) -> Any:
    return {"metadata": {"name": "a"}, "spec": {"selector": {"app": "a"}, "ports": PORTS, **spec}}


@pytest.mark.parametrize("after", FIELDS)
@pytest.mark.parametrize("before", FIELDS)
def test_each_type_has_its_fields_whatever_it_was_before(
    north: InMemory, before: str, after: str
) -> None:
    given = {"externalName": "example.com"} if before == "ExternalName" else {}
    made = north.ok("POST", SERVICES, service(type=before, **given))["spec"]
    assert set(made) == FIELDS[before]
    change = {"type": after, "externalName": "example.com" if after == "ExternalName" else None}
    changed = north.ok("PATCH", f"{SERVICES}/a", {"spec": change}, MERGE)["spec"]
    assert set(changed) == FIELDS[after]
    with_node_ports = ("NodePort", "LoadBalancer")
    assert ("nodePort" in changed["ports"][0]) is (after in with_node_ports)
    if "ExternalName" not in (before, after):
        assert changed["clusterIP"] == made["clusterIP"]
    if before in with_node_ports and after in with_node_ports:
        assert changed["ports"] == made["ports"]


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ({"sessionAffinity": "ClientIP"}, {"clientIP": {"timeoutSeconds": 10800}}),
        (
            {
                "sessionAffinity": "ClientIP",
                "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}},
            },
            {"clientIP": {"timeoutSeconds": 5}},
        ),
        ({"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}, None),
    ],
)
def test_the_affinity_of_sessions_has_a_time(north: InMemory, spec: Any, kept: Any) -> None:
    assert north.ok("POST", SERVICES, service(**spec))["spec"].get("sessionAffinityConfig") == kept


def test_a_headless_service_without_a_selector_has_all_families(north: InMemory) -> None:
    spec = north.ok("POST", SERVICES, service(clusterIP="None", selector={}))["spec"]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4", "IPv6"], "RequireDualStack")
    other = {**service(clusterIP="None"), "metadata": {"name": "b"}}
    assert north.ok("POST", SERVICES, other)["spec"]["ipFamilies"] == ["IPv4"]


def test_a_target_port_of_zero_means_the_port(north: InMemory) -> None:
    spec = north.ok("POST", SERVICES, service(ports=[{"port": 80, "targetPort": 0}]))["spec"]
    assert spec["ports"][0]["targetPort"] == 80


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, {"clusterIP": "None", "clusterIPs": ["None"]}), ({"clusterIP": "None"}, None)],
)
def test_an_address_stays(north: InMemory, before: Any, after: Any) -> None:
    north.ok("POST", SERVICES, service(**before))
    change = {"spec": after or {"clusterIP": "10.43.1.1", "clusterIPs": ["10.43.1.1"]}}
    status = north.refused(422, "PATCH", f"{SERVICES}/a", change, MERGE)
    assert "may not change once set" in status["message"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            {"ports": [{"port": 80, "nodePort": 30001}]},
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        ),
        (
            {"externalTrafficPolicy": "Local"},
            'spec.externalTrafficPolicy: Invalid value: "Local": '
            "may only be set for externally-accessible services",
        ),
        (
            {"type": "NodePort", "externalTrafficPolicy": "Some"},
            'spec.externalTrafficPolicy: Unsupported value: "Some": '
            'supported values: "Cluster", "Local"',
        ),
        (
            {"internalTrafficPolicy": "Some"},
            'spec.internalTrafficPolicy: Unsupported value: "Some": '
            'supported values: "Cluster", "Local"',
        ),
        (
            {"allocateLoadBalancerNodePorts": True},
            "spec.allocateLoadBalancerNodePorts: Forbidden: "
            "may only be used when `type` is 'LoadBalancer'",
        ),
        ({"selector": {"a": "?"}}, 'spec.selector: Invalid value: "?": a valid label must be'),
        (
            {"externalIPs": ["here"]},
            'spec.externalIPs[0]: Invalid value: "here": must be a valid IP address',
        ),
    ],
)
def test_services_that_are_refused(north: InMemory, spec: Any, said: str) -> None:
    assert said in north.refused(422, "POST", SERVICES, service(**spec))["message"]
