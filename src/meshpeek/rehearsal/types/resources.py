"""The kinds of objects an API server serves, and how each is named in paths and by kubectl."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from meshpeek.rehearsal.types.keys import ResourceKey

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
REVIEW_VERBS = ("create",)

# The built-in kinds of which an update must say what it is based on.
_CONDITIONAL = frozenset(
    (
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        ("apiextensions.k8s.io", "customresourcedefinitions"),
        ("apiregistration.k8s.io", "apiservices"),
        ("coordination.k8s.io", "leases"),
        ("policy", "poddisruptionbudgets"),
    )
)


class Resource(NamedTuple):
    """One kind as it is served.

    `versions` are those served, the preferred one first. `counts_generation` is False for kinds
    whose objects carry no `metadata.generation` (Pod, Service, ConfigMap …). `definition` is the
    CustomResourceDefinition object of a custom resource, None for a built-in one.
    """

    key: ResourceKey
    kind: str
    versions: tuple[str, ...]
    storage_version: str
    namespaced: bool
    singular: str
    list_kind: str
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[str, ...] = ()
    counts_generation: bool = False
    definition: Mapping[str, Any] | None = None

    @property
    def requires_version(self) -> bool:
        """Whether an update must have a resourceVersion, as for all custom resources."""
        return self.definition is not None or self.key in _CONDITIONAL

    def api_version(self, version: str | None = None) -> str:
        """Return the apiVersion of `version`, or of the stored objects."""
        version = version or self.storage_version
        return f"{self.key.group}/{version}" if self.key.group else version


def group_and_version(api_version: str) -> tuple[str, str]:
    """Split an apiVersion: `apps/v1` into `("apps", "v1")`, `v1` into `("", "v1")`."""
    group, _, version = api_version.rpartition("/")
    return group, version


def builtin(
    group: str,
    plural: str,
    kind: str,
    *,
    versions: str = "v1",
    cluster: bool = False,
    short: str = "",
    categories: str = "",
    subresources: str = "",
    verbs: tuple[str, ...] = ALL_VERBS,
    generation: bool = False,
) -> Resource:
    """Describe a built-in kind; texts with several words are lists.

    The first of `versions` is the one that is preferred and stored.
    """
    return Resource(
        key=ResourceKey(group, plural),
        kind=kind,
        versions=tuple(versions.split()),
        storage_version=versions.split()[0],
        namespaced=not cluster,
        singular=kind.lower(),
        list_kind=f"{kind}List",
        short_names=tuple(short.split()),
        categories=tuple(categories.split()),
        verbs=verbs,
        subresources=tuple(subresources.split()),
        counts_generation=generation,
    )


_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_AUTHORIZATION = "authorization.k8s.io"

BUILTINS = (
    builtin("", "configmaps", "ConfigMap", short="cm"),
    builtin("", "endpoints", "Endpoints", short="ep"),
    builtin("", "events", "Event", short="ev"),
    builtin("", "limitranges", "LimitRange", short="limits"),
    builtin(
        "", "namespaces", "Namespace", cluster=True, short="ns", subresources="status finalize"
    ),
    builtin("", "nodes", "Node", cluster=True, short="no", subresources="status"),
    builtin(
        "", "persistentvolumeclaims", "PersistentVolumeClaim", short="pvc", subresources="status"
    ),
    builtin(
        "", "persistentvolumes", "PersistentVolume", cluster=True, short="pv", subresources="status"
    ),
    builtin(
        "",
        "pods",
        "Pod",
        short="po",
        categories="all",
        subresources="status log exec attach portforward proxy eviction ephemeralcontainers",
    ),
    builtin(
        "",
        "replicationcontrollers",
        "ReplicationController",
        short="rc",
        categories="all",
        subresources="status scale",
        generation=True,
    ),
    builtin("", "resourcequotas", "ResourceQuota", short="quota", subresources="status"),
    builtin("", "secrets", "Secret"),
    builtin("", "serviceaccounts", "ServiceAccount", short="sa", subresources="token"),
    builtin("", "services", "Service", short="svc", categories="all", subresources="status proxy"),
    builtin(
        _ADMISSION,
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        cluster=True,
        categories="api-extensions",
        generation=True,
    ),
    builtin(
        _ADMISSION,
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        cluster=True,
        categories="api-extensions",
        generation=True,
    ),
    builtin(
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        cluster=True,
        short="crd crds",
        categories="api-extensions",
        subresources="status",
        generation=True,
    ),
    builtin(
        "apiregistration.k8s.io",
        "apiservices",
        "APIService",
        cluster=True,
        categories="api-extensions",
        subresources="status",
    ),
    builtin("apps", "controllerrevisions", "ControllerRevision"),
    builtin(
        "apps",
        "daemonsets",
        "DaemonSet",
        short="ds",
        categories="all",
        subresources="status",
        generation=True,
    ),
    builtin(
        "apps",
        "deployments",
        "Deployment",
        short="deploy",
        categories="all",
        subresources="status scale",
        generation=True,
    ),
    builtin(
        "apps",
        "replicasets",
        "ReplicaSet",
        short="rs",
        categories="all",
        subresources="status scale",
        generation=True,
    ),
    builtin(
        "apps",
        "statefulsets",
        "StatefulSet",
        short="sts",
        categories="all",
        subresources="status scale",
        generation=True,
    ),
    builtin(
        "authentication.k8s.io",
        "selfsubjectreviews",
        "SelfSubjectReview",
        versions="v1beta1",
        cluster=True,
        verbs=REVIEW_VERBS,
    ),
    builtin(
        _AUTHORIZATION,
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        cluster=True,
        verbs=REVIEW_VERBS,
    ),
    builtin(
        _AUTHORIZATION,
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
        cluster=True,
        verbs=REVIEW_VERBS,
    ),
    builtin(
        "autoscaling",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        versions="v2 v1",
        short="hpa",
        categories="all",
        subresources="status",
    ),
    builtin(
        "batch",
        "cronjobs",
        "CronJob",
        short="cj",
        categories="all",
        subresources="status",
        generation=True,
    ),
    builtin("batch", "jobs", "Job", categories="all", subresources="status", generation=True),
    builtin("coordination.k8s.io", "leases", "Lease"),
    builtin("discovery.k8s.io", "endpointslices", "EndpointSlice", generation=True),
    builtin("networking.k8s.io", "ingressclasses", "IngressClass", cluster=True, generation=True),
    builtin(
        "networking.k8s.io",
        "ingresses",
        "Ingress",
        short="ing",
        subresources="status",
        generation=True,
    ),
    builtin(
        "networking.k8s.io", "networkpolicies", "NetworkPolicy", short="netpol", generation=True
    ),
    builtin(
        "policy",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        short="pdb",
        subresources="status",
        generation=True,
    ),
    builtin(_RBAC, "clusterrolebindings", "ClusterRoleBinding", cluster=True),
    builtin(_RBAC, "clusterroles", "ClusterRole", cluster=True),
    builtin(_RBAC, "rolebindings", "RoleBinding"),
    builtin(_RBAC, "roles", "Role"),
    builtin(
        "scheduling.k8s.io",
        "priorityclasses",
        "PriorityClass",
        cluster=True,
        short="pc",
        generation=True,
    ),
    builtin("storage.k8s.io", "storageclasses", "StorageClass", cluster=True, short="sc"),
)


class Registry:
    """The kinds one cluster serves: the built-in ones, and those its CRDs define.

    `revision` grows with every change, so that what is derived from a registry can be cached.
    """

    def __init__(self) -> None:
        self.revision = 1
        self._resources = {resource.key: resource for resource in BUILTINS}

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources.values())

    def get(self, key: ResourceKey) -> Resource | None:
        """Return the resource `key`, or None where the cluster does not serve it."""
        return self._resources.get(key)

    def served(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource that a path names, if it is served in that version."""
        resource = self._resources.get(ResourceKey(group, plural))
        return resource if resource and version in resource.versions else None

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """Return the resource of objects with this apiVersion and kind, None if not served."""
        group, version = group_and_version(api_version)
        for resource in self._resources.values():
            if resource.kind == kind and resource.key.group == group:
                return resource if version in resource.versions else None
        return None

    def add(self, resource: Resource) -> None:
        """Serve `resource`, in place of an earlier one with the same key."""
        self._resources[resource.key] = resource
        self.revision += 1

    def remove(self, key: ResourceKey) -> None:
        """Serve `key` no longer."""
        if self._resources.pop(key, None):
            self.revision += 1
