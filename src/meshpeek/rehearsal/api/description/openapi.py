"""OpenAPI documents, as kubectl reads them for `explain`, `apply`, `edit` and `--dry-run`.

It needs the paths with their kinds and query parameters, and the schemas. v3 has a document for
each group version, v2 (`openapi_v2`) is one for all.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from meshpeek.http.exchange import Request, Response, accepted, answer, encode
from meshpeek.rehearsal.store.cluster import VERSION
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.builtin_types import (
    GROUP_VERSION_KIND,
    OBJECT_META,
    REFERENCE,
    all_types,
    type_name,
)
from meshpeek.rehearsal.types.kind_registry import Registry
from meshpeek.rehearsal.types.resources import Resource

# Clients ask with an `@`, which no media type may have, so servers answer with a dot.
V2_PROTOBUF_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_INFO = {"title": "Kubernetes", "version": VERSION}

_READ = ("get", "list", "watch")
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")


class Documents:
    """Answers OpenAPI requests; `prefix` is the path of the cluster's server URL."""

    def __init__(self, resources: Registry, prefix: str) -> None:
        self._resources = resources
        self._prefix = prefix
        self._version_2 = b""
        self._version_2_revision = 0

    def answer(self, path: str, request: Request) -> Response | None:
        """Return the answer for a path below `/openapi`, None for one that is not there."""
        if path == "/openapi/v2":
            return self._answer_version_2(request)
        if path == "/openapi/v3":
            return answer({"paths": self._index()})
        wanted = path.removeprefix("/openapi/v3/")
        if wanted not in self._group_versions():
            return None
        document = encode(self._document(wanted))
        tag = f'"{zlib.crc32(document):08X}{len(document):X}"'
        if request.headers.get("if-none-match") == tag:
            return Response(304, headers={"ETag": tag})
        return Response(200, document, headers={"ETag": tag, "Vary": "Accept"})

    def _index(self) -> dict[str, Any]:
        # kubectl takes this URL as it stands, so it needs the prefix of the server URL.
        # The hash makes clients that keep documents by URL ask again when the kinds change.
        return {
            name: {
                "serverRelativeURL": f"{self._prefix}/openapi/v3/{name}"
                f"?hash={self._resources.revision:08X}"
            }
            for name in self._group_versions()
        }

    def _group_versions(self) -> list[str]:
        found = {
            f"apis/{resource.key.group}/{version}" if resource.key.group else f"api/{version}"
            for resource in self._resources
            for version in resource.versions
        }
        return sorted(found | {"version"})

    def _document(self, wanted: str) -> dict[str, Any]:
        schemas, paths = self._described(wanted)
        return {
            "openapi": "3.0.0",
            "info": _INFO,
            "paths": paths,
            "components": {"schemas": dict(sorted(schemas.items()))},
        }

    def _described(self, wanted: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the schemas and paths of a group version, of all of them without one."""
        paths: dict[str, Any] = {}
        schemas: dict[str, Any] = {}
        for resource in self._resources:
            for version in resource.versions:
                root = "apis" if resource.key.group else "api"
                place = f"{root}/{resource.api_version(version)}"
                if place == wanted or not wanted:
                    name = _add_schema(schemas, resource, version)
                    paths |= _paths(f"/{place}", resource, version, name)
        _add_referenced(schemas)
        return schemas, paths

    def _answer_version_2(self, request: Request) -> Response:
        from meshpeek.rehearsal.api.description import openapi_v2

        asked = {media_type.name for media_type in accepted(request.headers.get("accept", ""))}
        if asked.isdisjoint((V2_PROTOBUF_ASKED, V2_PROTOBUF)):
            schemas, _ = self._described()
            definitions = {name: openapi_v2.definition(each) for name, each in schemas.items()}
            about = {"swagger": "2.0", "info": _INFO, "paths": {}}
            return answer({**about, "definitions": definitions})
        if self._version_2_revision != self._resources.revision:
            self._version_2 = openapi_v2.document(*self._described(), _INFO)
            self._version_2_revision = self._resources.revision
        return Response(200, self._version_2, V2_PROTOBUF)


def _kind(resource: Resource, version: str) -> dict[str, str]:
    return {"group": resource.key.group, "version": version, "kind": resource.kind}


def _add_schema(schemas: dict[str, Any], resource: Resource, version: str) -> str:
    """Add the schema of a kind, and return its name, empty for a kind without a schema."""
    if resource.definition is None:
        name = type_name(resource) if version == resource.storage_version else ""
        if name:
            schemas[name] = all_types()[name]
        return name
    reversed_group = ".".join(reversed(resource.key.group.split(".")))
    name = f"{reversed_group}.{version}.{resource.kind}"
    schema = crds.schema_of(resource, version)
    own = dict(schema.get("properties") or {})
    for field in ("apiVersion", "kind"):
        own[field] = {"type": "string"}
    own["metadata"] = {"allOf": [{"$ref": REFERENCE + OBJECT_META}]}
    schemas[name] = {
        **schema,
        "type": "object",
        "properties": own,
        GROUP_VERSION_KIND: [_kind(resource, version)],
    }
    schemas[OBJECT_META] = all_types()[OBJECT_META]
    return name


def _add_referenced(schemas: dict[str, Any]) -> None:
    waiting = list(schemas.values())
    while waiting:
        for name in _references(waiting.pop()):
            if name not in schemas:
                schemas[name] = all_types()[name]
                waiting.append(schemas[name])


def _references(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(REFERENCE)
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


def _paths(root: str, resource: Resource, version: str, schema: str) -> dict[str, Any]:
    place = f"{root}/namespaces/{{namespace}}" if resource.namespaced else root
    collection = f"{place}/{resource.key.plural}"
    if "list" not in resource.verbs:
        return {collection: {"post": _operation(resource, version, "post", schema)}}
    single = f"{collection}/{{name}}"
    return {
        collection: {
            "get": _operation(resource, version, "list", schema),
            "post": _operation(resource, version, "post", schema),
            "delete": _operation(resource, version, "deletecollection", schema),
        },
        single: {
            verb: _operation(resource, version, verb, schema)
            for verb in ("get", "put", "patch", "delete")
        },
    }


def _operation(resource: Resource, version: str, action: str, schema: str) -> dict[str, Any]:
    response: dict[str, Any] = {"description": "OK"}
    if schema:
        reference = {"schema": {"$ref": REFERENCE + schema}}
        response["content"] = {"application/json": reference}
    names = () if action in _READ else _WRITE_PARAMETERS
    return {
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
            for name in names
        ],
        "responses": {"200": response},
        "x-kubernetes-action": action,
        GROUP_VERSION_KIND: _kind(resource, version),
    }
