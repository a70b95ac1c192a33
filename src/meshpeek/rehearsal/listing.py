"""Lists and watches of one kind: selectors, chunks, and where a watch begins."""

from __future__ import annotations

import base64
import binascii
import json
import random
from typing import Any

from meshpeek.rehearsal import selectors
from meshpeek.rehearsal.cluster import Cluster
from meshpeek.rehearsal.exchange import Request, Response, answer
from meshpeek.rehearsal.paths import ResourcePath
from meshpeek.rehearsal.presentation import Presentation
from meshpeek.rehearsal.resources import Resource
from meshpeek.rehearsal.status import ApiError, bad_request
from meshpeek.rehearsal.store import Object
from meshpeek.rehearsal.watch import Selection, WatchOptions, watch

SHORTEST_WATCH_SECONDS = 1800


def selection(resource: Resource, request: Request, target: ResourcePath) -> Selection:
    """Return which objects a request's path and selectors choose; raises ApiError 400."""
    fields = request.query.get("fieldSelector", "")
    if target.name:
        fields = f"metadata.name={target.name}"
    matches = selectors.both(resource.key, request.query.get("labelSelector", ""), fields)
    return Selection(resource.key, target.namespace or None, matches)


def answer_list(
    cluster: Cluster, resource: Resource, request: Request, target: ResourcePath
) -> Response:
    """Answer a list or, with `watch=true`, open a watch; raises ApiError."""
    present = Presentation(cluster, resource, target.version, request)
    chosen = selection(resource, request, target)
    headers = present.warnings([])
    if request.flag("watch"):
        return _open_watch(cluster, request, present, chosen, headers)
    found = [
        obj for obj in cluster.store.list(resource.key, chosen.namespace) if chosen.matches(obj)
    ]
    chunk, metadata = _chunk(found, request, cluster.store.resource_version)
    return answer(present.many(chunk, metadata), 200, **headers)


def _open_watch(
    cluster: Cluster,
    request: Request,
    present: Presentation,
    chosen: Selection,
    headers: dict[str, str],
) -> Response:
    initial = request.flag("sendInitialEvents")
    bookmarks = request.flag("allowWatchBookmarks")
    seconds = _number(request, "timeoutSeconds")
    options = WatchOptions(
        since=None if initial else _number(request, "resourceVersion") or None,
        bookmarks=bookmarks,
        initial_events_end=initial and bookmarks,
        timeout_seconds=seconds or SHORTEST_WATCH_SECONDS * (1 + random.random()),  # noqa: S311
    )
    stream = watch(
        cluster.store, chosen, options, present.one, present.bookmark, present.shown_bookmark
    )
    return Response(200, headers=headers, stream=stream)


def _chunk(
    found: list[Object], request: Request, resource_version: int
) -> tuple[list[Object], dict[str, Any]]:
    """Return the part of a list that was asked for, and the metadata that says what is left."""
    metadata: dict[str, Any] = {"resourceVersion": str(resource_version)}
    token = request.query.get("continue", "")
    if token:
        start = _read_token(token)
        found = [obj for obj in found if _place(obj) > start]
    limit = _number(request, "limit")
    if not limit or len(found) <= limit:
        return found, metadata
    chunk = found[:limit]
    metadata["continue"] = _make_token(_place(chunk[-1]))
    if not request.query.get("labelSelector") and not request.query.get("fieldSelector"):
        metadata["remainingItemCount"] = len(found) - limit
    return chunk, metadata


def _place(obj: Object) -> tuple[str, str]:
    metadata = obj["metadata"]
    return (metadata.get("namespace", ""), metadata["name"])


def _make_token(place: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read_token(token: str) -> tuple[str, str]:
    try:
        namespace, name = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError, binascii.Error):
        raise _bad_token() from None
    if not isinstance(namespace, str) or not isinstance(name, str):
        raise _bad_token()
    return (namespace, name)


def _bad_token() -> ApiError:
    return bad_request("continue key is not valid")


def _number(request: Request, name: str) -> int:
    text = request.query.get(name, "")
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise bad_request(f'strconv.ParseUint: parsing "{text}": invalid syntax ({name})')
    return int(text)
