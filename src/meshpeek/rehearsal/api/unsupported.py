"""What rehearsal does not support: refused when asked for, or stored with a warning.

A kind that manifests often contain and that nothing else depends on is stored, with a warning.
"""

from __future__ import annotations

from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.status import ApiError, absent

_PREFIX = "meshpeek rehearsal: "

_SUBRESOURCES = {
    "log": "Pods are modelled and no container runs, so there are no logs",
    "exec": "Pods are modelled and no container runs, so there is nothing to exec into",
    "attach": "Pods are modelled and no container runs, so there is nothing to attach to",
    "portforward": "Pods are modelled and no container runs, so no port can be forwarded",
    "ephemeralcontainers": "Pods are modelled and no container runs, so there is nothing to debug",
    "proxy": "Pods are modelled and no container runs, so nothing can be reached through them",
}
_STORED = {
    ("", "persistentvolumeclaims"): "no storage is provisioned, so it stays Pending",
    ("", "persistentvolumes"): "no storage is provisioned",
    ("", "replicationcontrollers"): "ReplicationControllers create no Pods",
    ("apiregistration.k8s.io", "apiservices"): "requests are not passed on to other API servers",
    ("networking.k8s.io", "ingresses"): "there is no ingress controller",
    ("networking.k8s.io", "networkpolicies"): "network policies are not enforced",
}


def check_subresource(name: str) -> None:
    """Raise ApiError 501 for a subresource that is not supported."""
    if name in _SUBRESOURCES:
        raise absent(_SUBRESOURCES[name])


def check_creation(key: ResourceKey) -> list[str]:
    """Return the warnings for a client that creates an object of a kind."""
    return [f"{_PREFIX}{_STORED[key]}; the object is only stored"] if key in _STORED else []


def not_served(verb: str, key: ResourceKey, name: str) -> ApiError:
    """Make the 404 for a kind that is not served, as clients put it; `verb` is that of HTTP."""
    words = [verb.lower(), str(key), *([name] if name else [])]
    message = f"the server could not find the requested resource ({' '.join(words)})"
    details = {"group": key.group, "kind": key.plural, "name": name}
    return ApiError(
        404, "NotFound", message, {part: value for part, value in details.items() if value}
    )
