"""LimitRanges: what Pods get that ask for nothing, and who asks for too much or too little.

Facts: Kubernetes 1.27's admission plugin LimitRanger, and the defaults of LimitRange.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import LIMIT_RANGES, PERSISTENT_VOLUME_CLAIMS, PODS, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.scalars.quantities import amount_of, canonical
from meshpeek.rehearsal.types.status import forbidden

Amounts = dict[str, str]


def set_limit_range_defaults(obj: Object) -> None:
    """Fill in the defaults of a LimitRange: limits from maxima, requests from limits or minima."""
    for item in (obj.get("spec") or {}).get("limits") or ():
        if item.get("type") != "Container":
            continue
        for source, wanted in (("max", "default"), ("default", "defaultRequest")):
            for name, amount in (item.get(source) or {}).items():
                item.setdefault(wanted, {}).setdefault(name, amount)
        for name, amount in (item.get("min") or {}).items():
            item.setdefault("defaultRequest", {}).setdefault(name, amount)


def apply_limit_ranges(cluster: Cluster, pod: Object) -> None:
    """Give the containers of a new Pod what the LimitRanges of its namespace say, in place."""
    for item in _items(cluster, pod, "Container"):
        for container in _containers(pod):
            resources = container.setdefault("resources", {})
            for kind, source in (("limits", "default"), ("requests", "defaultRequest")):
                for name, amount in (item.get(source) or {}).items():
                    resources.setdefault(kind, {}).setdefault(name, amount)


def check_limit_ranges(cluster: Cluster, key: ResourceKey, obj: Object) -> None:
    """Raise ApiError Forbidden for a new Pod or claim beyond the limits of its namespace."""
    problems: list[str] = []
    if key == PODS:
        for item in _items(cluster, obj, "Container"):
            for container in _containers(obj):
                problems += _problems(item, container.get("resources") or {})
        for item in _items(cluster, obj, "Pod"):
            problems += _problems(item, _sum(obj))
    elif key == PERSISTENT_VOLUME_CLAIMS:
        requested = (obj["spec"].get("resources") or {}).get("requests") or {}
        for item in _items(cluster, obj, "PersistentVolumeClaim"):
            problems += _problems(item, {"requests": requested, "limits": requested})
    if problems:
        said = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        raise forbidden(key, obj["metadata"].get("name", ""), said)


def _items(cluster: Cluster, obj: Object, kind: str) -> Iterator[Object]:
    for limit_range in cluster.store.list(LIMIT_RANGES, obj["metadata"]["namespace"]):
        for item in limit_range["spec"]["limits"]:
            if item.get("type") == kind:
                yield item


def _containers(pod: Object) -> Iterable[Object]:
    spec = pod["spec"]
    return (*spec.get("initContainers", ()), *spec.get("containers", ()))


def _sum(pod: Object) -> dict[str, Any]:
    """Return what the containers of a Pod ask for together; init containers run before them."""
    total: dict[str, dict[str, Fraction]] = {"limits": {}, "requests": {}}
    for kind, amounts in total.items():
        for container in pod["spec"].get("containers", ()):
            for name, text in (container.get("resources") or {}).get(kind, {}).items():
                amounts[name] = amounts.get(name, Fraction(0)) + amount_of(text)
        for container in pod["spec"].get("initContainers", ()):
            for name, text in (container.get("resources") or {}).get(kind, {}).items():
                amounts[name] = max(amounts.get(name, Fraction(0)), amount_of(text))
    return {
        kind: {name: quantity_text(name, amount) for name, amount in amounts.items()}
        for kind, amounts in total.items()
    }


def quantity_text(name: str, amount: Fraction) -> str:
    """Write an amount as a quantity: of memory and storage in binary units."""
    if amount.denominator != 1:
        text = f"{math.ceil(amount * 1000)}m"
    elif any(word in name for word in ("memory", "storage")) and not amount % 1024:
        text = f"{amount.numerator // 1024}Ki"
    else:
        text = str(amount)
    return canonical(text) or text


def _problems(item: Object, resources: Object) -> Iterator[str]:
    kind = item["type"]
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, least in (item.get("min") or {}).items():
        given = requests.get(name)
        if given is None:
            yield f"minimum {name} usage per {kind} is {least}.  No request is specified"
        elif amount_of(given) < amount_of(least):
            yield f"minimum {name} usage per {kind} is {least}, but request is {given}"
    for name, most in (item.get("max") or {}).items():
        given = limits.get(name)
        if given is None:
            yield f"maximum {name} usage per {kind} is {most}.  No limit is specified"
        elif amount_of(given) > amount_of(most):
            yield f"maximum {name} usage per {kind} is {most}, but limit is {given}"
    for name, ratio in (item.get("maxLimitRequestRatio") or {}).items():
        request, limit = requests.get(name), limits.get(name)
        if request is None or limit is None or not amount_of(request):
            missing = "no request is specified" if request is None else "no limit is specified"
            yield f"{name} max limit to request ratio per {kind} is {ratio}, but {missing}"
        elif amount_of(limit) / amount_of(request) > amount_of(ratio):
            provided = float(amount_of(limit) / amount_of(request))
            yield (
                f"{name} max limit to request ratio per {kind} is {ratio}, "
                f"but provided ratio is {provided:.6f}"
            )
