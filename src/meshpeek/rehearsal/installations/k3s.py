"""What a k3s cluster made by k3d is: one node, CoreDNS, the Service of its API server.

Facts: k3d 5 with rancher/k3s:v1.27.4-k3s1, without local storage, traefik and metrics-server.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from meshpeek.rehearsal.installation import Installation
from meshpeek.rehearsal.installations.shapes import (
    cluster_access,
    config_map,
    container,
    deployment,
    metadata,
    namespace,
    rule,
    service,
    service_account,
)
from meshpeek.rehearsal.store.cluster import VERSION, Cluster
from meshpeek.rehearsal.types.keys import NODES
from meshpeek.rehearsal.types.objects import Object

if TYPE_CHECKING:
    from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster

_NOT_IN_DNS = re.compile(r"[^a-z0-9]+")
_DNS = {"k8s-app": "kube-dns"}


def node_name(cluster: Cluster) -> str:
    """Return the name of a cluster's only node."""
    return node_name_for(cluster.name)


def node_name_for(context: str) -> str:
    """Return what the tool that makes a context of this name calls the cluster's only node."""
    name = _NOT_IN_DNS.sub("-", context.lower()).strip("-")
    if name.startswith("kind-"):
        return f"{name.removeprefix('kind-')}-control-plane"
    if name == "minikube":
        return name
    return f"k3d-{name.removeprefix('k3d-')}-server-0"


def node_address(cluster: Cluster) -> str:
    """Return the node's address on the Docker network that all clusters share."""
    return f"172.18.0.{2 * cluster.index}"


def pod_range(cluster: Cluster) -> str:
    """Return the addresses of the cluster's Pods, as create-clusters.sh gives them out."""
    return f"10.23.{cluster.index - 1}.0/24"


def namespaces() -> list[Object]:
    """Return the Namespaces that every cluster has."""
    return [
        namespace(name) for name in ("default", "kube-system", "kube-public", "kube-node-lease")
    ]


def node_lease(cluster: Cluster, moment: str) -> Object:
    """Return the Lease by which the node's kubelet says that it is alive, as of `moment`.

    A real kubelet renews it every ten seconds; this one is left as it is.
    """
    name = node_name(cluster)
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata(name, "kube-node-lease"),
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": 40,
            "renewTime": moment.replace("Z", ".000000Z"),
        },
    }


def node(cluster: Cluster, moment: str) -> Object:
    """Return the node, ready since `moment`."""
    name, address = node_name(cluster), node_address(cluster)
    capacity = {
        "cpu": "2",
        "ephemeral-storage": "61255492Ki",
        "hugepages-2Mi": "0",
        "memory": "8024632Ki",
        "pods": "110",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata(
            name,
            labels={
                "beta.kubernetes.io/arch": "amd64",
                "beta.kubernetes.io/instance-type": "k3s",
                "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/control-plane": "true",
                "node-role.kubernetes.io/master": "true",
                "node.kubernetes.io/instance-type": "k3s",
            },
            annotations={
                "flannel.alpha.coreos.com/backend-type": "vxlan",
                "flannel.alpha.coreos.com/public-ip": address,
                "k3s.io/hostname": name,
                "k3s.io/internal-ip": address,
                "node.alpha.kubernetes.io/ttl": "0",
            },
        ),
        "spec": {
            "podCIDR": pod_range(cluster),
            "podCIDRs": [pod_range(cluster)],
            "providerID": f"k3s://{name}",
        },
        "status": {
            "addresses": [
                {"address": address, "type": "InternalIP"},
                {"address": name, "type": "Hostname"},
            ],
            "allocatable": capacity,
            "capacity": capacity,
            "conditions": _node_conditions(moment),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": _id(name, "boot"),
                "containerRuntimeVersion": "containerd://1.7.1-k3s1",
                "kernelVersion": "6.1.0-rehearsal",
                "kubeProxyVersion": VERSION,
                "kubeletVersion": VERSION,
                "machineID": _id(name, "machine").replace("-", ""),
                "operatingSystem": "linux",
                "osImage": "K3s dev",
                "systemUUID": _id(name, "system"),
            },
        },
    }


def _id(name: str, of: str) -> str:
    """Return one of a node's ids: the same for the same name, in the form of a UUID."""
    digits = "".join(f"{zlib.crc32(f'{name}/{of}/{part}'.encode()):08x}" for part in range(4))
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _node_conditions(moment: str) -> list[Object]:
    texts = (
        (
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    )
    return [
        {
            "lastHeartbeatTime": moment,
            "lastTransitionTime": moment,
            "message": message,
            "reason": reason,
            "status": status,
            "type": kind,
        }
        for kind, status, reason, message in texts
    ]


def api_server(cluster: Cluster) -> list[Object]:
    """Return the Service `kubernetes` and where it leads."""
    ports = [{"name": "https", "port": 6443, "protocol": "TCP"}]
    labels = {"component": "apiserver", "provider": "kubernetes"}
    return [
        service(
            metadata("kubernetes", "default", labels),
            None,
            [("https", 443, 6443)],
            clusterIP="10.43.0.1",
        ),
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": metadata(
                "kubernetes", "default", {"endpointslice.kubernetes.io/skip-mirror": "true"}
            ),
            "subsets": [{"addresses": [{"ip": node_address(cluster)}], "ports": ports}],
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata(
                "kubernetes", "default", {"kubernetes.io/service-name": "kubernetes"}
            ),
            "addressType": "IPv4",
            "endpoints": [{"addresses": [node_address(cluster)], "conditions": {"ready": True}}],
            "ports": ports,
        },
    ]


def coredns() -> list[Object]:
    """Return the cluster's DNS; `kubectl cluster-info` finds its Service by a label."""
    home = "kube-system"
    about = {**_DNS, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"}
    dns = service(
        metadata("kube-dns", home, about, {"prometheus.io/port": "9153"}),
        _DNS,
        [("dns", 53, 53), ("dns-tcp", 53, 53), ("metrics", 9153, 9153)],
        clusterIP="10.43.0.10",
    )
    dns["spec"]["ports"][0]["protocol"] = "UDP"
    corefile = ".:53 {\n    errors\n    health\n    ready\n    kubernetes cluster.local\n}\n"
    return [
        service_account(metadata("coredns", home)),
        *cluster_access(
            metadata("system:coredns", labels={"kubernetes.io/bootstrapping": "rbac-defaults"}),
            "coredns",
            home,
            [
                rule("core", "endpoints services pods namespaces", "list watch"),
                rule("discovery.k8s.io", "endpointslices", "list watch"),
            ],
        ),
        config_map(metadata("coredns", home), {"Corefile": corefile}),
        deployment(
            metadata("coredns", home, {**_DNS, "kubernetes.io/name": "CoreDNS"}),
            _DNS,
            [
                container(
                    "coredns",
                    "rancher/mirrored-coredns-coredns:1.10.1",
                    {"dns-tcp": 53, "metrics": 9153},
                    args=["-conf", "/etc/coredns/Corefile"],
                )
            ],
            serviceAccountName="coredns",
            dnsPolicy="Default",
        ),
        dns,
    ]


class K3s(Installation):
    """What every cluster has."""

    name = "k3s"
    is_everywhere = True
    seconds = 75.0

    def install(self, cluster: SeededCluster) -> None:
        """Make the node, and what k3s puts into a new cluster."""
        from meshpeek.rehearsal.installations.bootstrap import bootstrap_objects

        moment = cluster.runtime.timestamp()
        cluster.runtime.create(NODES, node(cluster.cluster, moment))
        for obj in bootstrap_objects(cluster.cluster, moment):
            cluster.create(obj)
        system = (*api_server(cluster.cluster), *coredns(), node_lease(cluster.cluster, moment))
        for obj in (*namespaces(), *system):
            cluster.create(obj)


INSTALLATION = K3s()
