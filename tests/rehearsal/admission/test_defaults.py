"""Built-in objects get what API servers, admission and Linkerd's injector fill in."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from meshpeek.rehearsal.installations.linkerd.names import INJECTOR_CONFIGURATION
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, PODS, SERVICES
from meshpeek.rehearsal.types.status import ApiError
from tests.rehearsal.in_memory import InMemory
from tests.rehearsal.simulated_clusters import Simulation, deployment, namespace, service

INJECTOR = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "MutatingWebhookConfiguration",
    "metadata": {"name": INJECTOR_CONFIGURATION},
}


@pytest.fixture
def simulation() -> Simulation:
    return Simulation("north")


def pod(name: str = "p", namespace: str = "faces", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "a", "image": "a:1"}], **spec},
    }


def test_a_service_gets_an_address_and_its_ports_protocol_and_target(
    simulation: Simulation,
) -> None:
    (made,) = simulation.apply("north", service("color", ports=[{"port": 80}]))
    spec = made["spec"]
    assert spec["type"] == "ClusterIP"
    assert spec["clusterIP"].startswith("10.43.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert made["status"] == {"loadBalancer": {}}


def test_addresses_are_the_same_in_every_run_and_differ_within_one(
    simulation: Simulation,
) -> None:
    other = Simulation("north")
    names = [f"s{number}" for number in range(50)]
    first = [simulation.apply("north", service(name))[0]["spec"]["clusterIP"] for name in names]
    second = [other.apply("north", service(name))[0]["spec"]["clusterIP"] for name in names]
    assert first == second
    assert len(set(first)) == len(names)


def test_an_address_that_is_taken_is_not_given_again(simulation: Simulation) -> None:
    (first,) = Simulation("north").apply("north", service("color"))
    address = first["spec"]["clusterIP"]
    (_, made) = simulation.apply("north", service("other", clusterIP=address), service("color"))
    assert made["spec"]["clusterIP"] != address


def test_a_service_keeps_its_address_when_an_update_leaves_it_out(simulation: Simulation) -> None:
    (made,) = simulation.apply("north", service("color", type="NodePort"))
    spec = {name: made["spec"][name] for name in ("selector", "type")}
    changed = simulation.change(
        "north",
        SERVICES,
        "faces/color",
        clusterIP="",
        clusterIPs=[],
        ports=[{"name": "http", "port": 80, "targetPort": 81}],
        **spec,
    )
    assert changed["spec"]["clusterIP"] == made["spec"]["clusterIP"]
    assert changed["spec"]["ports"][0]["nodePort"] == made["spec"]["ports"][0]["nodePort"]


def test_node_ports_differ(simulation: Simulation) -> None:
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 443}]
    made = simulation.apply(
        "north",
        service("a", type="NodePort", ports=ports),
        service("b", type="LoadBalancer", ports=ports),
    )
    numbers = [port["nodePort"] for each in made for port in each["spec"]["ports"]]
    assert len(set(numbers)) == 4
    assert all(30000 <= number < 32768 for number in numbers)


@pytest.mark.parametrize("kind", ["ExternalName"])
def test_a_service_that_is_a_name_only_has_no_address(simulation: Simulation, kind: str) -> None:
    (made,) = simulation.apply("north", service("x", type=kind, externalName="example.org"))
    assert "clusterIP" not in made["spec"]


def test_a_deployment_is_filled_in_as_on_a_real_cluster(simulation: Simulation) -> None:
    given = deployment("face")
    del given["spec"]["replicas"]
    (made,) = simulation.apply("north", given)
    spec = made["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)
    assert spec["template"]["metadata"]["creationTimestamp"] is None
    pod_spec = spec["template"]["spec"]
    assert pod_spec["restartPolicy"] == "Always"
    assert pod_spec["containers"][0]["ports"][0]["protocol"] == "TCP"
    assert "volumes" not in pod_spec, "a template gets no service account token"


def test_defaulting_again_changes_nothing(simulation: Simulation) -> None:
    (made,) = simulation.apply("north", deployment("face"))
    changed = simulation.change("north", DEPLOYMENTS, "faces/face")
    assert changed["metadata"]["generation"] == made["metadata"]["generation"]


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.25", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("nginx@sha256:0000", "IfNotPresent"),
    ],
)
def test_images_without_a_fixed_tag_are_always_pulled(
    simulation: Simulation, image: str, policy: str
) -> None:
    containers = [{"name": "a", "image": image}]
    (made,) = simulation.apply("north", pod(containers=containers))
    assert made["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_a_pod_gets_its_account_its_token_and_its_tolerations(simulation: Simulation) -> None:
    (made,) = simulation.apply("north", pod())
    spec = made["spec"]
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "default"
    (volume,) = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-")
    assert spec["containers"][0]["volumeMounts"][0]["name"] == volume["name"]
    assert [each["key"] for each in spec["tolerations"]] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]
    assert made["status"]["phase"] == "Pending"


@pytest.mark.parametrize(
    ("resources", "quality"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1"}}, "Burstable"),
    ],
)
def test_the_quality_of_service(
    simulation: Simulation, resources: dict[str, Any], quality: str
) -> None:
    containers = [{"name": "a", "image": "a:1", "resources": resources}]
    (made,) = simulation.apply("north", pod(containers=containers))
    assert made["status"]["qosClass"] == quality


def test_text_in_a_secret_is_stored_encoded(simulation: Simulation) -> None:
    (made,) = simulation.apply(
        "north",
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "s", "namespace": "faces"},
            "stringData": {"a": "text"},
        },
    )
    assert made["type"] == "Opaque"
    assert made["data"] == {"a": base64.b64encode(b"text").decode()}
    assert "stringData" not in made


def containers_of(made: dict[str, Any]) -> list[str]:
    return [each["name"] for each in made["spec"]["containers"]]


@pytest.mark.parametrize(
    ("on_namespace", "on_pod", "expected"),
    [
        ("enabled", None, ["linkerd-proxy", "a"]),
        ("enabled", "disabled", ["a"]),
        (None, "enabled", ["linkerd-proxy", "a"]),
        (None, None, ["a"]),
    ],
)
def test_the_proxy_is_injected_where_it_is_asked_for(
    simulation: Simulation, on_namespace: str | None, on_pod: str | None, expected: list[str]
) -> None:
    annotations = {"linkerd_io__inject": on_namespace} if on_namespace else {}
    simulation.apply("north", INJECTOR, namespace("meshed", **annotations))
    given = pod(namespace="meshed")
    if on_pod:
        given["metadata"]["annotations"] = {"linkerd.io/inject": on_pod}
    (made,) = simulation.apply("north", given)
    assert containers_of(made) == expected


def test_nothing_is_injected_without_the_injector(simulation: Simulation) -> None:
    simulation.apply("north", namespace("meshed", linkerd_io__inject="enabled"))
    (made,) = simulation.apply("north", pod(namespace="meshed"))
    assert containers_of(made) == ["a"]


def test_the_sidecar_comes_with_its_initializer_labels_and_volumes(
    simulation: Simulation,
) -> None:
    simulation.apply("north", INJECTOR, namespace("meshed", linkerd_io__inject="enabled"))
    given = deployment("face", replicas=1)
    given["metadata"]["namespace"] = "meshed"
    simulation.apply("north", given)
    simulation.advance(2)
    (made,) = simulation.north.store.list(PODS, "meshed")
    assert [each["name"] for each in made["spec"]["initContainers"]] == ["linkerd-init"]
    assert made["metadata"]["labels"]["linkerd.io/proxy-deployment"] == "face"
    assert made["metadata"]["annotations"]["linkerd.io/proxy-version"] == "stable-2.14.10"
    assert {each["name"].partition("-")[0] for each in made["spec"]["volumes"]} == {
        "linkerd",
        "kube",
    }


def test_a_pod_that_is_changed_is_not_injected_again(simulation: Simulation) -> None:
    simulation.apply("north", pod())
    simulation.apply("north", INJECTOR)
    store = simulation.north.store
    old = store.get(PODS, "faces", "p")
    assert old is not None
    with pytest.raises(ApiError, match="pod updates may not change fields"):
        simulation.change("north", PODS, "faces/p", hostNetwork=True)
    changed = simulation.change("north", PODS, "faces/p", activeDeadlineSeconds=5)
    assert containers_of(changed) == ["a"]


APPS, BATCH = "/apis/apps/v1/namespaces/faces", "/apis/batch/v1/namespaces/faces"
CORE = "/api/v1/namespaces/faces"
TEMPLATE = {
    "metadata": {"labels": {"app": "a"}},
    "spec": {"containers": [{"name": "a", "image": "a:1"}], "restartPolicy": "Always"},
}
SELECTOR = {"matchLabels": {"app": "a"}}
ENDING = {
    "metadata": {"labels": {"app": "a"}},
    "spec": {"containers": [{"name": "a", "image": "a:1"}], "restartPolicy": "Never"},
}


@pytest.mark.parametrize(
    ("url", "spec", "filled"),
    [
        (
            f"{APPS}/statefulsets",
            {"selector": SELECTOR, "serviceName": "a", "template": TEMPLATE},
            {
                "replicas": 1,
                "revisionHistoryLimit": 10,
                "podManagementPolicy": "OrderedReady",
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            },
        ),
        (
            f"{APPS}/daemonsets",
            {"selector": SELECTOR, "template": TEMPLATE},
            {
                "revisionHistoryLimit": 10,
                "updateStrategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
                },
            },
        ),
        (
            f"{BATCH}/jobs",
            {"template": ENDING},
            {
                "backoffLimit": 6,
                "completionMode": "NonIndexed",
                "completions": 1,
                "parallelism": 1,
                "suspend": False,
            },
        ),
        (
            f"{BATCH}/cronjobs",
            {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": ENDING}}},
            {
                "concurrencyPolicy": "Allow",
                "failedJobsHistoryLimit": 1,
                "successfulJobsHistoryLimit": 3,
                "suspend": False,
            },
        ),
        (f"{CORE}/persistentvolumeclaims", {}, {"volumeMode": "Filesystem"}),
        (
            f"{CORE}/replicationcontrollers",
            {"template": TEMPLATE},
            {"replicas": 1, "selector": {"app": "a"}},
        ),
    ],
)
def test_kinds_that_are_only_stored_have_their_defaults(
    url: str, spec: dict[str, Any], filled: dict[str, Any]
) -> None:
    north = InMemory()
    made = north.ok("POST", url, {"metadata": {"name": "a"}, "spec": spec})["spec"]
    assert {name: made[name] for name in filled} == filled
    template = made.get("jobTemplate", {}).get("spec", made).get("template")
    if template:
        assert template["spec"]["dnsPolicy"] == "ClusterFirst"


def test_a_job_tells_its_pods_by_its_uid() -> None:
    north = InMemory()
    body = {"metadata": {"name": "a"}, "spec": {"template": ENDING}}
    made = north.ok("POST", f"{BATCH}/jobs", body)
    uid = made["metadata"]["uid"]
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert made["spec"]["template"]["metadata"]["labels"] == {
        "app": "a",
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": "a",
        "controller-uid": uid,
        "job-name": "a",
    }
    assert made["metadata"]["labels"] == {"app": "a"}


@pytest.mark.parametrize("schedule", ["bad", "* * * *", "* * * * * *"])
def test_a_schedule_has_five_fields(schedule: str) -> None:
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": ENDING}}}
    body = {"metadata": {"name": "a"}, "spec": spec}
    status = InMemory().refused(422, "POST", f"{BATCH}/cronjobs", body)
    assert "expected exactly 5 fields, found" in status["message"]
