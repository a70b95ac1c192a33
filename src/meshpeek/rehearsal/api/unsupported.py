"""What a real cluster has and rehearsal has not: refused when asked for, or stored with a warning.

A kind is refused where nothing but waiting in vain would come of it; where manifests often bring
it along and go on without it, it is stored, and the client is told that this is all.
"""

from __future__ import annotations

from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.status import ApiError, absent

_PREFIX = "meshpeek rehearsal: "

_SUBRESOURCES = {
    "log": "its Pods are modelled, no container runs, so there are no logs",
    "exec": "its Pods are modelled, no container runs, so there is nothing to exec into",
    "attach": "its Pods are modelled, no container runs, so there is nothing to attach to",
    "portforward": "its Pods are modelled, no container runs, so no port can be forwarded",
    "ephemeralcontainers": "its Pods are modelled, no container runs, so there is nothing to debug",
    "proxy": "its Pods are modelled, no container runs, so nothing can be reached through them",
    "token": "there are no credentials, so there are no tokens to create",
}
_REFUSED = {
    ("autoscaling", "horizontalpodautoscalers"): "there are no metrics to scale anything by",
}
_STORED = {
    ("", "limitranges"): "limits are not enforced",
    ("", "persistentvolumeclaims"): "there is no storage, so it will stay Pending",
    ("", "persistentvolumes"): "there is no storage behind it",
    ("", "replicationcontrollers"): "no ReplicationController makes Pods",
    ("", "resourcequotas"): "quotas are not enforced",
    ("apiregistration.k8s.io", "apiservices"): "no API server but this one is asked",
    ("apps", "daemonsets"): "no DaemonSet makes Pods",
    ("apps", "statefulsets"): "no StatefulSet makes Pods",
    ("batch", "cronjobs"): "no CronJob makes Jobs",
    ("batch", "jobs"): "no Job makes Pods",
    ("networking.k8s.io", "ingresses"): "there is no ingress controller for it",
    ("networking.k8s.io", "networkpolicies"): "no traffic is kept back",
    ("policy", "poddisruptionbudgets"): "disruptions are not counted",
}


def check_subresource(name: str) -> None:
    """Raise ApiError 501 for a subresource that is named but not there."""
    if name in _SUBRESOURCES:
        raise absent(_SUBRESOURCES[name])


def check_creation(key: ResourceKey) -> list[str]:
    """Return what a client has to know about a kind that it creates an object of.

    Raises ApiError 501 for a kind that would be of no use at all.
    """
    if key in _REFUSED:
        refusal = absent(_REFUSED[key])
        # `kubectl autoscale` of 1.37 tries v2, then v1, and tells neither answer.
        refusal.warnings = (refusal.message,)
        raise refusal
    return [f"{_PREFIX}{_STORED[key]}; the object is only stored"] if key in _STORED else []


def not_served(verb: str, key: ResourceKey, name: str) -> ApiError:
    """Make the 404 for a kind that is not served, as clients put it; `verb` is that of HTTP."""
    words = [verb.lower(), str(key), *([name] if name else [])]
    message = f"the server could not find the requested resource ({' '.join(words)})"
    details = {"group": key.group, "kind": key.plural, "name": name}
    return ApiError(
        404, "NotFound", message, {part: value for part, value in details.items() if value}
    )
