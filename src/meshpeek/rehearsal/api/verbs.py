"""The verbs on objects: get, list, watch, create, update, patch, delete, deletecollection."""

from __future__ import annotations

from typing import Any

from meshpeek.http.exchange import Request, Response, answer
from meshpeek.rehearsal.admission import admission
from meshpeek.rehearsal.api import lists, subresources, unsupported
from meshpeek.rehearsal.api.bodies import decode_object
from meshpeek.rehearsal.api.deletion import delete, delete_options, deleted_status, is_shown
from meshpeek.rehearsal.api.identity import reviews
from meshpeek.rehearsal.api.negotiation import Representation
from meshpeek.rehearsal.api.paths import ResourcePath
from meshpeek.rehearsal.api.updates import (
    apply_configuration,
    apply_patch,
    check_kind,
    check_namespace,
    existing,
    metadata_of,
    replace,
    write_options,
)
from meshpeek.rehearsal.patching import patch
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.keys import BINDINGS, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import ApiError, method_not_supported, unknown_path

OTHER_FORMS = frozenset((("events.k8s.io", "v1"), ("autoscaling", "v1")))
"""The groups and versions that `other_forms` is loaded for."""


class ObjectApi:
    """Answers requests for the objects of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def handle(self, request: Request, target: ResourcePath) -> Response:
        """Return the answer to a request for `target`; raises ApiError."""
        if (target.group, target.version) in OTHER_FORMS:
            from meshpeek.rehearsal.api import other_forms

            form = other_forms.FORMS[target.group, target.version]
            return other_forms.handle(form, self._respond, request, target)
        return self._respond(request, target)

    def _respond(self, request: Request, target: ResourcePath) -> Response:
        resource = self._cluster.resources.served(target.group, target.version, target.plural)
        if resource is None or (target.namespace and not resource.namespaced):
            key = ResourceKey(target.group, target.plural)
            raise unsupported.not_served(request.method, key, target.name)
        if target.is_watched:
            request = _as_watch(request)
        if resource.key == BINDINGS:
            return subresources.bind(self._cluster, request, target)
        if "list" not in resource.verbs:
            return reviews.review(self._cluster, resource, request, target)
        if target.name and resource.namespaced and not target.namespace:
            raise unknown_path()
        if target.subresource:
            return subresources.handle(self._cluster, resource, request, target)
        verb = _verb(request, target)
        if verb in ("list", "watch"):
            return lists.answer_list(self._cluster, resource, request, target)
        write = write_options(resource, request, target)
        representation = Representation(self._cluster, resource, target.version, request)
        match verb:
            case "get":
                stored = existing(self._cluster, resource, target)
            case "create":
                write.warnings += unsupported.check_creation(resource.key)
                stored = self._create(resource, request, target, write)
                return answer(
                    representation.one(stored), 201, **representation.warnings(write.warnings)
                )
            case "update":
                stored = self._update(resource, request, target, write)
            case "patch" if patch.is_apply(request):
                stored, created = apply_configuration(
                    self._cluster, resource, request, target, write
                )
                code = 201 if created else 200
                return answer(
                    representation.one(stored), code, **representation.warnings(write.warnings)
                )
            case "patch":
                stored = apply_patch(self._cluster, resource, request, target, write)
            case "delete":
                return answer(self._delete(resource, request, target, write))
            case _:
                return self._delete_collection(resource, request, target, write)
        return answer(representation.one(stored), 200, **representation.warnings(write.warnings))

    def _create(
        self, resource: Resource, request: Request, target: ResourcePath, write: admission.Write
    ) -> Object:
        if resource.namespaced and not target.namespace:
            message = "the server does not allow this method on the requested resource"
            raise ApiError(405, "MethodNotAllowed", message)
        obj = decode_object(request.body, request.headers.get("content-type", ""))
        check_kind(resource, target.version, obj)
        metadata = metadata_of(obj)
        check_namespace(metadata, target)
        if metadata.get("resourceVersion"):
            raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
        for name in ("uid", "creationTimestamp", "generation", "selfLink", "resourceVersion"):
            metadata.pop(name, None)
        metadata.pop("deletionTimestamp", None)
        metadata.pop("deletionGracePeriodSeconds", None)
        if "status" in resource.subresources:
            obj.pop("status", None)
        if target.namespace:
            metadata["namespace"] = target.namespace
        return admission.create(self._cluster, resource, target.version, obj, write)

    def _update(
        self, resource: Resource, request: Request, target: ResourcePath, write: admission.Write
    ) -> Object:
        obj = decode_object(request.body, request.headers.get("content-type", ""))
        return replace(self._cluster, resource, target, obj, write)

    def _delete(
        self, resource: Resource, request: Request, target: ResourcePath, write: admission.Write
    ) -> dict[str, Any]:
        options = delete_options(request, dry_run=write.dry_run)
        old = existing(self._cluster, resource, target)
        deleted = delete(self._cluster, resource, old, options)
        if is_shown(self._cluster, resource, deleted, dry_run=options.dry_run):
            return crds.read_as(resource, target.version, deleted)
        return deleted_status(resource, old)

    def _delete_collection(
        self, resource: Resource, request: Request, target: ResourcePath, write: admission.Write
    ) -> Response:
        options = delete_options(request, dry_run=write.dry_run)
        chosen = lists.selection(resource, request, target)
        representation = Representation(self._cluster, resource, target.version, request)
        found = self._cluster.store.list(resource.key, chosen.namespace)
        deleted = [obj for obj in found if chosen.matches(obj)]
        for obj in deleted:
            delete(self._cluster, resource, obj, options)
        version = str(self._cluster.store.resource_version)
        return answer(representation.many(deleted, {"resourceVersion": version}))


def _as_watch(request: Request) -> Request:
    if request.method != "GET":
        raise method_not_supported(None, request.method)
    return request._replace(query={**request.query, "watch": "true"})


def _verb(request: Request, target: ResourcePath) -> str:
    watching = request.flag("watch")
    verbs = {
        ("GET", True): "watch" if watching else "get",
        ("GET", False): "watch" if watching else "list",
        ("POST", False): "create",
        ("PUT", True): "update",
        ("PATCH", True): "patch",
        ("DELETE", True): "delete",
        ("DELETE", False): "deletecollection",
    }
    verb = verbs.get((request.method, bool(target.name)))
    if verb is None:
        raise method_not_supported(None, request.method)
    return verb
