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


BINDINGS = ResourceKey("", "bindings")
CONFIG_MAPS = ResourceKey("", "configmaps")
ENDPOINTS = ResourceKey("", "endpoints")
EVENTS = ResourceKey("", "events")
NAMESPACES = ResourceKey("", "namespaces")
NODES = ResourceKey("", "nodes")
PODS = ResourceKey("", "pods")
PERSISTENT_VOLUME_CLAIMS = ResourceKey("", "persistentvolumeclaims")
REPLICATION_CONTROLLERS = ResourceKey("", "replicationcontrollers")
RESOURCE_QUOTAS = ResourceKey("", "resourcequotas")
LIMIT_RANGES = ResourceKey("", "limitranges")
SECRETS = ResourceKey("", "secrets")
SERVICE_ACCOUNTS = ResourceKey("", "serviceaccounts")
SERVICES = ResourceKey("", "services")

MUTATING_WEBHOOKS = ResourceKey("admissionregistration.k8s.io", "mutatingwebhookconfigurations")
VALIDATING_WEBHOOKS = ResourceKey("admissionregistration.k8s.io", "validatingwebhookconfigurations")
CRDS = ResourceKey("apiextensions.k8s.io", "customresourcedefinitions")
CONTROLLER_REVISIONS = ResourceKey("apps", "controllerrevisions")
DAEMON_SETS = ResourceKey("apps", "daemonsets")
DEPLOYMENTS = ResourceKey("apps", "deployments")
REPLICA_SETS = ResourceKey("apps", "replicasets")
STATEFUL_SETS = ResourceKey("apps", "statefulsets")
AUTOSCALERS = ResourceKey("autoscaling", "horizontalpodautoscalers")
CRON_JOBS = ResourceKey("batch", "cronjobs")
JOBS = ResourceKey("batch", "jobs")
CERTIFICATE_REQUESTS = ResourceKey("certificates.k8s.io", "certificatesigningrequests")
LEASES = ResourceKey("coordination.k8s.io", "leases")
ENDPOINT_SLICES = ResourceKey("discovery.k8s.io", "endpointslices")
DISRUPTION_BUDGETS = ResourceKey("policy", "poddisruptionbudgets")
PRIORITY_CLASSES = ResourceKey("scheduling.k8s.io", "priorityclasses")
