"""Namespaces: what each gets when it is created, and how it is emptied before its deletion.

Facts: kube-controller-manager 1.27 (serviceaccount, root-ca-cert-publisher, token and namespace
controllers).
"""

from __future__ import annotations

import base64
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key, with_condition
from meshpeek.rehearsal.store.store import Objects, WatchEvent
from meshpeek.rehearsal.types.keys import (
    CONFIG_MAPS,
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
    ResourceKey,
)
from meshpeek.rehearsal.types.objects import Object

_ROOT_CERTIFICATE = "kube-root-ca.crt"
_TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - a type's name
_ACCOUNT = "kubernetes.io/service-account.name"
_ACCOUNT_UID = "kubernetes.io/service-account.uid"
_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nrehearsal\n-----END CERTIFICATE-----\n"
_DISCOVERED = "All resources successfully discovered"
_PARSED = "All legacy kube types successfully parsed"
_DELETED = "All content successfully deleted, may be waiting on finalization"
_REMOVED = "All content successfully removed"
_FINISHED = "All content-preserving finalizers finished"


class NamespaceController:
    """Keeps each Namespace's default ServiceAccount and root certificate; empties deleted ones."""

    watches: frozenset[ResourceKey] | None = None

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the Namespace of an event that changes what the Namespace needs."""
        metadata = event.object["metadata"]
        if event.key == NAMESPACES:
            yield object_key(NAMESPACES, event.object)
        elif event.type == "DELETED" and "namespace" in metadata:
            yield ObjectKey(NAMESPACES, "", metadata["namespace"])

    def reconcile(self, key: ObjectKey) -> None:
        """Give a Namespace its objects, or delete everything in one that is being deleted."""
        namespace = self._runtime.get(key)
        if namespace is None:
            return
        if "deletionTimestamp" in namespace["metadata"]:
            self._empty(namespace)
            return
        self._furnish(
            SERVICE_ACCOUNTS, key.name, "default", {"apiVersion": "v1", "kind": "ServiceAccount"}
        )
        description = (
            "Contains a CA bundle that can be used to verify the kube-apiserver when using "
            "internal endpoints such as the internal service IP or kubernetes.default.svc. "
            "No other usage is guaranteed across distributions of Kubernetes clusters."
        )
        self._furnish(
            CONFIG_MAPS,
            key.name,
            _ROOT_CERTIFICATE,
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"annotations": {"kubernetes.io/description": description}},
                "data": {"ca.crt": _CERTIFICATE},
            },
        )

    def _furnish(self, key: ResourceKey, namespace: str, name: str, obj: Object) -> None:
        if self._runtime.store.get(key, namespace, name) is None:
            metadata = {**obj.get("metadata", {}), "name": name, "namespace": namespace}
            self._runtime.create(key, {**obj, "metadata": metadata})

    def _empty(self, namespace: Object) -> None:
        name = namespace["metadata"]["name"]
        for resource in tuple(self._runtime.cluster.resources):
            if resource.namespaced:
                for obj in self._runtime.store.list(resource.key, name):
                    self._runtime.delete(resource.key, obj)
        present = self._runtime.store.get(NAMESPACES, None, name)
        if present is None:
            return
        left = {
            resource.key: objects
            for resource in tuple(self._runtime.cluster.resources)
            if resource.namespaced and (objects := self._runtime.store.list(resource.key, name))
        }
        conditions = present["status"].get("conditions", ())
        if left or conditions:
            for condition in _what_is_left(left):
                conditions = with_condition(conditions, condition, self._runtime.timestamp())
            status = {**present["status"], "conditions": list(conditions)}
            present = self._runtime.update_status(NAMESPACES, present, status)
        if not left and present["spec"].get("finalizers"):
            spec = {**present["spec"], "finalizers": []}
            self._runtime.store.update(NAMESPACES, {**present, "spec": spec})


def _what_is_left(left: Mapping[ResourceKey, Objects]) -> Iterator[Mapping[str, Any]]:
    """Yield the conditions that explain why a Namespace still exists."""
    yield _fine("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", _DISCOVERED)
    yield _fine("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", _PARSED)
    yield _fine("NamespaceDeletionContentFailure", "ContentDeleted", _DELETED)
    if left:
        counts = sorted(f"{key.plural}.{key.group} has {len(left[key])}" for key in left)
        yield {
            "type": "NamespaceContentRemaining",
            "status": "True",
            "reason": "SomeResourcesRemain",
            "message": "Some resources are remaining: "
            + ", ".join(f"{count} resource instances" for count in counts),
        }
    else:
        yield _fine("NamespaceContentRemaining", "ContentRemoved", _REMOVED)
    held = Counter(
        finalizer
        for objects in left.values()
        for obj in objects
        for finalizer in obj["metadata"].get("finalizers") or ()
    )
    if held:
        yield {
            "type": "NamespaceFinalizersRemaining",
            "status": "True",
            "reason": "SomeFinalizersRemain",
            "message": "Some content in the namespace has finalizers remaining: "
            + ", ".join(f"{each} in {held[each]} resource instances" for each in sorted(held)),
        }
    else:
        yield _fine("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", _FINISHED)


def _fine(kind: str, reason: str, message: str) -> Mapping[str, Any]:
    return {"type": kind, "status": "False", "reason": reason, "message": message}


class TokenController:
    """Fills Secrets of the type service-account-token, and deletes them with their account."""

    watches: frozenset[ResourceKey] | None = frozenset({SECRETS, SERVICE_ACCOUNTS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the token Secrets that an event is about."""
        if event.key == SECRETS and event.object.get("type") == _TOKEN_TYPE:
            yield object_key(SECRETS, event.object)
        elif event.key == SERVICE_ACCOUNTS:
            metadata = event.object["metadata"]
            for secret in self._runtime.store.list(SECRETS, metadata["namespace"]):
                annotations = secret["metadata"].get("annotations") or {}
                if annotations.get(_ACCOUNT) == metadata["name"]:
                    yield object_key(SECRETS, secret)

    def reconcile(self, key: ObjectKey) -> None:
        """Give a token Secret its data, or delete it when its account is not there."""
        secret = self._runtime.get(key)
        if secret is None or secret.get("type") != _TOKEN_TYPE:
            return
        annotations = secret["metadata"].get("annotations") or {}
        name = annotations.get(_ACCOUNT, "")
        account = self._runtime.store.get(SERVICE_ACCOUNTS, key.namespace, name)
        if account is None:
            self._runtime.delete(SECRETS, secret)
        elif "token" not in (secret.get("data") or {}):
            texts = {
                "ca.crt": _CERTIFICATE,
                "namespace": key.namespace,
                "token": os.urandom(32).hex(),
            }
            data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
            metadata = {
                **secret["metadata"],
                "annotations": {**annotations, _ACCOUNT_UID: account["metadata"]["uid"]},
            }
            self._runtime.update(SECRETS, {**secret, "data": data, "metadata": metadata})
