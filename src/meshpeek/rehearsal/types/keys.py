"""What tells one resource of an API server from another."""

from __future__ import annotations

from typing import NamedTuple


class ResourceKey(NamedTuple):
    """A group and a plural: `("", "pods")`, `("apps", "deployments")`."""

    group: str
    plural: str

    def __str__(self) -> str:
        """Return the name as API servers and kubectl write it: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


CONFIG_MAPS = ResourceKey("", "configmaps")
ENDPOINTS = ResourceKey("", "endpoints")
EVENTS = ResourceKey("", "events")
NAMESPACES = ResourceKey("", "namespaces")
NODES = ResourceKey("", "nodes")
PODS = ResourceKey("", "pods")
REPLICATION_CONTROLLERS = ResourceKey("", "replicationcontrollers")
SECRETS = ResourceKey("", "secrets")
SERVICE_ACCOUNTS = ResourceKey("", "serviceaccounts")
SERVICES = ResourceKey("", "services")

MUTATING_WEBHOOKS = ResourceKey("admissionregistration.k8s.io", "mutatingwebhookconfigurations")
VALIDATING_WEBHOOKS = ResourceKey("admissionregistration.k8s.io", "validatingwebhookconfigurations")
CRDS = ResourceKey("apiextensions.k8s.io", "customresourcedefinitions")
DEPLOYMENTS = ResourceKey("apps", "deployments")
REPLICA_SETS = ResourceKey("apps", "replicasets")
JOBS = ResourceKey("batch", "jobs")
LEASES = ResourceKey("coordination.k8s.io", "leases")
ENDPOINT_SLICES = ResourceKey("discovery.k8s.io", "endpointslices")
