"""What `linkerd multicluster check` looks at, in the order of stable-2.14.10.

With it comes the defect that 2.14 has: of a link without a gateway it wants a probe gateway, and
fails (linkerd2 issue 11428).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence

from meshpeek.rehearsal.installations.linkerd.cli.api_client import (
    ApiClient,
    LinkerdError,
    NotFoundError,
    parse_kubeconfig,
    reach,
)
from meshpeek.rehearsal.installations.linkerd.cli.checks.control_plane_checks import missing
from meshpeek.rehearsal.installations.linkerd.cli.checks.health import (
    Category,
    Check,
    Details,
    SkippedError,
    Subject,
)
from meshpeek.rehearsal.installations.linkerd.cli.checks.proxies import proxy_checks
from meshpeek.rehearsal.installations.linkerd.cli.link import linkerd_values
from meshpeek.rehearsal.types.objects import Object

EXTENSION_LABEL = "linkerd.io/extension"

_LINKS = "/apis/multicluster.linkerd.io/v1alpha1/links"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_MIRRORED = "mirror.linkerd.io/mirrored-service"
_GATEWAY = "mirror.linkerd.io/mirrored-gateway"
_CLUSTER = "mirror.linkerd.io/cluster-name"
_DISCOVERED = "multicluster.linkerd.io/remote-discovery"


def multicluster() -> Category:
    """Return the one category of `multicluster check`."""
    return Category(
        "linkerd-multicluster",
        [
            Check(
                "Link CRD exists",
                "l5d-multicluster-link-crd-exists",
                _find_missing_definition,
                is_fatal=True,
            ),
            Check(
                "Link resources are valid",
                "l5d-multicluster-links-are-valid",
                lambda subject: Details(map(_name, _links(subject))),
                is_fatal=True,
            ),
            Check(
                "remote cluster access credentials are valid",
                "l5d-smc-target-clusters-access",
                _for_each_link(_find_unreachable, indent=8),
            ),
            Check(
                "clusters share trust anchors",
                "l5d-multicluster-clusters-share-anchors",
                _for_each_link(_find_other_anchor, heading="Problematic clusters:"),
            ),
            Check(
                "service mirror controller has required permissions",
                "l5d-multicluster-source-rbac-correct",
                _for_each_link(_find_missing_permission, indent=0),
            ),
            Check(
                "service mirror controllers are running",
                "l5d-multicluster-service-mirror-running",
                _for_each_link(_find_idle_mirror, indent=8),
                retries=True,
            ),
            Check(
                "probe services able to communicate with all gateway mirrors",
                "l5d-multicluster-gateways-endpoints",
                _for_each_link(_find_dead_probe),
            ),
            Check(
                "all mirror services have endpoints",
                "l5d-multicluster-services-endpoints",
                _find_empty_mirror,
            ),
            Check(
                "all mirror services are part of a Link",
                "l5d-multicluster-orphaned-services",
                _find_orphan,
                is_warning=True,
            ),
            *proxy_checks(
                "multicluster extension proxies",
                (
                    "l5d-multicluster-proxy-healthy",
                    "l5d-multicluster-proxy-cp-version",
                    "l5d-multicluster-proxy-cli-version",
                ),
                _list_pods,
            ),
        ],
    )


def _links(subject: Subject) -> list[Object]:
    found = subject.items(_LINKS)
    if not found:
        raise SkippedError
    return found


def _name(link: Object) -> str:
    return str(link.get("spec", {}).get("targetClusterName", ""))


def _for_each_link(
    find_fault: Callable[[Subject, Object], str], *, indent: int = 4, heading: str = ""
) -> Callable[[Subject], str | Details]:
    """Look at every link; the faults of all of them are one text, as the real CLI joins them."""

    def look(subject: Subject) -> str | Details:
        links = _links(subject)
        faults = [fault for fault in (find_fault(subject, link) for link in links) if fault]
        if faults:
            lines = [" " * indent + fault for fault in faults]
            return "\n".join([heading, *lines] if heading else lines)
        return Details(map(_name, links))

    return look


def _find_missing_definition(subject: Subject) -> str:
    try:
        subject.cluster.get(_LINKS)
    except NotFoundError:
        return (
            "multicluster.linkerd.io/Link CRD is missing: the server could not find the requested "
            "resource"
        )
    return ""


def _target(subject: Subject, link: Object) -> ApiClient:
    """Return a client for a link's cluster; raises LinkerdError with what is wrong."""
    namespace = link["metadata"]["namespace"]
    secret_name = link["spec"].get("clusterCredentialsSecret", "")
    where = f"[{namespace}/{secret_name}]"
    try:
        secret = subject.cluster.get(f"/api/v1/namespaces/{namespace}/secrets/{secret_name}")
    except LinkerdError as error:
        raise LinkerdError(f"* secret: {where}: {error}") from None
    try:
        kubeconfig = base64.b64decode(secret["data"]["kubeconfig"]).decode()
        server = parse_kubeconfig(kubeconfig).server
    except (KeyError, TypeError, binascii.Error, UnicodeDecodeError, LinkerdError) as error:
        raise LinkerdError(
            f"* secret: {where} cluster: [{_name(link)}]: unable to parse api config: {error}"
        ) from None
    try:
        client = reach(server, subject.known_servers)
        client.get("/version")
    except LinkerdError as error:
        raise LinkerdError(
            f"* failed to connect to API for cluster: [{_name(link)}]: {error}"
        ) from None
    return client


def _find_unreachable(subject: Subject, link: Object) -> str:
    try:
        _target(subject, link)
    except LinkerdError as error:
        return str(error)
    return ""


def _find_other_anchor(subject: Subject, link: Object) -> str:
    try:
        target = _target(subject, link)
        namespace = link["spec"].get("targetClusterLinkerdNamespace", "linkerd")
        theirs = _anchors(target, namespace)
    except NotFoundError as error:
        return f"* {_name(link)}: unable to fetch anchors: {error}"
    except LinkerdError as error:
        return str(error)
    return "" if theirs == _anchors(subject.cluster, subject.namespace) else f"* {_name(link)}"


def _anchors(cluster: ApiClient, namespace: str) -> str:
    config = cluster.get(f"/api/v1/namespaces/{namespace}/configmaps/linkerd-config")
    return str(linkerd_values(config).get("identityTrustAnchorsPEM") or "").strip()


def _find_missing_permission(subject: Subject, link: Object) -> str:
    name, namespace = _name(link), link["metadata"]["namespace"]
    local = f"linkerd-service-mirror-access-local-resources-{name}"
    remote = f"linkerd-service-mirror-read-remote-creds-{name}"
    faults = [
        missing(subject, kind, path, [expected])
        for kind, path, expected in (
            (
                "ServiceAccounts",
                f"/api/v1/namespaces/{namespace}/serviceaccounts",
                f"linkerd-service-mirror-{name}",
            ),
            ("ClusterRoles", f"{_RBAC}/clusterroles", local),
            ("ClusterRoleBindings", f"{_RBAC}/clusterrolebindings", local),
            ("Roles", f"{_RBAC}/namespaces/{namespace}/roles", remote),
            ("RoleBindings", f"{_RBAC}/namespaces/{namespace}/rolebindings", remote),
        )
    ]
    return "\n".join(filter(None, faults))


def _find_idle_mirror(subject: Subject, link: Object) -> str:
    wanted = {"component": "service-mirror", _CLUSTER: _name(link)}
    found = [
        each
        for each in subject.items("/apis/apps/v1/deployments")
        if wanted.items() <= _labels(each).items()
    ]
    if not found:
        return f"* no service mirror controller deployment for Link {_name(link)}"
    if len(found) > 1:
        return f"* too many service mirror controller deployments for Link {_name(link)}"
    (mirror,) = found
    if mirror.get("status", {}).get("availableReplicas", 0) > 0:
        return ""
    metadata = mirror["metadata"]
    return (
        f"* service mirror controller is not available: {metadata['namespace']}/{metadata['name']}"
    )


def _find_dead_probe(subject: Subject, link: Object) -> str:
    """Return what 2.14 finds wrong; a gateway that is there counts as alive with its mirror."""
    probes = [
        each
        for each in subject.items("/api/v1/services")
        if _GATEWAY in _labels(each) and _labels(each).get(_CLUSTER) == _name(link)
    ]
    if len(probes) != 1:
        return f"wrong number ({len(probes)}) of probe gateways for target cluster {_name(link)}"
    is_idle = _find_idle_mirror(subject, link)
    return f"liveness checks failed for {_name(link)}" if is_idle else ""


def _labels(obj: Object) -> dict[str, str]:
    labels: dict[str, str] = obj["metadata"].get("labels") or {}
    return labels


def _mirrors(subject: Subject, *without: str) -> Sequence[Object]:
    found = [
        each
        for each in subject.items("/api/v1/services")
        if _MIRRORED in _labels(each) and not _labels(each).keys() & {_GATEWAY, *without}
    ]
    if not found:
        raise SkippedError
    return found


def _find_empty_mirror(subject: Subject) -> str:
    lacking = []
    for service in _mirrors(subject, _DISCOVERED):
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        endpoints = subject.cluster.find(f"/api/v1/namespaces/{namespace}/endpoints/{name}")
        if not (endpoints or {}).get("subsets"):
            cluster = _labels(service).get(_CLUSTER, "")
            lacking.append(f"    {name}.{namespace} mirrored from cluster [{cluster}]")
    if not lacking:
        return ""
    return "\n".join(["Some mirror services do not have endpoints:", *lacking])


def _find_orphan(subject: Subject) -> str:
    targets = set(map(_name, subject.items(_LINKS)))
    lines = []
    for service in _mirrors(subject):
        if _labels(service).get(_CLUSTER) not in targets:
            metadata = service["metadata"]
            where = f"{metadata['name']}.{metadata['namespace']}"
            lines.append(f"    mirror service {where} is not part of any Link")
    return "\n".join(lines)


def _list_pods(subject: Subject) -> list[Object]:
    """Return the pods beside each link; 2.14 lists those of two links in a namespace twice."""
    return [
        pod
        for link in subject.items(_LINKS)
        for pod in subject.items(f"/api/v1/namespaces/{link['metadata']['namespace']}/pods")
    ]
