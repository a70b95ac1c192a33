"""What `linkerd multicluster link` prints, as objects."""

from __future__ import annotations

import base64

import pytest
import yaml

from meshpeek.rehearsal.installations.linkerd_multicluster.links import (
    EXTENSION_NAMESPACE,
    Gateway,
    LinkRequest,
    credentials_kubeconfig,
    link_objects,
)
from meshpeek.rehearsal.types.objects import Object

SERVER = "http://127.0.0.1:6443/secret/east"
FLAT = LinkRequest("east", SERVER)
WITH_GATEWAY = LinkRequest(
    "east", SERVER, gateway=Gateway("172.18.0.4", "linkerd-gateway.linkerd-multicluster")
)


def identify(objects: list[Object]) -> list[tuple[str, str, str]]:
    return [(o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"]) for o in objects]


def find(objects: list[Object], kind: str, namespace: str = EXTENSION_NAMESPACE) -> Object:
    (found,) = [
        o for o in objects if (o["kind"], o["metadata"].get("namespace")) == (kind, namespace)
    ]
    return found


def test_a_flat_link_has_these_objects_in_this_order() -> None:
    extension = "linkerd-multicluster"
    local = "linkerd-service-mirror-access-local-resources-east"
    remote = "linkerd-service-mirror-read-remote-creds-east"
    assert identify(link_objects(FLAT)) == [
        ("Secret", extension, "cluster-credentials-east"),
        ("Secret", "linkerd", "cluster-credentials-east"),
        ("Link", extension, "east"),
        ("ClusterRole", "", local),
        ("ClusterRoleBinding", "", local),
        ("Role", extension, remote),
        ("RoleBinding", extension, remote),
        ("ServiceAccount", extension, "linkerd-service-mirror-east"),
        ("Deployment", extension, "linkerd-service-mirror-east"),
    ]


def test_a_gateway_adds_only_its_probe_service() -> None:
    flat, gateway = link_objects(FLAT), link_objects(WITH_GATEWAY)
    assert identify(gateway)[:-1] == identify(flat)
    assert gateway[-1]["metadata"]["name"] == "probe-gateway-east"
    assert gateway[-1]["spec"]["ports"] == [{"name": "mc-probe", "port": 4191, "protocol": "TCP"}]


def test_a_flat_links_spec_selects_nothing_for_gateways() -> None:
    assert find(link_objects(FLAT), "Link")["spec"] == {
        "clusterCredentialsSecret": "cluster-credentials-east",
        "gatewayAddress": "",
        "gatewayIdentity": "",
        "gatewayPort": "0",
        "probeSpec": {"path": "", "period": "0s", "port": "0"},
        "remoteDiscoverySelector": {
            "matchLabels": {"mirror.linkerd.io/exported": "remote-discovery"}
        },
        "selector": {},
        "targetClusterDomain": "cluster.local",
        "targetClusterLinkerdNamespace": "linkerd",
        "targetClusterName": "east",
    }


def test_a_gateway_links_spec_says_where_and_how_to_probe() -> None:
    spec = find(link_objects(WITH_GATEWAY), "Link")["spec"]
    assert spec["gatewayAddress"] == "172.18.0.4"
    assert spec["gatewayPort"] == "4143"
    assert spec["probeSpec"] == {"path": "/ready", "period": "3s", "port": "4191"}
    assert spec["selector"] == {"matchLabels": {"mirror.linkerd.io/exported": "true"}}


def test_only_the_control_planes_secret_is_marked_for_discovery() -> None:
    objects = link_objects(FLAT)
    extension = find(objects, "Secret")
    control_plane = find(objects, "Secret", "linkerd")
    assert set(extension["metadata"]) == {"name", "namespace"}
    assert control_plane["metadata"]["labels"] == {"multicluster.linkerd.io/cluster-name": "east"}
    assert control_plane["metadata"]["annotations"] == {
        "multicluster.linkerd.io/cluster-domain": "cluster.local",
        "multicluster.linkerd.io/trust-domain": "cluster.local",
    }
    assert extension["data"] == control_plane["data"]
    assert {extension["type"], control_plane["type"]} == {"mirror.linkerd.io/remote-kubeconfig"}


def test_the_secret_holds_a_kubeconfig_that_leads_to_the_target() -> None:
    encoded = find(link_objects(FLAT), "Secret")["data"]["kubeconfig"]
    kubeconfig = yaml.safe_load(base64.b64decode(encoded))
    assert kubeconfig["current-context"] == kubeconfig["contexts"][0]["name"] == "east"
    assert kubeconfig["clusters"] == [{"name": "east", "cluster": {"server": SERVER}}]
    user = kubeconfig["contexts"][0]["context"]["user"]
    assert [entry["name"] for entry in kubeconfig["users"]] == [user]


@pytest.mark.parametrize("name", ["true", "1.20", "a: b", "#x", 'quo"te', "naïve"])
def test_any_context_name_survives_the_kubeconfig(name: str) -> None:
    text = credentials_kubeconfig(LinkRequest("east", SERVER, context=name))
    assert yaml.safe_load(text)["current-context"] == name


def test_the_service_mirror_is_one_injected_controller_for_this_cluster() -> None:
    deployment = find(link_objects(FLAT), "Deployment")
    template = deployment["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["selector"]["matchLabels"].items() <= (
        template["metadata"]["labels"].items()
    )
    assert template["metadata"]["labels"]["component"] == "linkerd-service-mirror"
    assert template["metadata"]["annotations"]["linkerd.io/inject"] == "enabled"
    assert container["image"] == "cr.l5d.io/linkerd/controller:stable-2.14.10"
    assert container["ports"] == [{"containerPort": 9999, "name": "admin-http"}]


def test_each_call_returns_objects_of_its_own() -> None:
    first = link_objects(WITH_GATEWAY)
    find(first, "Link")["spec"]["selector"]["matchLabels"].clear()
    find(first, "Deployment")["metadata"]["labels"].clear()
    again = link_objects(WITH_GATEWAY)
    assert find(again, "Link")["spec"]["selector"]["matchLabels"]
    assert find(again, "Deployment")["metadata"]["labels"]
