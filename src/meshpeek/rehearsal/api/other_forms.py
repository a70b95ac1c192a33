"""Objects in another form than they are stored in: the group events.k8s.io, autoscaling/v1.

Requests are answered for the stored form, with bodies turned into it; what is answered is turned
back. Facts: Kubernetes 1.27's conversions.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from typing import Any, NamedTuple

from meshpeek.http.exchange import JSON, Request, Response, encode
from meshpeek.rehearsal.api.bodies import decode_object, media_type
from meshpeek.rehearsal.api.paths import ResourcePath
from meshpeek.rehearsal.patching.patch import JSON_PATCH
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import unsupported_media_type

# The names of fields in events.k8s.io, and in the core group.
_EVENT_NAMES = {
    "deprecatedCount": "count",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedSource": "source",
    "note": "message",
    "regarding": "involvedObject",
    "reportingController": "reportingComponent",
}
_CORE_NAMES = {core: name for name, core in _EVENT_NAMES.items()}
_TARGET = "targetCPUUtilizationPercentage"
_CURRENT = "currentCPUUtilizationPercentage"


class ObjectForm(NamedTuple):
    """A form of the objects of a `kind`: where it is asked for, and how it becomes the stored one.

    `asked` and `stored` are a group and a version each.
    """

    kind: str
    asked: tuple[str, str]
    stored: tuple[str, str]
    to_stored: Callable[[Object], Object]
    from_stored: Callable[[Object], Object]


def _renamed(names: dict[str, str]) -> Callable[[Object], Object]:
    return lambda obj: {names.get(name, name): value for name, value in obj.items()}


def _to_v2(obj: Object) -> Object:
    spec = obj.get("spec")
    if not isinstance(spec, dict) or _TARGET not in spec:
        return obj
    spec = dict(spec)
    target = {"type": "Utilization", "averageUtilization": spec.pop(_TARGET)}
    resource = {"name": "cpu", "target": target}
    spec["metrics"] = [{"type": "Resource", "resource": resource}]
    return {**obj, "spec": spec}


def _to_v1(obj: Object) -> Object:
    spec = {name: value for name, value in obj["spec"].items() if name != "metrics"}
    status = {
        name: value
        for name, value in (obj.get("status") or {}).items()
        if name not in ("conditions", "currentMetrics")
    }
    for metric in obj["spec"].get("metrics") or ():
        target = (metric.get("resource") or {}).get("target") or {}
        if metric.get("resource", {}).get("name") == "cpu" and "averageUtilization" in target:
            spec[_TARGET] = target["averageUtilization"]
    for metric in (obj.get("status") or {}).get("currentMetrics") or ():
        current = (metric.get("resource") or {}).get("current") or {}
        if metric.get("resource", {}).get("name") == "cpu" and "averageUtilization" in current:
            status[_CURRENT] = current["averageUtilization"]
    return {**obj, "spec": spec, "status": {"currentReplicas": 0, **status}}


_EVENTS = ObjectForm(
    "Event",
    ("events.k8s.io", "v1"),
    ("", "v1"),
    _renamed(_EVENT_NAMES),
    _renamed(_CORE_NAMES),
)
_AUTOSCALERS = ObjectForm(
    "HorizontalPodAutoscaler", ("autoscaling", "v1"), ("autoscaling", "v2"), _to_v2, _to_v1
)
FORMS = {form.asked: form for form in (_EVENTS, _AUTOSCALERS)}
"""By the group and version that is asked for."""


def handle(
    form: ObjectForm,
    respond: Callable[[Request, ResourcePath], Response],
    request: Request,
    target: ResourcePath,
) -> Response:
    """Answer a request for objects in a form by `respond`, which answers for the stored form."""
    kind = media_type(request.headers.get("content-type", ""))
    if kind == JSON_PATCH:
        raise unsupported_media_type(["application/merge-patch+json"])
    if request.body and request.method != "DELETE":
        is_patch = request.method == "PATCH"
        given = form.to_stored(decode_object(request.body, JSON if is_patch else kind))
        if given.get("apiVersion") == _api_version(form.asked):
            given["apiVersion"] = _api_version(form.stored)
        headers = request.headers if is_patch else {**request.headers, "content-type": JSON}
        request = request._replace(body=encode(given), headers=headers)
    group, version = form.stored
    response = respond(request, target._replace(group=group, version=version))
    if response.stream is not None:
        return response._replace(stream=_turned(form, response.stream))
    return response._replace(body=encode(_shown(form, json.loads(response.body))))


async def _turned(
    form: ObjectForm, stream: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    async for chunk in stream:
        for line in chunk.splitlines():
            event = json.loads(line)
            yield encode({**event, "object": _shown(form, event["object"])}) + b"\n"


def _shown(form: ObjectForm, obj: dict[str, Any]) -> dict[str, Any]:
    """Return an answer in the form that was asked for; a Status and a Table stay as they are."""
    if obj.get("apiVersion") != _api_version(form.stored):
        return obj
    asked = _api_version(form.asked)
    if obj.get("kind") == f"{form.kind}List":
        items = [_shown(form, item) for item in obj["items"]]
        return {**obj, "apiVersion": asked, "items": items}
    if obj.get("kind") != form.kind or ("spec" not in obj and form.kind != "Event"):
        return obj
    return {**form.from_stored(obj), "apiVersion": asked}


def _api_version(place: tuple[str, str]) -> str:
    return "/".join(filter(None, place))
