"""`linkerd multicluster unlink`: names what a link is made of, for `kubectl delete`.

The objects and their order are those of stable-2.14.10 (multicluster/cmd/unlink.go).
"""

from __future__ import annotations

from meshpeek.rehearsal.installations.linkerd.cli.api_client import ApiClient
from meshpeek.rehearsal.types.objects import Object

_RBAC = "rbac.authorization.k8s.io/v1"
_LINKS = "multicluster.linkerd.io/v1alpha1"


def find_link_objects(
    cluster: ApiClient, name: str, namespace: str, control_plane_namespace: str
) -> list[Object]:
    """Return the link `name`, all that was made for it and by it, as apiVersion, kind and name.

    Raises NotFoundError if there is no such link.
    """
    link = cluster.get(f"/apis/{_LINKS}/namespaces/{namespace}/links/{name}")
    local = f"linkerd-service-mirror-access-local-resources-{name}"
    remote = f"linkerd-service-mirror-read-remote-creds-{name}"
    mirror = f"linkerd-service-mirror-{name}"
    objects = [
        _reference("v1", "Secret", f"cluster-credentials-{name}", namespace),
        _reference(_LINKS, "Link", name, namespace),
        _reference(_RBAC, "ClusterRole", local),
        _reference(_RBAC, "ClusterRoleBinding", local),
        _reference(_RBAC, "Role", remote, namespace),
        _reference(_RBAC, "RoleBinding", remote, namespace),
        _reference("v1", "ServiceAccount", mirror, namespace),
        _reference("apps/v1", "Deployment", mirror, namespace),
        _reference("coordination.k8s.io/v1", "Lease", f"service-mirror-write-{name}", namespace),
    ]
    if link["spec"].get("probeSpec", {}).get("path"):
        objects.append(_reference("v1", "Service", f"probe-gateway-{name}", namespace))
    services = cluster.items(
        "/api/v1/services",
        labelSelector=f"mirror.linkerd.io/mirrored-service=true,mirror.linkerd.io/cluster-name={name}",
    )
    secrets = cluster.items(
        f"/api/v1/namespaces/{control_plane_namespace}/secrets",
        labelSelector=f"multicluster.linkerd.io/cluster-name={name}",
    )
    objects += [_found("Service", service) for service in services]
    objects += [_found("Secret", secret) for secret in secrets]
    return objects


def _found(kind: str, obj: Object) -> Object:
    return _reference("v1", kind, obj["metadata"]["name"], obj["metadata"]["namespace"])


def _reference(version: str, kind: str, name: str, namespace: str = "") -> Object:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
