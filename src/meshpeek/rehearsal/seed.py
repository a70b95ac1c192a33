"""What rehearsal clusters hold at the start: what setup-demo.sh leaves behind on real ones.

Everything is made by the code that works on the running clusters (admission, controllers), on a
simulated clock that ends at the present: so ages, revisions and events read as they would.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from meshpeek.rehearsal import controllers
from meshpeek.rehearsal.admission import admission
from meshpeek.rehearsal.controllers.clocks import SimulatedClock
from meshpeek.rehearsal.controllers.runtime import Runtime
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installations import k3s
from meshpeek.rehearsal.installations.emissary import objects as emissary
from meshpeek.rehearsal.installations.emissary.crds import definitions as emissary_definitions
from meshpeek.rehearsal.installations.linkerd import control_plane as linkerd
from meshpeek.rehearsal.installations.linkerd.crds import definitions as linkerd_definitions
from meshpeek.rehearsal.installations.linkerd_multicluster.extension import extension
from meshpeek.rehearsal.installations.linkerd_multicluster.links import (
    EXTENSION_NAMESPACE,
    REMOTE_ACCESS_ACCOUNT,
    LinkRequest,
    link_objects,
)
from meshpeek.rehearsal.server_urls import node_server
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import CRDS, NAMESPACES, NODES, SECRETS
from meshpeek.rehearsal.types.objects import LAST_APPLIED, Object
from meshpeek.rehearsal.types.resources import group_and_version
from meshpeek.rehearsal.types.status import ApiError

_AGE_SECONDS = 14 * 60
"""How long ago the clusters were created."""


class Plan(NamedTuple):
    """What a cluster holds beside what every one does.

    `manifests` are files, or folders of files, of YAML or JSON; `links` are the names of the
    clusters that it is linked to, without gateways. A `bare` cluster is as create-clusters.sh
    leaves it: nothing at all is installed there.
    """

    manifests: tuple[Path, ...] = ()
    links: tuple[str, ...] = ()
    bare: bool = False


@dataclass(slots=True)
class _Site:
    """A cluster that is being set up, and the objects of its manifests with their files."""

    cluster: Cluster
    runtime: Runtime
    plan: Plan
    objects: list[tuple[Path, Object]] = field(default_factory=list)


def seed(clusters: Mapping[str, Cluster], plans: Mapping[str, Plan]) -> None:
    """Set up all `clusters`, empty until now, as `plans` say by their names.

    Raises RehearsalError for manifests that cannot be read or are refused, and for links
    to clusters that are not there.
    """
    present = next(iter(clusters.values())).now()
    clock = SimulatedClock(present - timedelta(seconds=_AGE_SECONDS))
    sites = [
        _Site(cluster, controllers.start(cluster, clock), plans.get(name, Plan()))
        for name, cluster in clusters.items()
    ]
    try:
        _set_up(sites, clock)
        clock.advance((present - clock.now()).total_seconds())
    finally:
        for site in sites:
            site.runtime.stop()


def _set_up(sites: list[_Site], clock: SimulatedClock) -> None:
    """Do what create-clusters.sh and setup-demo.sh do, in their order and at about their pace."""
    for site in sites:
        site.objects = [
            (path, obj) for path in site.plan.manifests for obj in _read_manifests(path)
        ]
        _check_links(site)
        _make_cluster(site)
    sites = [site for site in sites if not site.plan.bare]
    clock.advance(75)
    for site in sites:
        _define(site, linkerd_definitions())
        _apply(site, linkerd.control_plane())
    clock.advance(85)
    for site in sites:
        _apply(site, extension())
    clock.advance(40)
    for site in sites:
        for name in site.plan.links:
            _apply(site, link_objects(_link_request(site.cluster.cluster_set[name])))
    clock.advance(45)
    for site in sites:
        if any(_group(obj) == emissary.GROUP for _, obj in site.objects):
            _define(site, emissary_definitions())
            _apply(site, [_emissary_home(site), *emissary.emissary()])
    clock.advance(90)
    for site in sites:
        for path, obj in _in_order(site.objects):
            _apply_manifest(site, path, obj)


def _check_links(site: _Site) -> None:
    for name in site.plan.links:
        if name not in site.cluster.cluster_set or name == site.cluster.name:
            raise RehearsalError(
                f"the rehearsal cluster {site.cluster.name} cannot be linked to {name!r}",
                hint="link to another cluster of the workshop: "
                + ", ".join(each for each in site.cluster.cluster_set if each != site.cluster.name),
            )


def _make_cluster(site: _Site) -> None:
    moment = site.runtime.timestamp()
    site.runtime.create(NODES, k3s.node(site.cluster, moment))
    others = (*k3s.api_server(site.cluster), *k3s.coredns(), k3s.node_lease(site.cluster, moment))
    for obj in (*k3s.namespaces(), *others):
        _install(site, obj)


def _define(site: _Site, definitions: Iterable[Object]) -> None:
    """Install CRDs that come with meshpeek: those are known to be well-formed."""
    for definition in definitions:
        site.runtime.create(CRDS, _with_applied_annotation(definition))


_applied_texts: dict[int, tuple[Object, str]] = {}


def _with_applied_annotation(definition: Object) -> Object:
    """Return a CRD with the annotation, in dicts of its own where defaults will be filled in.

    The text of the annotation is large, and the same in every cluster.
    """
    if id(definition) not in _applied_texts:
        text = _annotated(definition)["metadata"]["annotations"][LAST_APPLIED]
        _applied_texts[id(definition)] = definition, text
    metadata, spec = definition["metadata"], definition["spec"]
    _, text = _applied_texts[id(definition)]
    annotations = {**metadata.get("annotations", {}), LAST_APPLIED: text}
    return {
        **definition,
        "metadata": {**metadata, "annotations": annotations},
        "spec": {**spec, "names": dict(spec["names"])},
    }


def _link_request(target: Cluster) -> LinkRequest:
    return LinkRequest(
        cluster_name=target.name,
        server=node_server(k3s.node_address(target)),
        token=_access_token(target),
        context=target.name,
        kubeconfig_cluster=f"k3d-{target.name}",
    )


def _access_token(target: Cluster) -> str:
    """Return the token of the account with which other clusters' service mirrors come."""
    name = f"{REMOTE_ACCESS_ACCOUNT}-token"
    secret = target.store.get(SECRETS, EXTENSION_NAMESPACE, name)
    if secret is None:
        raise RehearsalError(
            f"nothing can be linked to the rehearsal cluster {target.name}: it is bare",
            hint="link to a cluster that has Linkerd",
        )
    return base64.b64decode(secret["data"]["token"]).decode()


def _emissary_home(site: _Site) -> Object:
    """Return Emissary's Namespace: the manifests' own where they have one."""
    for _, obj in site.objects:
        if obj["kind"] == "Namespace" and obj["metadata"].get("name") == emissary.HOME:
            return obj
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": emissary.HOME}}


def _apply(site: _Site, objects: Iterable[Object]) -> None:
    for obj in objects:
        if obj["kind"] == "CustomResourceDefinition":
            _define(site, [obj])
        else:
            _install(site, _annotated(obj))


def _install(site: _Site, obj: Object) -> None:
    """Store an object of our own: checking that our built-in objects are well-formed takes time."""
    resource = site.cluster.resources.of_kind(obj["apiVersion"], obj["kind"])
    if resource is not None and resource.definition is None:
        site.runtime.create(resource.key, obj)
    else:
        _admit(site, obj)


def _apply_manifest(site: _Site, path: Path, obj: Object) -> None:
    if _is_present(site, obj):
        return
    try:
        _admit(site, _annotated(obj))
    except ApiError as error:
        raise RehearsalError(
            f"{path}: the rehearsal cluster {site.cluster.name} refuses the {obj['kind']} "
            f"{obj['metadata'].get('name', '')!r}: {error.message}",
            hint="correct the manifest; a real cluster would refuse it too",
        ) from None


def _is_present(site: _Site, obj: Object) -> bool:
    """Return whether a Namespace is there already: several manifests may bring the same one."""
    if obj["kind"] != "Namespace" or obj["apiVersion"] != "v1":
        return False
    name = obj["metadata"].get("name", "")
    return site.cluster.store.get(NAMESPACES, None, name) is not None


def _admit(site: _Site, obj: Object) -> None:
    api_version, kind = obj["apiVersion"], obj["kind"]
    resource = site.cluster.resources.of_kind(api_version, kind)
    if resource is None:
        message = f'no matches for kind "{kind}" in version "{api_version}"'
        raise ApiError(404, "NotFound", message)
    obj["metadata"]["creationTimestamp"] = site.runtime.timestamp()
    _, version = group_and_version(api_version)
    admission.create(site.cluster, resource, version, obj, admission.Write("Strict"))


def _annotated(obj: Object) -> Object:
    """Return a copy of `obj` with the annotation by which `kubectl apply` remembers it."""
    metadata = obj["metadata"]
    annotations = metadata.get("annotations") or {}
    plain = {**obj, "metadata": {**metadata, "annotations": annotations}}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return {
        **obj,
        "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: text + "\n"}},
    }


def _in_order(objects: list[tuple[Path, Object]]) -> Iterator[tuple[Path, Object]]:
    """Yield Namespaces first, as they may be in a file that is read after others."""
    yield from (each for each in objects if each[1]["kind"] == "Namespace")
    yield from (each for each in objects if each[1]["kind"] != "Namespace")


def _group(obj: Object) -> str:
    return group_and_version(obj["apiVersion"])[0]


def _read_manifests(path: Path) -> Iterator[Object]:
    """Yield the objects in a file, or in the YAML and JSON files of a folder by their names."""
    if path.is_dir():
        for each in sorted(path.iterdir()):
            if each.suffix in (".yaml", ".yml", ".json"):
                yield from _read_manifests(each)
        return
    import yaml

    from meshpeek.rehearsal.types.yaml_documents import load_documents

    try:
        documents = load_documents(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise RehearsalError(
            f"{path}: the manifest cannot be read: {error}",
            hint="name a YAML file, or a folder of them, under `rehearsal` in the front matter",
        ) from None
    for document in documents:
        yield from _objects_in(path, document)


def _objects_in(path: Path, document: Any) -> Iterator[Object]:  # noqa: ANN401 - any YAML
    if document is None:
        return
    if not _is_object(document):
        raise RehearsalError(
            f"{path}: a document in it is no Kubernetes object",
            hint="every document of a manifest has apiVersion, kind and metadata",
        )
    if document["kind"] == "List":
        for each in document.get("items") or ():
            yield from _objects_in(path, each)
    else:
        yield document


def _is_object(document: Any) -> bool:  # noqa: ANN401 - any YAML
    if not isinstance(document, dict):
        return False
    if not all(isinstance(document.get(name), str) for name in ("apiVersion", "kind")):
        return False
    return document["kind"] == "List" or isinstance(document.get("metadata"), dict)
