"""The one way into a cluster for objects: they are decoded, pruned, defaulted, checked and stored.

The HTTP layer and the seed both write through here, so that a seeded object is what an applied
one would be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meshpeek.rehearsal.admission import defaults, validation, webhooks
from meshpeek.rehearsal.admission.new_objects import check_new_object
from meshpeek.rehearsal.store.store import timestamp
from meshpeek.rehearsal.types import crd_validation, crds
from meshpeek.rehearsal.types.definition_schemas import has_rules
from meshpeek.rehearsal.types.keys import CRDS, NAMESPACES
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import (
    ApiError,
    Cause,
    NotDecodableError,
    forbidden,
    invalid,
    not_found,
    required_value,
)

if TYPE_CHECKING:
    from meshpeek.rehearsal.patching.managed_fields import Manager
    from meshpeek.rehearsal.store.cluster import Cluster

# The metadata that a write of the status may change.
_WITH_STATUS = ("resourceVersion", "managedFields")


@dataclass(slots=True)
class Write:
    """The options of a write, and what it reports beside its result.

    `field_validation` is `Ignore`, `Warn` or `Strict`. `warnings` collects texts for the client.
    `manager` owns what it writes; seeds and controllers write without one. `duplicates` are the
    paths of the fields that the body has twice.
    """

    field_validation: str = "Ignore"
    dry_run: bool = False
    manager: Manager | None = None
    warnings: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)


def create(cluster: Cluster, resource: Resource, version: str, obj: Object, write: Write) -> Object:
    """Store a new object given in `version`, and return it as stored.

    `obj` belongs to the cluster afterwards. Raises ApiError as the API server does.
    """
    if crds.is_terminating(resource):
        message = "create not allowed while custom resource definition is terminating"
        raise ApiError(405, "MethodNotAllowed", message)
    obj.setdefault("metadata", {})
    _decode(resource, version, obj, write)
    metadata = obj["metadata"]
    if not metadata.get("name") and not metadata.get("generateName"):
        causes = [required_value("metadata.name", "name or generateName is required")]
        raise invalid(resource.key, resource.kind, "", causes)
    if resource.namespaced:
        _check_namespace(cluster, resource, metadata)
    else:
        metadata.pop("namespace", None)
    _apply_defaults(resource, version, obj)
    _record(cluster, resource, obj, None, write)
    _admit(cluster, resource, obj)
    _check(cluster, resource, obj, None, write)
    check_new_object(cluster, resource.key, obj)
    return cluster.store.create(resource.key, obj, dry_run=write.dry_run)


def update(
    cluster: Cluster,
    resource: Resource,
    version: str,
    obj: Object,
    old: Object,
    write: Write,
    subresource: str = "",
) -> Object:
    """Replace `old`, an object as stored, by `obj`, given in `version`; return it as stored.

    `obj` belongs to the cluster afterwards. Raises ApiError as the API server does.
    """
    _decode(resource, version, obj, write)
    given = obj["metadata"].get("resourceVersion")
    cluster.store.check_preconditions(resource.key, old, None, None if given == "0" else given)
    _apply_defaults(resource, version, obj)
    _keep_other_part(resource, obj, old, subresource)
    _record(cluster, resource, obj, old, write)
    _admit(cluster, resource, obj)
    _check(cluster, resource, obj, old, write)
    part = "status" if subresource == "approval" else subresource
    return cluster.store.update(resource.key, obj, subresource=part, dry_run=write.dry_run)


def _record(
    cluster: Cluster, resource: Resource, obj: Object, old: Object | None, write: Write
) -> None:
    """Record the manager of a write; an apply has recorded it while merging."""
    if write.manager is None or write.manager.operation == "Apply":
        return
    from meshpeek.rehearsal.patching.managed_fields import record_update

    record_update(resource, write.manager, obj, old, timestamp(cluster.now()))


def _keep_other_part(resource: Resource, obj: Object, old: Object, subresource: str) -> None:
    """Let a write of the status change only the status, and any other write all but the status."""
    if subresource in ("status", "approval"):
        status = obj.get("status")
        given = obj["metadata"]
        kept = {name: given[name] for name in _WITH_STATUS if given.get(name)}
        obj.clear()
        obj.update(old)
        obj["metadata"] = {**old["metadata"], **kept}
        obj["status"] = status if status is not None else {}
    elif "status" in resource.subresources:
        obj.pop("status", None)
        if "status" in old:
            obj["status"] = old["status"]


def _check_namespace(cluster: Cluster, resource: Resource, metadata: dict[str, Any]) -> None:
    namespace = metadata.setdefault("namespace", "default")
    found = cluster.store.get(NAMESPACES, None, namespace)
    if found is None:
        raise not_found(NAMESPACES, namespace)
    if "deletionTimestamp" in found["metadata"]:
        error = forbidden(
            resource.key,
            metadata.get("name", ""),
            f"unable to create new content in namespace {namespace} because it is being terminated",
        )
        error.details = {
            **(error.details or {}),
            "causes": [
                {
                    "reason": "NamespaceTerminating",
                    "message": f"namespace {namespace} is being terminated",
                    "field": "metadata.namespace",
                }
            ],
        }
        raise error


def _decode(resource: Resource, version: str, obj: Object, write: Write) -> None:
    """Bring `obj` to the types of its kind, without the fields that its kind does not have."""
    from meshpeek.rehearsal.types import structural
    from meshpeek.rehearsal.types.typed import decode_builtin, decode_metadata

    if resource.definition is None:
        unknown = decode_builtin(resource, version, obj)
    else:
        unknown = decode_metadata(resource, version, obj)
        unknown += structural.prune(crds.schema_of(resource, version), obj)
    if unknown or write.duplicates:
        _report_fields(resource, version, sorted(unknown), write)


def _admit(cluster: Cluster, resource: Resource, obj: Object) -> None:
    """Add what admission and the registry do; it comes after the manager's own fields."""
    if resource.definition is None:
        defaults.admit(cluster, resource.key, obj)


def _apply_defaults(resource: Resource, version: str, obj: Object) -> None:
    """Fill in what `obj` leaves out, and bring it to the version that is stored."""
    if resource.definition is None:
        defaults.set_defaults(resource.key, obj)
        return
    from meshpeek.rehearsal.types import structural

    structural.apply_defaults(crds.schema_of(resource, version), obj)
    if version != resource.storage_version:
        obj["apiVersion"] = resource.api_version()
        structural.apply_defaults(crds.schema_of(resource, resource.storage_version), obj)


def _report_fields(resource: Resource, version: str, unknown: list[str], write: Write) -> None:
    texts = [f'duplicate field "{path}"' for path in write.duplicates]
    texts += [f'unknown field "{path}"' for path in unknown]
    if write.field_validation == "Strict":
        problem = f"strict decoding error: {', '.join(texts)}"
        raise NotDecodableError(resource.kind, version, problem)
    if write.field_validation == "Warn":
        write.warnings.extend(texts)


def _check_custom(
    resource: Resource, obj: Object, old: Object | None, *, blocked: bool
) -> list[Cause]:
    """Check a custom object against its schema, and against the rules in it if that is met."""
    from meshpeek.rehearsal.types.schema_validation import validate

    schema = crds.schema_of(resource, resource.storage_version)
    causes = validate(schema, obj)
    if not has_rules(schema):
        return causes
    from meshpeek.rehearsal.admission.cel import rules

    if causes or blocked:
        return [*causes, Cause("FieldValueInvalid", "<nil>", rules.UNCHECKED)]
    return rules.check_rules(schema, obj, old)


def _check_rules_of(definition: Object, write: Write) -> list[Cause]:
    """Check that the rules of a CRD are CEL; warn of those that use what is absent here."""
    versions = definition["spec"]["versions"]
    if not has_rules(versions):
        return []
    from meshpeek.rehearsal.admission.cel import rules

    causes: list[Cause] = []
    absent: set[str] = set()
    for index, version in enumerate(versions):
        schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
        place = f"spec.versions[{index}].schema.openAPIV3Schema"
        problems = list(rules.rule_problems(schema, place))
        causes += problems
        if not problems:
            absent |= set(rules.absent_functions(schema))
    if absent:
        names = ", ".join(sorted(absent))
        write.warnings.append(
            f"meshpeek rehearsal: rules with the CEL functions {names} are not evaluated"
        )
    return causes


def _check(
    cluster: Cluster, resource: Resource, obj: Object, old: Object | None, write: Write
) -> None:
    causes = validation.check(cluster, resource.key, obj, old)
    if resource.key == CRDS:
        causes += crd_validation.check_definition(obj, old)
        causes += [] if causes else _check_rules_of(obj, write)
    if resource.definition is not None:
        causes += _check_custom(resource, obj, old, blocked=bool(causes))
    if causes:
        raise invalid(resource.key, resource.kind, obj["metadata"].get("name", ""), causes)
    if resource.key == CRDS:
        write.warnings += crd_validation.warnings(obj)
    webhooks.validate(cluster, resource.key, obj)
