"""Lists and watches of one kind: selectors, chunks, and where a watch begins."""

from __future__ import annotations

import base64
import binascii
import json
import random
from collections.abc import Mapping
from typing import Any

from meshpeek.http.exchange import Request, Response, answer
from meshpeek.rehearsal.api.negotiation import Representation
from meshpeek.rehearsal.api.paths import ResourcePath
from meshpeek.rehearsal.api.watch import SelectionPredicate, WatchOptions, watch
from meshpeek.rehearsal.store import field_selectors
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.store.field_selectors import Matcher
from meshpeek.rehearsal.store.store import Store, place_of
from meshpeek.rehearsal.types import label_selectors
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import (
    ApiError,
    bad_request,
    expired_list,
    from_the_future,
    quoted,
)
from meshpeek.rehearsal.types.typed import base64_problem

SHORTEST_WATCH_SECONDS = 1800


def selection(resource: Resource, request: Request, target: ResourcePath) -> SelectionPredicate:
    """Return which objects a request's path and selectors choose; raises ApiError 400."""
    fields = request.query.get("fieldSelector", "")
    if target.name:
        fields = f"metadata.name={target.name}"
    matches = _matcher(resource.key, request.query.get("labelSelector", ""), fields)
    return SelectionPredicate(resource.key, target.namespace or None, matches)


def _matcher(key: ResourceKey, label_selector: str, field_selector: str) -> Matcher:
    if not label_selector and not field_selector:
        return lambda _: True
    try:
        requirements = label_selectors.parse(label_selector)
    except label_selectors.InvalidSelectorError as error:
        raise bad_request(str(error)) from None
    matches_fields = field_selectors.parse(key, field_selector)

    def matches(obj: Mapping[str, Any]) -> bool:
        labels = obj["metadata"].get("labels") or {}
        return label_selectors.matches(requirements, labels) and matches_fields(obj)

    return matches


def answer_list(
    cluster: Cluster, resource: Resource, request: Request, target: ResourcePath
) -> Response:
    """Answer a list or, with `watch=true`, open a watch; raises ApiError."""
    representation = Representation(cluster, resource, target.version, request)
    chosen = selection(resource, request, target)
    headers = representation.warnings([])
    if request.flag("watch"):
        return _open_watch(cluster, request, representation, chosen, headers)
    metadata, listed = _listed(cluster.store, chosen, request)
    chunk = _chunk([obj for obj in listed if chosen.matches(obj)], request, metadata)
    return answer(representation.many(chunk, metadata), 200, **headers)


def _open_watch(
    cluster: Cluster,
    request: Request,
    representation: Representation,
    chosen: SelectionPredicate,
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
        cluster.store,
        chosen,
        options,
        representation.one,
        representation.bookmark,
        representation.shown_bookmark,
    )
    return Response(200, headers=headers, stream=stream)


def _listed(
    store: Store, chosen: SelectionPredicate, request: Request
) -> tuple[dict[str, Any], list[Object]]:
    """Return a list's metadata and its objects, as of the version that the request names.

    A chunk of a list shows the moment of its first chunk.
    """
    token = request.query.get("continue", "")
    if token:
        if request.query.get("resourceVersion", "0") != "0":
            raise bad_request("specifying resource version is not allowed when using continue")
        version, start = _read_token(token)
    else:
        version, start = _wanted_version(store, request), ("", "")
    try:
        listed = (
            store.list_at(chosen.key, chosen.namespace, version)
            if version
            else store.list(chosen.key, chosen.namespace)
        )
    except ApiError as error:
        if not token or error.code != 410:
            raise
        raise expired_list(_make_token(0, start)) from None
    metadata = {"resourceVersion": str(version or store.resource_version)}
    return metadata, [obj for obj in listed if place_of(obj) > start] if token else listed


def _wanted_version(store: Store, request: Request) -> int:
    """Return the version to list at, 0 for the present one; raises ApiError."""
    version = _number(request, "resourceVersion")
    match = request.query.get("resourceVersionMatch", "")
    if match and not request.query.get("resourceVersion"):
        raise _invalid_match("resourceVersionMatch is forbidden unless resourceVersion is provided")
    if match not in ("", "Exact", "NotOlderThan"):
        raise _invalid_match(f"resourceVersionMatch {quoted(match)} is not supported")
    if match == "Exact" and not version:
        raise _invalid_match(
            'resourceVersionMatch "Exact" is forbidden for resourceVersion "0"',
        )
    if version > store.resource_version:
        raise from_the_future(version, store.resource_version)
    # Without resourceVersionMatch, a version is exact in lists that are requested in chunks.
    is_exact = match == "Exact" or (not match and _number(request, "limit") > 0)
    return version if is_exact else 0


def _invalid_match(message: str) -> ApiError:
    return ApiError(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {message}')


def _chunk(found: list[Object], request: Request, metadata: dict[str, Any]) -> list[Object]:
    """Return the requested chunk of a list, and write to `metadata` what is left."""
    limit = _number(request, "limit")
    if not limit or len(found) <= limit:
        return found
    chunk = found[:limit]
    metadata["continue"] = _make_token(int(metadata["resourceVersion"]), place_of(chunk[-1]))
    if not request.query.get("labelSelector") and not request.query.get("fieldSelector"):
        metadata["remainingItemCount"] = len(found) - limit
    return chunk


def _make_token(version: int, place: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps([version, *place]).encode()).decode()


def _read_token(token: str) -> tuple[int, tuple[str, str]]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(token))
    except binascii.Error:
        place = base64_problem(token, "-_")
        raise _bad_token(f": illegal base64 data at input byte {place}") from None
    except (ValueError, RecursionError):
        raise _bad_token() from None
    match parts:
        case [int(version), str(namespace), str(name)] if version >= 0:
            return version, (namespace, name)
    raise _bad_token()


def _bad_token(detail: str = "") -> ApiError:
    return bad_request(f"invalid continue token: continue key is not valid{detail}")


def _number(request: Request, name: str) -> int:
    text = request.query.get(name, "")
    if not text:
        return 0
    is_version = name == "resourceVersion"
    digits = text if is_version else text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= 18:
        return max(int(text), 0)
    problem = f"strconv.{'ParseUint' if is_version else 'ParseInt'}: parsing {quoted(text)}"
    problem += ": invalid syntax"
    if is_version:
        problem = f"invalid resource version: {name}: Invalid value: {quoted(text)}: {problem}"
    raise bad_request(problem)
