"""What objects look like to one request: in its version, as JSON, Table or metadata alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from meshpeek.http.exchange import JSON, Request, Response, accepted, warning_header
from meshpeek.rehearsal.api import tables
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import ApiError

META = "meta.k8s.io"
YAML = "application/yaml"
READABLE = ("application/json", "application/*", "*/*", YAML)


class Representation:
    """How one request wants objects of a kind, by its Accept header; raises ApiError 406."""

    def __init__(
        self, cluster: Cluster, resource: Resource, version: str, request: Request
    ) -> None:
        self._cluster = cluster
        self._resource = resource
        self._version = version
        self._form = _form(request.headers.get("accept", ""))
        self._include_object = request.query.get("includeObject") or "Metadata"

    def one(self, obj: Object) -> dict[str, Any]:
        """Return one stored object as the request wants it."""
        view = self._view(obj)
        if self._form == "Table":
            metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return self._table([view], metadata)
        return self._shaped(view)

    def many(self, objects: Sequence[Object], metadata: dict[str, Any]) -> dict[str, Any]:
        """Return a list of stored objects, with the list's own metadata."""
        views = [self._view(obj) for obj in objects]
        if self._form == "Table":
            return self._table(views, metadata)
        if self._form:
            return {
                "kind": "PartialObjectMetadataList",
                "apiVersion": f"{META}/v1",
                "metadata": metadata,
                "items": [self._shaped(view) for view in views],
            }
        return {
            "kind": self._resource.list_kind,
            "apiVersion": self._resource.api_version(self._version),
            "metadata": metadata,
            "items": views,
        }

    def bookmark(self, resource_version: int) -> dict[str, Any]:
        """Return the object of a watch's bookmark, not yet in the form that was asked for."""
        return {
            "kind": self._resource.kind,
            "apiVersion": self._resource.api_version(self._version),
            "metadata": {"resourceVersion": str(resource_version), "creationTimestamp": None},
        }

    def shown_bookmark(self, bookmark: dict[str, Any]) -> dict[str, Any]:
        """Return a bookmark's object in the form that was asked for."""
        if self._form != "Table":
            return self._shaped(bookmark)
        row = {"cells": [], "object": self._partial(bookmark)}
        return {
            "kind": "Table",
            "apiVersion": f"{META}/v1",
            "metadata": {"resourceVersion": bookmark["metadata"]["resourceVersion"]},
            "columnDefinitions": [],
            "rows": [row],
        }

    def warnings(self, texts: Sequence[str]) -> dict[str, str]:
        """Return the header that carries `texts` and, where there is one, a deprecation."""
        deprecated = crds.deprecation(self._resource, self._version)
        said = [*([deprecated] if deprecated else []), *texts]
        return warning_header(said)

    def _view(self, obj: Object) -> Object:
        return crds.read_as(self._resource, self._version, obj)

    def _shaped(self, view: Object) -> dict[str, Any]:
        return self._partial(view) if self._form else view

    def _partial(self, view: Object) -> dict[str, Any]:
        return {
            "kind": "PartialObjectMetadata",
            "apiVersion": f"{META}/v1",
            "metadata": view["metadata"],
        }

    def _table(self, views: Sequence[Object], metadata: dict[str, Any]) -> dict[str, Any]:
        table = tables.render(
            self._resource, self._version, views, self._cluster.now(), self._include_object
        )
        table["metadata"] = metadata
        return table


def in_yaml(request: Request, response: Response) -> Response:
    """Return an answer as YAML where a client accepts that before JSON; streams stay as they are.

    The text is JSON's in another notation, so the fields stand as they do there.
    """
    readable = [each.name for each in accepted(request.headers["accept"]) if each.name in READABLE]
    if readable[:1] != [YAML] or response.stream is not None or response.content_type != JSON:
        return response
    import yaml

    text: str = yaml.safe_dump(json.loads(response.body), sort_keys=True, allow_unicode=True)
    return response._replace(body=text.encode(), content_type=YAML)


def _form(accept: str) -> str:
    """Return `Table`, `PartialObjectMetadata` or nothing for the whole object."""
    media_types = accepted(accept)
    for media_type in media_types:
        if media_type.name not in READABLE:
            continue
        wanted = media_type.parameters.get("as", "")
        if not wanted:
            return ""
        served = media_type.parameters.get("g") == META and media_type.parameters.get("v") == "v1"
        if served and wanted in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList"):
            return "Table" if wanted == "Table" else "PartialObjectMetadata"
    if media_types:
        raise ApiError(
            406,
            "NotAcceptable",
            "only the following media types are accepted: application/json, "
            "application/json;as=Table;g=meta.k8s.io;v=v1, application/yaml",
        )
    return ""
