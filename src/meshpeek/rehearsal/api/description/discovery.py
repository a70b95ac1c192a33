"""What an API server says it serves: aggregated discovery (v2, v2beta1) and the older lists.

Orders and fields: kube-apiserver 1.27. kubectl takes the first group that knows a name, so the
order of groups decides what `httproute` means. Aggregated discovery orders CRD groups by name,
the older list by the name of their APIService, which begins with their lowest version.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

from meshpeek.http.exchange import Request, Response, accepted, encode
from meshpeek.rehearsal.types.crds import version_priority
from meshpeek.rehearsal.types.kind_registry import Registry
from meshpeek.rehearsal.types.resources import ALL_VERBS, Resource

AGGREGATED_GROUP = "apidiscovery.k8s.io"
AGGREGATED_KIND = "APIGroupDiscoveryList"

BUILTIN_GROUPS = (
    "",
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "flowcontrol.apiserver.k8s.io",
)

_OTHER_KINDS = {
    ("pods", "binding"): ("", "v1", "Binding"),
    ("pods", "attach"): ("", "v1", "PodAttachOptions"),
    ("pods", "eviction"): ("policy", "v1", "Eviction"),
    ("pods", "exec"): ("", "v1", "PodExecOptions"),
    ("pods", "portforward"): ("", "v1", "PodPortForwardOptions"),
    ("pods", "proxy"): ("", "v1", "PodProxyOptions"),
    ("services", "proxy"): ("", "v1", "ServiceProxyOptions"),
    ("serviceaccounts", "token"): ("authentication.k8s.io", "v1", "TokenRequest"),
}
_SUBRESOURCE_VERBS = {
    "status": ("get", "patch", "update"),
    "scale": ("get", "patch", "update"),
    "finalize": ("update",),
    "log": ("get",),
    "attach": ("create", "get"),
    "exec": ("create", "get"),
    "portforward": ("create", "get"),
    "eviction": ("create",),
    "binding": ("create",),
    "approval": ("get", "patch", "update"),
    "token": ("create",),
    "ephemeralcontainers": ("get", "patch", "update"),
    "proxy": ("create", "delete", "get", "patch", "update"),
}


class Discovery:
    """Answers discovery requests; answers are kept until the registry changes."""

    def __init__(self, resources: Registry, address: str = "") -> None:
        self._resources = resources
        self._address = address
        self._revision = 0
        self._answers: dict[tuple[str, str], tuple[bytes, str]] = {}

    def answer(self, path: str, request: Request) -> Response | None:
        """Return the answer for `/api`, `/apis` and what lies below, None for other paths."""
        if self._revision != self._resources.revision:
            self._revision = self._resources.revision
            self._answers.clear()
        version = _aggregated_version(request) if path in ("/api", "/apis") else ""
        kept = self._answers.get((path, version))
        if kept is None:
            document = self._document(path, version)
            if document is None:
                return None
            body = encode(document)
            kept = self._answers[path, version] = (body, f'"{zlib.crc32(body):08X}{len(body):X}"')
        body, tag = kept
        content_type = "application/json"
        if version:
            content_type += f";g={AGGREGATED_GROUP};v={version};as={AGGREGATED_KIND}"
        headers = {"Vary": "Accept"}
        if version:
            headers["ETag"] = tag
            if request.headers.get("if-none-match") == tag:
                return Response(304, content_type=content_type, headers=headers)
        return Response(200, body, content_type, headers)

    def _document(self, path: str, version: str) -> dict[str, Any] | None:
        match path.split("/")[1:]:
            case ["api"] if version:
                return self._aggregated(version, [""])
            case ["api"]:
                return {
                    "kind": "APIVersions",
                    "versions": ["v1"],
                    "serverAddressByClientCIDRs": [
                        {"clientCIDR": "0.0.0.0/0", "serverAddress": self._address}
                    ],
                }
            case ["apis"] if version:
                return self._aggregated(version, self._groups(by_service=False))
            case ["apis"]:
                groups = [self._group(group) for group in self._groups(by_service=True)]
                return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
            case ["api", "v1"]:
                return self._resource_list("", "v1")
            case ["apis", group] if group in self._groups(by_service=True):
                return {**self._group(group), "kind": "APIGroup", "apiVersion": "v1"}
            case ["apis", group, group_version] if group_version in self._versions(group):
                return self._resource_list(group, group_version)
        return None

    def _groups(self, *, by_service: bool) -> list[str]:
        present = {resource.key.group for resource in self._resources} - {""}
        builtin = [group for group in BUILTIN_GROUPS if group in present]
        custom = sorted(present - set(builtin))
        if by_service:
            custom.sort(key=lambda group: min(f"{v}.{group}" for v in self._versions(group)))
        return builtin + custom

    def _versions(self, group: str) -> list[str]:
        found = {
            version
            for resource in self._resources
            if resource.key.group == group
            for version in resource.versions
        }
        return sorted(found, key=version_priority)

    def _in(self, group: str, version: str) -> list[Resource]:
        found = [
            resource
            for resource in self._resources
            if resource.key.group == group and version in resource.versions
        ]
        return sorted(found, key=lambda resource: resource.key.plural)

    def _group(self, group: str) -> dict[str, Any]:
        versions = [
            {"groupVersion": f"{group}/{version}", "version": version}
            for version in self._versions(group)
        ]
        return {"name": group, "versions": versions, "preferredVersion": versions[0]}

    def _resource_list(self, group: str, version: str) -> dict[str, Any]:
        listed = []
        for resource in self._in(group, version):
            entry: dict[str, Any] = {
                "name": resource.key.plural,
                "singularName": resource.singular,
                "namespaced": resource.namespaced,
                "kind": resource.kind,
                "verbs": list(resource.verbs),
            }
            if resource.short_names:
                entry["shortNames"] = list(resource.short_names)
            if resource.categories:
                entry["categories"] = list(resource.categories)
            if resource.verbs == ALL_VERBS:
                entry["storageVersionHash"] = _storage_version_hash(resource)
            listed.append(entry)
            for subresource in resource.subresources:
                other_group, other_version, kind = _kind_of(resource, version, subresource)
                below: dict[str, Any] = {
                    "name": f"{resource.key.plural}/{subresource}",
                    "singularName": "",
                    "namespaced": resource.namespaced,
                    "kind": kind,
                    "verbs": list(_SUBRESOURCE_VERBS[subresource]),
                }
                if (other_group, other_version) != (group, version):
                    below |= {"group": other_group, "version": other_version}
                listed.append(below)
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": f"{group}/{version}" if group else version,
            "resources": listed,
        }

    def _aggregated(self, version: str, groups: list[str]) -> dict[str, Any]:
        return {
            "kind": AGGREGATED_KIND,
            "apiVersion": f"{AGGREGATED_GROUP}/{version}",
            "metadata": {},
            "items": [self._aggregated_group(group) for group in groups],
        }

    def _aggregated_group(self, group: str) -> dict[str, Any]:
        versions = [
            {
                "version": version,
                "freshness": "Current",
                "resources": [
                    _aggregated_resource(each, version) for each in self._in(group, version)
                ],
            }
            for version in self._versions(group)
        ]
        metadata = {"creationTimestamp": None} | ({"name": group} if group else {})
        return {"metadata": metadata, "versions": versions}


def _storage_version_hash(resource: Resource) -> str:
    import hashlib

    key = f"{resource.key.group}/{resource.storage_version}/{resource.kind}"
    return base64.b64encode(hashlib.sha256(key.encode()).digest()[:8]).decode()


def _aggregated_resource(resource: Resource, version: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "resource": resource.key.plural,
        "responseKind": {"group": resource.key.group, "version": version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = []
        for subresource in resource.subresources:
            group, kind_version, kind = _kind_of(resource, version, subresource)
            entry["subresources"].append(
                {
                    "subresource": subresource,
                    "responseKind": {"group": group, "version": kind_version, "kind": kind},
                    "verbs": list(_SUBRESOURCE_VERBS[subresource]),
                }
            )
    return entry


def _kind_of(resource: Resource, version: str, subresource: str) -> tuple[str, str, str]:
    if subresource == "scale":
        return ("autoscaling", "v1", "Scale")
    own = (resource.key.group, version, resource.kind)
    return _OTHER_KINDS.get((resource.key.plural, subresource), own)


def _aggregated_version(request: Request) -> str:
    for media_type in accepted(request.headers.get("accept", "")):
        parameters = media_type.parameters
        if parameters.get("as") == AGGREGATED_KIND and parameters.get("g") == AGGREGATED_GROUP:
            version = parameters.get("v", "")
            if version in ("v2", "v2beta1"):
                return version
        elif media_type.name in ("application/json", "*/*"):
            return ""
    return ""
