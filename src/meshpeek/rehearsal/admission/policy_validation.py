"""What an API server refuses in Roles, bindings, Ingresses, budgets, Nodes and Endpoints.

Facts: Kubernetes 1.27's validation of these kinds, as far as workshops meet it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from meshpeek.rehearsal.admission.placement_validation import check_effect
from meshpeek.rehearsal.admission.pod_validation import check_port_number
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.name_validation import check_qualified_name
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import (
    Cause,
    go_value,
    invalid_value,
    required_value,
    unsupported_value,
)

Value = Mapping[str, Any]

_RBAC = "rbac.authorization.k8s.io"


def check_policy(key: ResourceKey, obj: Object) -> list[Cause]:
    """Return what is wrong with an object of one of these kinds; nothing for others."""
    match key.plural:
        case "roles" | "clusterroles" if key.group == _RBAC:
            return list(_check_rules(obj, namespaced=key.plural == "roles"))
        case "rolebindings" | "clusterrolebindings" if key.group == _RBAC:
            return list(_check_binding(obj, namespaced=key.plural == "rolebindings"))
        case "ingresses" if key.group == "networking.k8s.io":
            return list(_check_ingress(obj.get("spec") or {}))
        case "horizontalpodautoscalers":
            return list(_check_autoscaler(obj.get("spec") or {}))
        case "poddisruptionbudgets" if key.group == "policy":
            return list(_check_budget(obj.get("spec") or {}))
        case "nodes" if not key.group:
            return list(_check_taints(obj.get("spec") or {}))
        case "endpoints" if not key.group:
            return list(_check_endpoints(obj))
    return []


def _check_rules(role: Object, *, namespaced: bool) -> Iterator[Cause]:
    for index, rule in enumerate(role.get("rules") or ()):
        place = f"rules[{index}]"
        urls = rule.get("nonResourceURLs") or []
        if not rule.get("verbs"):
            yield required_value(f"{place}.verbs", "verbs must contain at least one value")
        if urls:
            if namespaced:
                detail = "namespaced rules cannot apply to non-resource URLs"
                yield _shown(f"{place}.nonResourceURLs", urls, detail)
            if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
                detail = "rules cannot apply to both regular resources and non-resource URLs"
                yield _shown(f"{place}.nonResourceURLs", urls, detail)
            continue
        if not rule.get("apiGroups"):
            detail = "resource rules must supply at least one api group"
            yield required_value(f"{place}.apiGroups", detail)
        if not rule.get("resources"):
            detail = "resource rules must supply at least one resource"
            yield required_value(f"{place}.resources", detail)


def _check_binding(binding: Object, *, namespaced: bool) -> Iterator[Cause]:
    reference = binding.get("roleRef") or {}
    if reference.get("apiGroup") != _RBAC:
        yield unsupported_value("roleRef.apiGroup", reference.get("apiGroup", ""), [_RBAC])
    kinds = ("Role", "ClusterRole") if namespaced else ("ClusterRole",)
    if reference.get("kind") not in kinds:
        yield unsupported_value("roleRef.kind", reference.get("kind", ""), kinds)
    for index, subject in enumerate(binding.get("subjects") or ()):
        place = f"subjects[{index}]"
        kind, group = subject.get("kind", ""), subject.get("apiGroup", "")
        if not subject.get("name"):
            yield required_value(f"{place}.name")
        if kind == "ServiceAccount":
            if group:
                yield unsupported_value(f"{place}.apiGroup", group, [""])
            if not namespaced and not subject.get("namespace"):
                yield required_value(f"{place}.namespace")
        elif kind in ("User", "Group"):
            if group != _RBAC:
                yield unsupported_value(f"{place}.apiGroup", group, [_RBAC])
        else:
            yield unsupported_value(f"{place}.kind", kind, ("ServiceAccount", "User", "Group"))


def _check_ingress(spec: Value) -> Iterator[Cause]:
    rules = spec.get("rules") or ()
    if not rules and "defaultBackend" not in spec:
        detail = "either `defaultBackend` or `rules` must be specified"
        text = f"Invalid value: []networking.IngressRule(nil): {detail}"
        yield Cause("FieldValueInvalid", "spec", text)
    for index, rule in enumerate(rules):
        paths = (rule.get("http") or {}).get("paths") or ()
        if "http" in rule and not paths:
            yield required_value(f"spec.rules[{index}].http.paths")
        for number, path in enumerate(paths):
            place = f"spec.rules[{index}].http.paths[{number}]"
            kind = path.get("pathType")
            if not kind:
                yield required_value(f"{place}.pathType", "pathType must be specified")
            elif kind not in ("Exact", "ImplementationSpecific", "Prefix"):
                supported = ("Exact", "ImplementationSpecific", "Prefix")
                yield unsupported_value(f"{place}.pathType", kind, supported)
            elif kind != "ImplementationSpecific" and not path.get("path", "").startswith("/"):
                yield invalid_value(
                    f"{place}.path", path.get("path", ""), "must be an absolute path"
                )
            service = (path.get("backend") or {}).get("service")
            if service is not None and not service.get("name"):
                yield required_value(f"{place}.backend.service.name")


def _check_autoscaler(spec: Value) -> Iterator[Cause]:
    target = spec.get("scaleTargetRef") or {}
    for name in ("kind", "name"):
        if not target.get(name):
            yield required_value(f"spec.scaleTargetRef.{name}")
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if least < 1:
        detail = "must be greater than or equal to 1"
        yield invalid_value("spec.minReplicas", least, detail)
    if most < 1:
        yield invalid_value("spec.maxReplicas", most, "must be greater than 0")
    elif most < least:
        detail = "must be greater than or equal to `minReplicas`"
        yield invalid_value("spec.maxReplicas", most, detail)


def _check_budget(spec: Value) -> Iterator[Cause]:
    if "minAvailable" in spec and "maxUnavailable" in spec:
        detail = "minAvailable and maxUnavailable cannot be both set"
        text = f"Invalid value: policy.PodDisruptionBudgetSpec{{…}}: {detail}"
        yield Cause("FieldValueInvalid", "spec", text)
    for name in ("minAvailable", "maxUnavailable"):
        value = spec.get(name, 0)
        if isinstance(value, int) and value < 0:
            yield invalid_value(f"spec.{name}", value, "must be greater than or equal to 0")
        elif isinstance(value, str) and not (value[-1:] == "%" and value[:-1].isdecimal()):
            detail = (
                "a valid percent string must be a numeric string followed by an ending '%' "
                "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
            )
            yield invalid_value(f"spec.{name}", value, detail)


def _check_taints(spec: Value) -> Iterator[Cause]:
    for index, taint in enumerate(spec.get("taints") or ()):
        place = f"spec.taints[{index}]"
        yield from check_qualified_name(taint.get("key", ""), f"{place}.key")
        effect = taint.get("effect", "")
        if effect:
            yield from check_effect(effect, f"{place}.effect")
        else:
            yield required_value(f"{place}.effect")


def _check_endpoints(endpoints: Object) -> Iterator[Cause]:
    for index, subset in enumerate(endpoints.get("subsets") or ()):
        place = f"subsets[{index}]"
        for kind in ("addresses", "notReadyAddresses"):
            for number, address in enumerate(subset.get(kind) or ()):
                yield from _check_address(address.get("ip", ""), f"{place}.{kind}[{number}].ip")
        ports = subset.get("ports") or ()
        for number, port in enumerate(ports):
            if not port.get("name") and len(ports) > 1:
                yield required_value(f"{place}.ports[{number}].name")
            yield from check_port_number(port.get("port", 0), f"{place}.ports[{number}].port")


def _check_address(text: str, field: str) -> Iterator[Cause]:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        yield invalid_value(field, text, detail)
        return
    for is_bad, detail in (
        (address.is_unspecified, "may not be unspecified (0.0.0.0 or ::)"),
        (address.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (address.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
    ):
        if is_bad:
            yield invalid_value(field, text, detail)


def _shown(field: str, values: list[str], detail: str) -> Cause:
    shown = "[]string{" + ", ".join(map(go_value, values)) + "}"
    return Cause("FieldValueInvalid", field, f"Invalid value: {shown}: {detail}")
