"""What an API server refuses although it could be decoded: the built-in kinds' own rules.

Facts: Kubernetes 1.27's validation (pkg/apis/*/validation), as far as the objects of workshops
need it; what is not checked here is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshpeek.rehearsal.admission.data_validation import check_config_map, check_secret
from meshpeek.rehearsal.admission.metadata_validation import check_metadata
from meshpeek.rehearsal.admission.pod_validation import check_pod, check_template
from meshpeek.rehearsal.admission.policy_validation import check_policy
from meshpeek.rehearsal.admission.service_validation import check_service
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.label_selectors import matches, requirements_of
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import Cause, forbidden_value, invalid_value, required_value


def check(cluster: Cluster, key: ResourceKey, obj: Object, old: Object | None) -> list[Cause]:
    """Return what is wrong with `obj` of the kind `key`, defaulted; `old` is the one stored.

    Metadata is checked for every kind, custom ones included.
    """
    causes = check_metadata(key, obj, old)
    match (key.group, key.plural):
        case ("", "pods"):
            causes += check_pod(obj, old)
        case ("", "services"):
            causes += check_service(cluster, obj, old)
        case ("", "secrets"):
            causes += check_secret(obj, old)
        case ("", "configmaps"):
            causes += check_config_map(obj, old)
        case ("apps", "deployments" | "replicasets"):
            causes += _check_workload(obj, old)
        case ("batch", "cronjobs"):
            causes += _check_schedule(obj.get("spec") or {})
        case (_, "rolebindings" | "clusterrolebindings"):
            causes += _check_role_reference(obj, old)
            causes += check_policy(key, obj)
        case (_, "roles" | "clusterroles" | "ingresses" | "poddisruptionbudgets"):
            causes += check_policy(key, obj)
        case ("autoscaling", "horizontalpodautoscalers"):
            causes += check_policy(key, obj)
        case ("", "nodes" | "endpoints"):
            causes += check_policy(key, obj)
    return causes


def _check_workload(obj: Object, old: Object | None) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes: list[Cause] = []
    if spec.get("replicas", 0) < 0:
        detail = "must be greater than or equal to 0"
        causes.append(invalid_value("spec.replicas", spec["replicas"], detail))
    selector = spec.get("selector")
    if selector is None:
        causes.append(required_value("spec.selector"))
    elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
        detail = "empty selector is invalid for deployment"
        shown = _selector_text(selector)
        causes.append(
            Cause("FieldValueInvalid", "spec.selector", f"Invalid value: {shown}: {detail}")
        )
    template = spec.get("template")
    if template is None:
        template = {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if selector and not matches(requirements_of(selector), labels):
        shown = _go_map(labels)
        text = f"Invalid value: {shown}: `selector` does not match template `labels`"
        causes.append(Cause("FieldValueInvalid", "spec.template.metadata.labels", text))
    causes += check_template(template, "spec.template")
    causes += _check_strategy(spec.get("strategy") or {})
    causes += _check_deadline(spec)
    before = (old or {}).get("spec", {}).get("selector")
    if before is not None and selector is not None and selector != before:
        text = f"Invalid value: {_selector_text(selector)}: field is immutable"
        causes.append(Cause("FieldValueInvalid", "spec.selector", text))
    return causes


def _check_deadline(spec: Mapping[str, Any]) -> list[Cause]:
    wait, deadline = spec.get("minReadySeconds", 0), spec.get("progressDeadlineSeconds")
    causes = []
    if wait < 0:
        detail = "must be greater than or equal to 0"
        causes.append(invalid_value("spec.minReadySeconds", wait, detail))
    if deadline is not None and deadline <= wait:
        detail = "must be greater than minReadySeconds"
        causes.append(invalid_value("spec.progressDeadlineSeconds", deadline, detail))
    return causes


def _check_schedule(spec: Mapping[str, Any]) -> list[Cause]:
    from meshpeek.rehearsal.types.scalars.schedules import ScheduleError, parse_schedule

    schedule = spec.get("schedule", "")
    if not schedule:
        return [required_value("spec.schedule")]
    try:
        parse_schedule(schedule)
    except ScheduleError as error:
        return [invalid_value("spec.schedule", schedule, str(error))]
    return []


def _check_strategy(strategy: Mapping[str, Any]) -> list[Cause]:
    kind = strategy.get("type", "RollingUpdate")
    if kind not in ("Recreate", "RollingUpdate"):
        text = f'Unsupported value: "{kind}": supported values: "Recreate", "RollingUpdate"'
        return [Cause("FieldValueNotSupported", "spec.strategy.type", text)]
    causes = []
    rolling = strategy.get("rollingUpdate") or {}
    if kind == "Recreate" and rolling:
        detail = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden_value("spec.strategy.rollingUpdate", detail)]
    for name in ("maxSurge", "maxUnavailable"):
        value = rolling.get(name, 0)
        field = f"spec.strategy.rollingUpdate.{name}"
        if isinstance(value, int) and value < 0:
            causes.append(invalid_value(field, value, "must be greater than or equal to 0"))
        elif isinstance(value, str) and not (value[-1:] == "%" and value[:-1].isdecimal()):
            detail = (
                "a valid percent string must be a numeric string followed by an ending '%' "
                "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
            )
            causes.append(invalid_value(field, value, detail))
    if rolling.get("maxUnavailable") in (0, "0%") and rolling.get("maxSurge") in (0, "0%"):
        shown = rolling["maxUnavailable"]
        detail = "may not be 0 when `maxSurge` is 0"
        causes.append(invalid_value("spec.strategy.rollingUpdate.maxUnavailable", shown, detail))
    return causes


def _selector_text(selector: Mapping[str, Any]) -> str:
    """Write a LabelSelector as Go prints it in messages."""
    labels = selector.get("matchLabels")
    shown = _go_map(labels) if labels else "map[string]string(nil)"
    return (
        f"v1.LabelSelector{{MatchLabels:{shown}, "
        "MatchExpressions:[]v1.LabelSelectorRequirement(nil)}"
    )


def _go_map(labels: Mapping[str, str]) -> str:
    pairs = ", ".join(f'"{name}":"{labels[name]}"' for name in sorted(labels))
    return f"map[string]string{{{pairs}}}"


def _check_role_reference(obj: Object, old: Object | None) -> list[Cause]:
    reference = obj.get("roleRef") or {}
    if not reference.get("name"):
        return [required_value("roleRef.name")]
    if old is None or reference == old.get("roleRef"):
        return []
    group, kind, name = (reference.get(each, "") for each in ("apiGroup", "kind", "name"))
    shown = f'rbac.RoleRef{{APIGroup:"{group}", Kind:"{kind}", Name:"{name}"}}'
    text = f"Invalid value: {shown}: cannot change roleRef"
    return [Cause("FieldValueInvalid", "roleRef", text)]
