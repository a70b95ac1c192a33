"""Tables have the columns and the cells that kubectl prints on a real cluster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meshpeek.rehearsal.api import tables
from meshpeek.rehearsal.api.tables.columns import human_duration
from meshpeek.rehearsal.api.tables.jsonpath import find
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.resources import Resource

NOW = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)
CREATED = "2024-05-06T11:51:35Z"


def resource(group: str, plural: str) -> Resource:
    found = Cluster("north", 1, {}).resources.get(ResourceKey(group, plural))
    assert found is not None
    return found


def row(kind: Resource, obj: dict[str, Any], *, wide: bool = False) -> dict[str, Any]:
    """Render one object, and return its cells by heading."""
    obj = {"metadata": {"name": "x", "namespace": "faces", "creationTimestamp": CREATED}, **obj}
    table = tables.render(kind, kind.versions[0], [obj], NOW)
    (only,) = table["rows"]
    return {
        column["name"]: cell
        for column, cell in zip(table["columnDefinitions"], only["cells"], strict=True)
        if wide or column["priority"] == 0
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-0.5, "0s"),
        (0, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (505, "8m25s"),
        (605, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 65, "3h1m"),
        (8 * 3600 + 65, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (50 * 3600, "2d2h"),
        (8 * 86400 + 3600, "8d"),
        (729 * 86400, "729d"),
        (2 * 365 * 86400 + 86400, "2y1d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_ages_are_written_as_kubectl_writes_them(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


def pod(*states: dict[str, Any], **more: Any) -> dict[str, Any]:
    statuses = [
        {"name": str(number), "restartCount": 0, "ready": "running" in state, "state": state}
        for number, state in enumerate(states)
    ]
    return {
        "spec": {"containers": [{"name": each["name"]} for each in statuses]},
        "status": {"phase": "Running", "containerStatuses": statuses, **more},
    }


RUNNING = {"running": {"startedAt": CREATED}}


def test_a_running_pod() -> None:
    assert row(resource("", "pods"), pod(RUNNING, RUNNING, podIP="10.23.1.2"), wide=True) == {
        "Name": "x",
        "Ready": "2/2",
        "Status": "Running",
        "Restarts": "0",
        "Age": "8m25s",
        "IP": "10.23.1.2",
        "Node": "<none>",
        "Nominated Node": "<none>",
        "Readiness Gates": "<none>",
    }


@pytest.mark.parametrize(
    ("obj", "ready", "status"),
    [
        (pod({"waiting": {"reason": "ContainerCreating"}}), "0/1", "ContainerCreating"),
        (pod(RUNNING, {"waiting": {"reason": "CrashLoopBackOff"}}), "1/2", "CrashLoopBackOff"),
        (pod({"terminated": {"exitCode": 3}}), "0/1", "ExitCode:3"),
        (pod({"terminated": {"exitCode": 0, "signal": 9}}), "0/1", "Signal:9"),
        (pod({"terminated": {"exitCode": 1, "reason": "Error"}}), "0/1", "Error"),
        (pod(phase="Pending"), "0/0", "Pending"),
        (pod(reason="Evicted"), "0/0", "Evicted"),
    ],
)
def test_the_state_of_a_pod(obj: dict[str, Any], ready: str, status: str) -> None:
    cells = row(resource("", "pods"), obj)
    assert (cells["Ready"], cells["Status"]) == (ready, status)


def test_a_pod_that_waits_for_its_init_containers() -> None:
    obj = pod({"waiting": {"reason": "PodInitializing"}}, phase="Pending")
    obj["spec"]["initContainers"] = [{"name": "a"}, {"name": "b"}]
    obj["status"]["initContainerStatuses"] = [
        {"name": "a", "state": {"terminated": {"exitCode": 0}}},
        {"name": "b", "state": {"running": {}}},
    ]
    assert row(resource("", "pods"), obj)["Status"] == "Init:1/2"


def test_a_pod_that_is_being_deleted() -> None:
    obj = pod(RUNNING)
    obj["metadata"] = {"name": "x", "creationTimestamp": CREATED, "deletionTimestamp": CREATED}
    assert row(resource("", "pods"), obj)["Status"] == "Terminating"


def test_a_pod_that_was_deleted_with_its_node_lost() -> None:
    obj = pod(RUNNING, reason="NodeLost")
    obj["metadata"] = {"name": "x", "creationTimestamp": CREATED, "deletionTimestamp": CREATED}
    assert row(resource("", "pods"), obj)["Status"] == "Unknown"


def test_restarts_say_when_the_last_one_was() -> None:
    obj = pod(RUNNING)
    obj["status"]["containerStatuses"][0] |= {
        "restartCount": 2,
        "lastState": {"terminated": {"finishedAt": "2024-05-06T11:57:00Z"}},
    }
    assert row(resource("", "pods"), obj)["Restarts"] == "2 (3m ago)"


def service(**spec: Any) -> dict[str, Any]:
    return {"spec": {"clusterIP": "10.43.0.9", "type": "ClusterIP", **spec}}


@pytest.mark.parametrize(
    ("obj", "cells"),
    [
        (
            service(ports=[{"port": 80, "protocol": "TCP"}], selector={"b": "1", "a": "2"}),
            ["ClusterIP", "10.43.0.9", "<none>", "80/TCP", "8m25s", "a=2,b=1"],
        ),
        (
            service(type="LoadBalancer", ports=[{"port": 80, "nodePort": 31000}]),
            ["LoadBalancer", "10.43.0.9", "<pending>", "80:31000/TCP", "8m25s", "<none>"],
        ),
        (
            service(type="ExternalName", clusterIP="", externalName="example.org"),
            ["ExternalName", "<none>", "example.org", "<none>", "8m25s", "<none>"],
        ),
        (
            service(
                clusterIP="None", externalIPs=["1.2.3.4"], ports=[{"port": 53, "protocol": "UDP"}]
            ),
            ["ClusterIP", "None", "1.2.3.4", "53/UDP", "8m25s", "<none>"],
        ),
    ],
)
def test_services(obj: dict[str, Any], cells: list[str]) -> None:
    assert list(row(resource("", "services"), obj, wide=True).values())[1:] == cells


def test_a_load_balancer_shows_its_address() -> None:
    obj = service(type="LoadBalancer") | {
        "status": {"loadBalancer": {"ingress": [{"ip": "172.18.0.2"}, {"hostname": "a.example"}]}}
    }
    assert row(resource("", "services"), obj)["External-IP"] == "172.18.0.2,a.example"


def test_endpoints_show_three_and_count_the_others() -> None:
    addresses = [{"ip": f"10.23.1.{number}"} for number in (2, 3, 4, 5)]
    subset = {"addresses": addresses, "ports": [{"port": 8000}]}
    cells = row(resource("", "endpoints"), {"subsets": [subset]})
    assert cells["Endpoints"] == "10.23.1.2:8000,10.23.1.3:8000,10.23.1.4:8000 + 1 more..."
    assert row(resource("", "endpoints"), {})["Endpoints"] == "<none>"


def test_endpoint_slices() -> None:
    kind = resource("discovery.k8s.io", "endpointslices")
    obj = {
        "addressType": "IPv4",
        "ports": [{"port": 80}, {"name": "named"}],
        "endpoints": [{"addresses": ["10.23.1.2"]}, {"addresses": ["10.23.1.3"]}],
    }
    assert row(kind, obj) == {
        "Name": "x",
        "AddressType": "IPv4",
        "Ports": "80,named",
        "Endpoints": "10.23.1.2,10.23.1.3",
        "Age": "8m25s",
    }
    empty = row(kind, {"addressType": "IPv4", "endpoints": None, "ports": None})
    assert (empty["Ports"], empty["Endpoints"]) == ("<unset>", "<unset>")


def test_deployments_and_replica_sets() -> None:
    spec = {
        "replicas": 2,
        "selector": {
            "matchLabels": {"app": "x"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["b", "a"]},
                {"key": "old", "operator": "DoesNotExist"},
            ],
        },
        "template": {"spec": {"containers": [{"name": "a", "image": "i:1"}, {"name": "b"}]}},
    }
    status = {"replicas": 2, "readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1}
    obj = {"spec": spec, "status": status}
    wide = row(resource("apps", "deployments"), obj, wide=True)
    assert wide == {
        "Name": "x",
        "Ready": "1/2",
        "Up-to-date": 2,
        "Available": 1,
        "Age": "8m25s",
        "Containers": "a,b",
        "Images": "i:1,",
        "Selector": "app=x,!old,tier in (a,b)",
    }
    narrow = row(resource("apps", "replicasets"), obj)
    assert narrow == {"Name": "x", "Desired": 2, "Current": 2, "Ready": 1, "Age": "8m25s"}


def test_nodes() -> None:
    obj = {
        "metadata": {
            "name": "n",
            "creationTimestamp": CREATED,
            "labels": {
                "node-role.kubernetes.io/master": "true",
                "node-role.kubernetes.io/control-plane": "true",
            },
        },
        "spec": {"unschedulable": True},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "172.18.0.2"}],
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"kubeletVersion": "v1.27.4", "osImage": "K3s dev"},
        },
    }
    cells = row(resource("", "nodes"), obj, wide=True)
    assert list(cells.values()) == [
        "n",
        "Ready,SchedulingDisabled",
        "control-plane,master",
        "8m25s",
        "v1.27.4",
        "172.18.0.2",
        "<none>",
        "K3s dev",
        "<unknown>",
        "<unknown>",
    ]


def test_events() -> None:
    obj = {
        "type": "Normal",
        "reason": "Started",
        "message": "Started container x\n",
        "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{x}"},
        "source": {"component": "kubelet", "host": "n"},
        "firstTimestamp": CREATED,
        "lastTimestamp": "2024-05-06T11:59:00Z",
        "count": 3,
    }
    assert row(resource("", "events"), obj, wide=True) == {
        "Last Seen": "60s",
        "Type": "Normal",
        "Reason": "Started",
        "Object": "pod/p",
        "Subobject": "spec.containers{x}",
        "Source": "kubelet, n",
        "Message": "Started container x",
        "First Seen": "8m25s",
        "Count": 3,
        "Name": "x",
    }


@pytest.mark.parametrize(
    ("group", "plural", "obj", "cells"),
    [
        ("", "namespaces", {"status": {"phase": "Active"}}, ["Active", "8m25s"]),
        ("", "secrets", {"type": "Opaque", "data": {"a": ""}}, ["Opaque", 1, "8m25s"]),
        ("", "configmaps", {"data": {"a": ""}, "binaryData": {"b": ""}}, [2, "8m25s"]),
        ("", "serviceaccounts", {}, [0, "8m25s"]),
        ("rbac.authorization.k8s.io", "roles", {}, [CREATED]),
        ("rbac.authorization.k8s.io", "clusterroles", {}, [CREATED]),
        ("apiextensions.k8s.io", "customresourcedefinitions", {}, [CREATED]),
        ("coordination.k8s.io", "leases", {"spec": {"holderIdentity": "me"}}, ["me", "8m25s"]),
        (
            "rbac.authorization.k8s.io",
            "rolebindings",
            {"roleRef": {"kind": "Role", "name": "r"}},
            ["Role/r", "8m25s"],
        ),
    ],
)
def test_other_kinds(group: str, plural: str, obj: dict[str, Any], cells: list[Any]) -> None:
    assert list(row(resource(group, plural), obj).values())[1:] == cells


def test_who_a_binding_is_for() -> None:
    obj = {
        "roleRef": {"kind": "ClusterRole", "name": "r"},
        "subjects": [
            {"kind": "User", "name": "u"},
            {"kind": "Group", "name": "g"},
            {"kind": "ServiceAccount", "name": "s", "namespace": "n"},
            {"kind": "ServiceAccount", "name": "t", "namespace": "n"},
        ],
    }
    cells = row(resource("rbac.authorization.k8s.io", "clusterrolebindings"), obj, wide=True)
    assert list(cells.values())[3:] == ["u", "g", "n/s, n/t"]


def custom(*columns: dict[str, Any]) -> Resource:
    version: dict[str, Any] = {"name": "v1", "served": True, "storage": True}
    if columns:
        version["additionalPrinterColumns"] = list(columns)
    return crds.resource_of(
        {
            "metadata": {"name": "things.example.org"},
            "spec": {
                "group": "example.org",
                "names": {"plural": "things", "kind": "Thing"},
                "scope": "Namespaced",
                "versions": [version],
            },
        }
    )


def test_a_custom_resource_without_columns_has_name_and_age() -> None:
    assert row(custom(), {}) == {"Name": "x", "Age": "8m25s"}


@pytest.mark.parametrize(
    ("kind", "path", "cell"),
    [
        ("string", ".spec.text", "hello"),
        ("string", ".spec.number", "3"),
        ("string", ".spec.list", '["a","b"]'),
        ("string", ".spec.absent", None),
        ("string", ".spec.list[*]", "a"),
        ("integer", ".spec.number", 3),
        ("integer", ".spec.text", None),
        ("number", ".spec.number", 3.0),
        ("boolean", ".spec.flag", True),
        ("boolean", ".spec.text", None),
        ("date", ".spec.when", "60s"),
        ("date", ".spec.text", "<invalid>"),
    ],
)
def test_printer_columns_have_types(kind: str, path: str, cell: Any) -> None:
    spec = {
        "text": "hello",
        "number": 3,
        "flag": True,
        "list": ["a", "b"],
        "when": (NOW - timedelta(seconds=60)).isoformat(),
    }
    column = {"name": "It", "type": kind, "jsonPath": path}
    assert row(custom(column), {"spec": spec})["It"] == cell


def test_printer_columns_with_a_priority_are_wide() -> None:
    column = {"name": "It", "type": "string", "jsonPath": ".spec.a", "priority": 1}
    assert "It" not in row(custom(column), {})
    assert "It" in row(custom(column), {}, wide=True)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".a", [{"b.c": 1, "d": [{"t": "x", "v": 1}, {"t": "y", "v": True}]}]),
        (".a.b\\.c", [1]),
        (".a['b.c']", [1]),
        (".a.d[0].v", [1]),
        (".a.d[-1].v", [True]),
        (".a.d[5].v", []),
        (".a.d[*].t", ["x", "y"]),
        ('.a.d[?(@.t=="y")].v', [True]),
        (".a.d[?(@.t!='y')].v", [1]),
        (".a.d[?(@.v==true)].t", ["y"]),
        (".a.d[?(@.missing==1)].t", []),
        (".nothing.here", []),
        ("malformed[", []),
        ("", [{"a": {"b.c": 1, "d": [{"t": "x", "v": 1}, {"t": "y", "v": True}]}}]),
    ],
)
def test_json_paths_of_printer_columns(path: str, found: list[Any]) -> None:
    value = {"a": {"b.c": 1, "d": [{"t": "x", "v": 1}, {"t": "y", "v": True}]}}
    assert find(value, path) == found


@pytest.mark.parametrize(
    ("include", "shown"),
    [
        ("Metadata", {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}),
        ("Object", {"kind": "Namespace", "apiVersion": "v1"}),
        ("None", None),
    ],
)
def test_rows_carry_what_was_asked_for(include: str, shown: dict[str, str] | None) -> None:
    metadata = {"name": "x", "creationTimestamp": CREATED}
    obj = {"kind": "Namespace", "apiVersion": "v1", "metadata": metadata}
    table = tables.render(resource("", "namespaces"), "v1", [obj], NOW, include)
    expected = None if shown is None else {**shown, "metadata": metadata}
    assert table["rows"][0]["object"] == expected
    assert table["kind"] == "Table"
    assert table["apiVersion"] == "meta.k8s.io/v1"


STORED: list[tuple[str, str, dict[str, Any], list[Any]]] = [
    (
        "",
        "persistentvolumeclaims",
        {
            "spec": {"storageClassName": "fast", "volumeName": "v"},
            "status": {
                "phase": "Bound",
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
            },
        },
        ["x", "Bound", "v", "1Gi", "RWO,RWX", "fast", "8m25s"],
    ),
    (
        "",
        "persistentvolumes",
        {
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "claimRef": {"namespace": "faces", "name": "c"},
                "persistentVolumeReclaimPolicy": "Delete",
            }
        },
        ["x", "1Gi", "RWO", "Delete", "", "faces/c", "", "", "8m25s"],
    ),
    ("", "replicationcontrollers", {"spec": {"replicas": 2}}, ["x", 2, 0, 0, "8m25s"]),
    (
        "",
        "resourcequotas",
        {"status": {"hard": {"pods": "2", "limits.cpu": "1"}, "used": {"pods": "1"}}},
        ["x", "8m25s", "pods: 1/2", "limits.cpu: 0/1"],
    ),
    ("", "limitranges", {}, ["x", CREATED]),
    ("apiregistration.k8s.io", "apiservices", {}, ["x", "Local", "Unknown", "8m25s"]),
    ("apps", "controllerrevisions", {"revision": 3}, ["x", "<none>", 3, "8m25s"]),
    (
        "networking.k8s.io",
        "ingresses",
        {"spec": {"rules": [{"host": "a.b"}, {"host": "c.d"}], "tls": [{}]}},
        ["x", "<none>", "a.b,c.d", "", "80, 443", "8m25s"],
    ),
    (
        "networking.k8s.io",
        "networkpolicies",
        {"spec": {"podSelector": {"matchLabels": {"a": "b"}}}},
        ["x", "a=b", "8m25s"],
    ),
    (
        "networking.k8s.io",
        "ingressclasses",
        {"spec": {"controller": "example.com/it"}},
        ["x", "example.com/it", "<none>", "8m25s"],
    ),
    (
        "policy",
        "poddisruptionbudgets",
        {"spec": {"minAvailable": "50%"}},
        ["x", "50%", "N/A", 0, "8m25s"],
    ),
    ("scheduling.k8s.io", "priorityclasses", {"value": 7}, ["x", 7, False, "8m25s"]),
    (
        "storage.k8s.io",
        "storageclasses",
        {"provisioner": "p", "volumeBindingMode": "Immediate"},
        ["x", "p", "Delete", "Immediate", False, "8m25s"],
    ),
    (
        "batch",
        "cronjobs",
        {"spec": {"schedule": "@daily"}},
        ["x", "@daily", "False", 0, "<none>", "8m25s"],
    ),
]


@pytest.mark.parametrize(
    ("spec", "status", "completions"),
    [
        ({"completions": 3}, {"succeeded": 1}, "1/3"),
        ({}, {"succeeded": 1}, "1/1"),
        ({"parallelism": 1}, {}, "0/1"),
        ({"parallelism": 4}, {"succeeded": 2}, "2/1 of 4"),
    ],
)
def test_what_a_job_has_completed(
    spec: dict[str, Any], status: dict[str, Any], completions: str
) -> None:
    job = {"spec": spec, "status": status}
    assert row(resource("batch", "jobs"), job)["Completions"] == completions


@pytest.mark.parametrize(("group", "plural", "obj", "cells"), STORED)
def test_kinds_that_are_only_stored(
    group: str, plural: str, obj: dict[str, Any], cells: list[Any]
) -> None:
    assert list(row(resource(group, plural), obj).values()) == cells


def test_every_kind_that_can_be_listed_has_columns() -> None:
    kinds = [each for each in Cluster("north", 1, {}).resources if "list" in each.verbs]
    bare = {str(kind.key) for kind in kinds if list(row(kind, {}, wide=True)) == ["Name", "Age"]}
    assert bare == set()
