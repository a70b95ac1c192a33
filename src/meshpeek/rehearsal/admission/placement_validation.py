"""What an API server refuses in how Pods are probed and placed (1.27's wording)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from meshpeek.rehearsal.types.name_validation import (
    check_labels,
    check_qualified_name,
    label_value_problems,
)
from meshpeek.rehearsal.types.status import (
    Cause,
    duplicate_value,
    forbidden_value,
    invalid_value,
    required_value,
    unsupported_value,
)

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_COUNTS = (
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_HEAVIEST = 100

Value = Mapping[str, Any]


def check_placement(spec: Value, field: str) -> list[Cause]:
    """Return what is wrong with the probes, host ports and placement of a Pod spec at `field`."""
    return list(_check(spec, field))


def check_effect(effect: str, field: str) -> list[Cause]:
    """Check the effect of a taint or of a toleration."""
    return [] if effect in EFFECTS else [unsupported_value(field, effect, EFFECTS)]


def _check(spec: Value, field: str) -> Iterator[Cause]:
    ports: set[str] = set()
    for index, container in enumerate(spec.get("containers") or ()):
        place = f"{field}.containers[{index}]"
        for name in _PROBES:
            if name in container:
                yield from _check_probe(container[name], f"{place}.{name}", name)
        for number, port in enumerate(container.get("ports") or ()):
            if port.get("hostPort"):
                shown = "/".join(
                    (port.get("protocol", "TCP"), port.get("hostIP", ""), str(port["hostPort"]))
                )
                if shown in ports:
                    yield duplicate_value(f"{place}.ports[{number}].hostPort", shown)
                ports.add(shown)
    yield from check_labels(spec.get("nodeSelector") or {}, f"{field}.nodeSelector")
    for index, toleration in enumerate(spec.get("tolerations") or ()):
        yield from _check_toleration(toleration, f"{field}.tolerations[{index}]")
    affinity = spec.get("affinity") or {}
    yield from _check_node_affinity(
        affinity.get("nodeAffinity") or {}, f"{field}.affinity.nodeAffinity"
    )
    for name in ("podAffinity", "podAntiAffinity"):
        yield from _check_pod_affinity(affinity.get(name) or {}, f"{field}.affinity.{name}")


def _check_probe(probe: Value, field: str, name: str) -> Iterator[Cause]:
    given = [handler for handler in _HANDLERS if handler in probe]
    if not given:
        yield required_value(field, "must specify a handler type")
    for handler in given[1:]:
        yield forbidden_value(f"{field}.{handler}", "may not specify more than 1 handler type")
    for count in _COUNTS:
        if probe.get(count, 0) < 0:
            detail = "must be greater than or equal to 0"
            yield invalid_value(f"{field}.{count}", probe[count], detail)
    if name != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        yield invalid_value(f"{field}.successThreshold", probe["successThreshold"], "must be 1")


def _check_toleration(toleration: Value, field: str) -> Iterator[Cause]:
    key, operator = toleration.get("key", ""), toleration.get("operator", "")
    value, effect = toleration.get("value", ""), toleration.get("effect", "")
    if key:
        yield from check_qualified_name(key, f"{field}.key")
    elif operator != "Exists":
        detail = (
            "operator must be Exists when `key` is empty, which means "
            '"match all values and all keys"'
        )
        yield invalid_value(f"{field}.operator", operator, detail)
    if "tolerationSeconds" in toleration and effect != "NoExecute":
        detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield invalid_value(f"{field}.effect", effect, detail)
    if operator in ("", "Equal"):
        for problem in label_value_problems(value):
            yield invalid_value(f"{field}.operator", value, problem)
    elif operator == "Exists":
        if value:
            detail = "value must be empty when `operator` is 'Exists'"
            yield invalid_value(f"{field}.operator", value, detail)
    else:
        yield unsupported_value(f"{field}.operator", operator, ("Equal", "Exists"))
    if effect:
        yield from check_effect(effect, f"{field}.effect")


def _check_node_affinity(affinity: Value, field: str) -> Iterator[Cause]:
    required = affinity.get(_REQUIRED)
    if required is not None:
        place = f"{field}.{_REQUIRED}.nodeSelectorTerms"
        terms = required.get("nodeSelectorTerms") or ()
        if not terms:
            yield required_value(place, "must have at least one node selector term")
        for index, term in enumerate(terms):
            yield from _check_expressions(term, f"{place}[{index}]")
    for index, each in enumerate(affinity.get(_PREFERRED) or ()):
        place = f"{field}.{_PREFERRED}[{index}]"
        yield from _check_weight(each, place)
        yield from _check_expressions(each.get("preference") or {}, f"{place}.preference")


def _check_expressions(term: Value, field: str) -> Iterator[Cause]:
    for index, each in enumerate(term.get("matchExpressions") or ()):
        place = f"{field}.matchExpressions[{index}]"
        operator, values = each.get("operator", ""), each.get("values") or ()
        if operator in ("In", "NotIn"):
            if not values:
                detail = "must be specified when `operator` is 'In' or 'NotIn'"
                yield required_value(f"{place}.values", detail)
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                yield forbidden_value(f"{place}.values", detail)
        elif operator in ("Gt", "Lt"):
            if len(values) != 1:
                detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
                yield required_value(f"{place}.values", detail)
        else:
            yield invalid_value(f"{place}.operator", operator, "not a valid selector operator")
        yield from check_qualified_name(each.get("key", ""), f"{place}.key")


def _check_pod_affinity(affinity: Value, field: str) -> Iterator[Cause]:
    terms: list[tuple[str, Value]] = [
        (f"{field}.{_REQUIRED}[{index}]", term)
        for index, term in enumerate(affinity.get(_REQUIRED) or ())
    ]
    preferred: Sequence[Value] = affinity.get(_PREFERRED) or ()
    for index, each in enumerate(preferred):
        place = f"{field}.{_PREFERRED}[{index}]"
        yield from _check_weight(each, place)
        terms.append((f"{place}.podAffinityTerm", each.get("podAffinityTerm") or {}))
    for place, term in terms:
        if not term.get("topologyKey"):
            yield required_value(f"{place}.topologyKey", "can not be empty")


def _check_weight(preferred: Value, field: str) -> Iterator[Cause]:
    weight = preferred.get("weight", 0)
    if not 0 < weight <= _HEAVIEST:
        yield invalid_value(f"{field}.weight", weight, "must be in the range 1-100")
