"""The group events.k8s.io: another view of the Events of the core group, as in Kubernetes.

Requests are answered by the core group, with bodies in its form; what it answers is turned back.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

from meshpeek.http.exchange import JSON, Request, Response, encode
from meshpeek.rehearsal.api.bodies import decode_object, media_type
from meshpeek.rehearsal.api.paths import ResourcePath
from meshpeek.rehearsal.patching.patch import JSON_PATCH
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import unsupported_media_type

_VERSION = "events.k8s.io/v1"
# The names of fields here, and in the core group.
_NAMES = {
    "deprecatedCount": "count",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedSource": "source",
    "note": "message",
    "regarding": "involvedObject",
    "reportingController": "reportingComponent",
}
_CORE_NAMES = {core: name for name, core in _NAMES.items()}


def handle(
    respond: Callable[[Request, ResourcePath], Response], request: Request, target: ResourcePath
) -> Response:
    """Answer a request for Events of this group by `respond`, which answers for the core group."""
    kind = media_type(request.headers.get("content-type", ""))
    if kind == JSON_PATCH:
        raise unsupported_media_type(["application/merge-patch+json"])
    if request.body and request.method != "DELETE":
        is_patch = request.method == "PATCH"
        given = decode_object(request.body, JSON if is_patch else kind)
        headers = request.headers if is_patch else {**request.headers, "content-type": JSON}
        request = request._replace(body=encode(_to_core(given)), headers=headers)
    response = respond(request, target._replace(group=""))
    if response.stream is not None:
        return response._replace(stream=_turned(response.stream))
    return response._replace(body=encode(_from_core(json.loads(response.body))))


async def _turned(stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async for chunk in stream:
        for line in chunk.splitlines():
            event = json.loads(line)
            yield encode({**event, "object": _from_core(event["object"])}) + b"\n"


def _to_core(obj: Object) -> Object:
    named = {_NAMES.get(name, name): value for name, value in obj.items()}
    if named.get("apiVersion") == _VERSION:
        named["apiVersion"] = "v1"
    return named


def _from_core(obj: dict[str, Any]) -> dict[str, Any]:
    if obj.get("kind") == "EventList":
        items = [_from_core(item) for item in obj["items"]]
        return {**obj, "apiVersion": _VERSION, "items": items}
    if obj.get("apiVersion") != "v1" or obj.get("kind", "Event") != "Event":
        return obj  # a Status, a Table
    named = {_CORE_NAMES.get(name, name): value for name, value in obj.items()}
    return {**named, "apiVersion": _VERSION}
