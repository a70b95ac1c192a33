"""Checks of proxies: whether they run, and of which version they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from meshpeek.rehearsal.installations.linkerd.cli.checks.health import Category, Check, Subject
from meshpeek.rehearsal.installations.linkerd.injection import PROXY
from meshpeek.rehearsal.installations.linkerd.names import LINKERD_VERSION
from meshpeek.rehearsal.types.objects import Object


def proxy_checks(
    about: str,
    anchors: tuple[str, str, str],
    list_pods: Callable[[Subject], Iterable[Object]],
) -> list[Check]:
    """Return the three checks of proxies that Linkerd makes at several places."""
    healthy, current, matching = anchors
    return [
        Check(
            f"{about} are healthy",
            healthy,
            lambda subject: _find_unhealthy(list_pods(subject)),
            is_fatal=True,
            retries=True,
        ),
        Check(
            f"{about} are up-to-date",
            current,
            lambda subject: _list_outdated(list_pods(subject)),
            is_warning=True,
        ),
        Check(
            f"{about} and cli versions match",
            matching,
            lambda subject: _find_other_version(list_pods(subject)),
            is_warning=True,
        ),
    ]


def control_plane_proxies() -> Category:
    """Return what is asked of the control plane's own proxies."""
    return Category(
        "linkerd-control-plane-proxy",
        proxy_checks(
            "control plane proxies",
            ("l5d-cp-proxy-healthy", "l5d-cp-proxy-version", "l5d-cp-proxy-cli-version"),
            lambda subject: subject.items(f"/api/v1/namespaces/{subject.namespace}/pods"),
        ),
    )


def data_plane_checks() -> Category:
    """Return what `check --proxy` asks of all proxies."""
    return Category(
        "linkerd-data-plane",
        [
            Check(
                "data plane namespace exists",
                "l5d-data-plane-exists",
                _find_missing_data_plane,
                is_fatal=True,
            ),
            Check(
                "data plane proxies are ready",
                "l5d-data-plane-ready",
                _find_unready_data_plane,
                is_fatal=True,
                retries=True,
            ),
            Check(
                "data plane is up-to-date",
                "l5d-data-plane-version",
                lambda subject: _list_outdated(_data_plane_pods(subject)),
                is_warning=True,
            ),
            Check(
                "data plane and cli versions match",
                "l5d-data-plane-cli-version",
                lambda subject: _find_other_version(_data_plane_pods(subject)),
                is_warning=True,
            ),
            *(
                Check(f"data plane {what} are configured correctly", anchor, is_warning=True)
                for what, anchor in (
                    ("pod labels", "l5d-data-plane-pod-labels"),
                    ("service labels", "l5d-data-plane-services-labels"),
                    ("service annotations", "l5d-data-plane-services-annotations"),
                )
            ),
            Check(
                "opaque ports are properly annotated",
                "linkerd-opaque-ports-definition",
                is_warning=True,
            ),
        ],
    )


def _find_missing_data_plane(subject: Subject) -> str:
    name = subject.proxied_namespace
    if not name or subject.cluster.find(f"/api/v1/namespaces/{name}"):
        return ""
    return f'The "{name}" namespace does not exist'


def _data_plane_pods(subject: Subject) -> list[Object]:
    name = subject.proxied_namespace
    path = f"/api/v1/namespaces/{name}/pods" if name else "/api/v1/pods"
    return [
        pod
        for pod in subject.items(path)
        if _proxy_of(pod) and pod["metadata"]["namespace"] != subject.namespace
    ]


def _find_unready_data_plane(subject: Subject) -> str:
    pods = _data_plane_pods(subject)
    if not pods:
        where = (
            f' in the "{subject.proxied_namespace}" namespace' if subject.proxied_namespace else ""
        )
        return f'No "{PROXY}" containers found{where}'
    return _find_unhealthy(pods)


def _proxy_of(pod: Object) -> Object | None:
    found = (each for each in pod["spec"]["containers"] if each["name"] == PROXY)
    return next(found, None)


def _find_unhealthy(pods: Iterable[Object]) -> str:
    for pod in filter(_proxy_of, pods):
        name, status = pod["metadata"]["name"], pod.get("status", {})
        if status.get("phase") != "Running":
            return f'pod "{name}" status is {status.get("phase", "Unknown")}'
        for container in status.get("containerStatuses", ()):
            if container["name"] == PROXY and not container["ready"]:
                return f'proxy in pod "{name}" is not ready'
    return ""


def _version_of(pod: Object) -> str:
    proxy = _proxy_of(pod) or {}
    return str(proxy.get("image", "")).rpartition(":")[2]


def _list_outdated(pods: Iterable[Object]) -> str:
    """Return all pods with a proxy: of the stable channel no release counts as current now."""
    lines = [
        f"\t* {pod['metadata']['name']} ({_version_of(pod)})" for pod in filter(_proxy_of, pods)
    ]
    if not lines:
        return ""
    return "\n".join(["some proxies are not running the current version:", *lines])


def _find_other_version(pods: Iterable[Object]) -> str:
    for pod in filter(_proxy_of, pods):
        version = _version_of(pod)
        if version != LINKERD_VERSION:
            name = pod["metadata"]["name"]
            return f"{name} running {version} but cli running {LINKERD_VERSION}"
    return ""
