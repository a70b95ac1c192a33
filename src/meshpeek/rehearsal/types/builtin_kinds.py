"""The built-in kinds that rehearsal clusters serve: those of Kubernetes 1.27, as far as they are.

The order is that of kubectl's and of a Namespace's emptying: by group, then by name.
"""

from __future__ import annotations

from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.resources import ALL_VERBS, REVIEW_VERBS, Resource


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
_FLOW = "flowcontrol.apiserver.k8s.io"

BUILTINS = (
    builtin("", "bindings", "Binding", verbs=REVIEW_VERBS),
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
        subresources="status log exec attach portforward proxy binding eviction "
        "ephemeralcontainers",
    ),
    builtin("", "podtemplates", "PodTemplate", generation=True),
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
        "authentication.k8s.io",
        "tokenreviews",
        "TokenReview",
        cluster=True,
        verbs=REVIEW_VERBS,
    ),
    builtin(
        _AUTHORIZATION,
        "localsubjectaccessreviews",
        "LocalSubjectAccessReview",
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
        _AUTHORIZATION,
        "subjectaccessreviews",
        "SubjectAccessReview",
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
    builtin(
        "certificates.k8s.io",
        "certificatesigningrequests",
        "CertificateSigningRequest",
        cluster=True,
        short="csr",
        subresources="status approval",
    ),
    builtin("coordination.k8s.io", "leases", "Lease"),
    builtin("discovery.k8s.io", "endpointslices", "EndpointSlice", generation=True),
    builtin("events.k8s.io", "events", "Event", short="ev"),
    builtin(
        _FLOW,
        "flowschemas",
        "FlowSchema",
        versions="v1beta3",
        cluster=True,
        subresources="status",
        generation=True,
    ),
    builtin(
        _FLOW,
        "prioritylevelconfigurations",
        "PriorityLevelConfiguration",
        versions="v1beta3",
        cluster=True,
        subresources="status",
        generation=True,
    ),
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
    builtin("node.k8s.io", "runtimeclasses", "RuntimeClass", cluster=True),
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
    builtin("storage.k8s.io", "csidrivers", "CSIDriver", cluster=True),
    builtin("storage.k8s.io", "csinodes", "CSINode", cluster=True),
    builtin("storage.k8s.io", "csistoragecapacities", "CSIStorageCapacity"),
    builtin("storage.k8s.io", "storageclasses", "StorageClass", cluster=True, short="sc"),
    builtin(
        "storage.k8s.io",
        "volumeattachments",
        "VolumeAttachment",
        cluster=True,
        subresources="status",
    ),
)
