"""What lies below an object: its status, its scale, a Namespace's finalizers; a Pod's log, exec."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from meshpeek.http.exchange import Request, Response, answer
from meshpeek.rehearsal.admission import admission
from meshpeek.rehearsal.api import unsupported, updates
from meshpeek.rehearsal.api.bodies import decode_object
from meshpeek.rehearsal.api.deletion import delete, options_of
from meshpeek.rehearsal.api.evictions import check_budgets
from meshpeek.rehearsal.api.paths import ResourcePath
from meshpeek.rehearsal.patching import patch
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.keys import PODS, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import (
    bad_request,
    conflict,
    invalid,
    invalid_value,
    method_not_supported,
    not_found,
    quoted,
    required_value,
    unknown_path,
)


def handle(
    cluster: Cluster, resource: Resource, request: Request, target: ResourcePath
) -> Response:
    """Answer a request for a subresource; raises ApiError."""
    # Below `proxy` comes the path to proxy to.
    name = target.subresource.partition("/")[0]
    if name not in resource.subresources or (name != target.subresource and name != "proxy"):
        raise unknown_path()
    updates.existing(cluster, resource, target)
    unsupported.check_subresource(name)
    if target.subresource == "eviction":
        return _evict(cluster, resource, request, target)
    if target.subresource == "token":
        return _token(cluster, resource, request, target)
    if target.subresource == "binding":
        return bind(cluster, request, target)
    if target.subresource == "scale":
        return _scale(cluster, resource, request, target)
    return _part(cluster, resource, request, target)


def _part(cluster: Cluster, resource: Resource, request: Request, target: ResourcePath) -> Response:
    """Read or write an object through `status` or `finalize`."""
    write = updates.write_options(resource, request, target)
    name = target.subresource
    if request.method == "GET":
        stored = updates.existing(cluster, resource, target)
    elif request.method == "PUT":
        obj = decode_object(request.body, request.headers.get("content-type", ""))
        stored = updates.replace(cluster, resource, target, obj, write, name)
    elif patch.is_apply(request):
        stored, _ = updates.apply_configuration(cluster, resource, request, target, write)
    elif request.method == "PATCH":
        stored = updates.apply_patch(cluster, resource, request, target, write, name)
    else:
        raise method_not_supported(resource.key, request.method)
    return answer(crds.read_as(resource, target.version, stored))


def _evict(
    cluster: Cluster, resource: Resource, request: Request, target: ResourcePath
) -> Response:
    if request.method != "POST":
        raise method_not_supported(resource.key, request.method)
    write = updates.write_options(resource, request, target)
    eviction = decode_object(request.body, request.headers.get("content-type", ""))
    name = updates.metadata_of(eviction).get("name", target.name)
    if name != target.name:
        raise bad_request(f"name in URL does not match name in Eviction object: {name}")
    given = eviction.get("deleteOptions") or {}
    if not isinstance(given, dict):
        raise bad_request("deleteOptions of an Eviction must be an object")
    options = options_of(given, request, dry_run=write.dry_run)
    check_budgets(cluster, updates.existing(cluster, resource, target), dry_run=options.dry_run)
    delete(cluster, resource, updates.existing(cluster, resource, target), options)
    success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return answer({**success, "code": 201}, 201)


def _token(
    cluster: Cluster, resource: Resource, request: Request, target: ResourcePath
) -> Response:
    from meshpeek.rehearsal.api.identity.tokens import request_token

    return request_token(cluster, updates.existing(cluster, resource, target), request)


def bind(cluster: Cluster, request: Request, target: ResourcePath) -> Response:
    """Bind a Pod to a node, as a scheduler asks for; raises ApiError 409 for one that has a node.

    The path names the Pod, or its namespace alone; then the Binding has its name.
    """
    if request.method != "POST":
        raise method_not_supported(PODS, request.method)
    binding = decode_object(request.body, request.headers.get("content-type", ""))
    name = target.name or updates.metadata_of(binding).get("name", "")
    pod = cluster.store.get(PODS, target.namespace, name)
    if pod is None:
        raise not_found(PODS, name)
    wanted = binding.get("target")
    node = wanted.get("name") if isinstance(wanted, dict) else None
    if not node or not isinstance(node, str):
        raise invalid(PODS, "Binding", name, [required_value("target.name")])
    if pod["spec"].get("nodeName"):
        detail = f"pod {name} is already assigned to node {quoted(pod['spec']['nodeName'])}"
        raise conflict(PODS, name, detail)
    cluster.store.update(PODS, {**pod, "spec": {**pod["spec"], "nodeName": node}})
    success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return answer({**success, "code": 201}, 201)


def _scale(
    cluster: Cluster, resource: Resource, request: Request, target: ResourcePath
) -> Response:
    write = updates.write_options(resource, request, target)
    paths = _scale_paths(resource, target.version)
    old = updates.existing(cluster, resource, target)
    current = crds.read_as(resource, target.version, old)
    scale = _scale_of(current, paths)
    if request.method == "GET":
        return answer(scale)
    if request.method == "PUT":
        wanted = decode_object(request.body, request.headers.get("content-type", ""))
    elif request.method == "PATCH":
        wanted = patch.patched(deepcopy(scale), request, resource)
    else:
        raise method_not_supported(resource.key, request.method)
    changed = deepcopy(current)
    replicas = _wanted_replicas(target.name, wanted)
    version = (wanted.get("metadata") or {}).get("resourceVersion")
    if version and version != old["metadata"]["resourceVersion"]:
        raise conflict(
            resource.key,
            target.name,
            "the object has been modified; please apply your changes to the latest version "
            "and try again",
        )
    _set(changed, paths["specReplicasPath"], replicas)
    stored = admission.update(cluster, resource, target.version, changed, old, write)
    return answer(_scale_of(crds.read_as(resource, target.version, stored), paths))


def _wanted_replicas(name: str, scale: Object) -> int:
    spec = scale.get("spec") or {}
    replicas = spec.get("replicas", 0) if isinstance(spec, dict) else None
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request(
            'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal '
            "into Go struct field ScaleSpec.spec.replicas of type int32"
        )
    if replicas < 0:
        cause = invalid_value("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid(ResourceKey("autoscaling", ""), "Scale", name, [cause])
    return replicas


def _scale_paths(resource: Resource, version: str) -> dict[str, str]:
    if resource.definition is None:
        return {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".spec.selector",
        }
    for each in resource.definition["spec"]["versions"]:
        paths = (each.get("subresources") or {}).get("scale")
        if each["name"] == version and paths:
            return dict(paths)
    raise unknown_path()


def _scale_of(obj: Object, paths: dict[str, str]) -> Object:
    metadata = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: dict[str, Any] = {"replicas": _get(obj, paths["statusReplicasPath"]) or 0}
    selector = _get(obj, paths.get("labelSelectorPath", ""))
    if selector:
        status["selector"] = selector if isinstance(selector, str) else _selector_text(selector)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {"replicas": _get(obj, paths["specReplicasPath"]) or 0},
        "status": status,
    }


def _selector_text(selector: dict[str, Any]) -> str:
    labels = selector.get("matchLabels", {} if "matchExpressions" in selector else selector)
    terms = [f"{name}={value}" for name, value in sorted(labels.items())]
    for expression in selector.get("matchExpressions") or ():
        values = ",".join(sorted(expression.get("values") or ()))
        terms.append(
            {
                "In": f"{expression['key']} in ({values})",
                "NotIn": f"{expression['key']} notin ({values})",
                "Exists": expression["key"],
                "DoesNotExist": f"!{expression['key']}",
            }[expression["operator"]]
        )
    return ",".join(terms)


def _get(obj: Object, path: str) -> Any:  # noqa: ANN401
    value: Any = obj if path else None
    for name in path.split(".")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _set(obj: Object, path: str, value: int) -> None:
    *parents, last = path.split(".")[1:]
    for name in parents:
        obj = obj.setdefault(name, {})
    obj[last] = value
