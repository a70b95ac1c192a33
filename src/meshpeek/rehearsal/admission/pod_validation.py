"""What an API server refuses in a Pod's spec, and in those of Pod templates (1.27's wording)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshpeek.rehearsal.admission.placement_validation import check_placement
from meshpeek.rehearsal.types.name_validation import (
    check_container_port_name,
    check_labels,
    label_problems,
)
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.scalars.quantities import amount_of
from meshpeek.rehearsal.types.status import (
    Cause,
    duplicate_value,
    forbidden_value,
    invalid_value,
    required_value,
    unsupported_value,
)

_POLICIES = {
    "restartPolicy": ("Always", "OnFailure", "Never"),
    "dnsPolicy": ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
}
_UPDATE_TEXT = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
    "to 1 if it was previously negative)"
)


def check_pod(pod: Object, old: Object | None) -> list[Cause]:
    """Return what is wrong with a Pod, or with how it differs from the stored one."""
    spec = pod.get("spec")
    if spec is None:
        return [required_value("spec.containers")]
    causes = check_spec(spec, "spec")
    if old is not None and not causes and _fixed_part(spec) != _fixed_part(old["spec"]):
        causes.append(forbidden_value("spec", _UPDATE_TEXT))
    if old is not None and not _tolerated(old["spec"]) <= _tolerated(spec):
        detail = "existing toleration can not be modified except its tolerationSeconds"
        causes.append(forbidden_value("spec.tolerations", detail))
    return causes


def check_template(template: Mapping[str, Any], field: str) -> list[Cause]:
    """Return what is wrong with the Pod template of a controller at `field`."""
    metadata = template.get("metadata") or {}
    causes = check_labels(metadata.get("labels") or {}, f"{field}.labels")
    spec = template.get("spec")
    if spec is None:
        return [*causes, required_value(f"{field}.spec.containers")]
    causes += check_spec(spec, f"{field}.spec")
    if spec.get("restartPolicy", "Always") != "Always":
        place = f"{field}.spec.restartPolicy"
        causes.append(unsupported_value(place, spec["restartPolicy"], ["Always"]))
    return causes


def check_spec(spec: Mapping[str, Any], field: str) -> list[Cause]:
    """Return what is wrong with a Pod spec at `field`."""
    causes, volumes = _check_volumes(spec.get("volumes") or (), f"{field}.volumes")
    containers = spec.get("containers") or ()
    if not containers:
        causes.append(required_value(f"{field}.containers"))
    names: set[str] = set()
    for kind, listed in (
        ("containers", containers),
        ("initContainers", spec.get("initContainers") or ()),
    ):
        for index, container in enumerate(listed):
            place = f"{field}.{kind}[{index}]"
            causes += _check_container(container, place, names, volumes)
    for name, values in _POLICIES.items():
        if name in spec and spec[name] not in values:
            causes.append(unsupported_value(f"{field}.{name}", spec[name], values))
    return causes + check_placement(spec, field)


def _check_volumes(volumes: Sequence[Object], field: str) -> tuple[list[Cause], set[str]]:
    causes: list[Cause] = []
    names: set[str] = set()
    for index, volume in enumerate(volumes):
        name = volume.get("name", "")
        place = f"{field}[{index}].name"
        if not name:
            causes.append(required_value(place))
        causes += [invalid_value(place, name, each) for each in label_problems(name) if name]
        if name in names:
            causes.append(duplicate_value(place, name))
        names.add(name)
    return causes, names


def _check_container(
    container: Object, field: str, names: set[str], volumes: set[str]
) -> list[Cause]:
    causes: list[Cause] = []
    name = container.get("name", "")
    if not name:
        causes.append(required_value(f"{field}.name"))
    else:
        causes += [invalid_value(f"{field}.name", name, each) for each in label_problems(name)]
    if name and name in names:
        causes.append(duplicate_value(f"{field}.name", name))
    names.add(name)
    if not container.get("image"):
        causes.append(required_value(f"{field}.image"))
    policies = ("Always", "IfNotPresent", "Never")
    if container.get("imagePullPolicy", "Always") not in policies:
        place = f"{field}.imagePullPolicy"
        causes.append(unsupported_value(place, container["imagePullPolicy"], policies))
    causes += _check_resources(container.get("resources") or {}, f"{field}.resources")
    causes += _check_container_ports(container.get("ports") or (), f"{field}.ports")
    for index, variable in enumerate(container.get("env") or ()):
        if not variable.get("name"):
            causes.append(required_value(f"{field}.env[{index}].name"))
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        place = f"{field}.volumeMounts[{index}]"
        if mount.get("name", "") not in volumes:
            shown = mount.get("name", "")
            causes.append(
                Cause("FieldValueNotFound", f"{place}.name", f'Not found: "{shown}"')
                if shown
                else required_value(f"{place}.name")
            )
        if not mount.get("mountPath"):
            causes.append(required_value(f"{place}.mountPath"))
    return causes


def _check_resources(resources: Mapping[str, Any], field: str) -> list[Cause]:
    causes = []
    limits = resources.get("limits") or {}
    for kind in ("limits", "requests"):
        for name, quantity in (resources.get(kind) or {}).items():
            if amount_of(quantity) < 0:
                detail = "must be greater than or equal to 0"
                causes.append(invalid_value(f"{field}.{kind}[{name}]", quantity, detail))
    for name, quantity in (resources.get("requests") or {}).items():
        if name in limits and amount_of(quantity) > amount_of(limits[name]):
            detail = f"must be less than or equal to {name} limit of {limits[name]}"
            causes.append(invalid_value(f"{field}.requests", quantity, detail))
    return causes


def _check_container_ports(ports: Sequence[Object], field: str) -> list[Cause]:
    causes: list[Cause] = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        place = f"{field}[{index}]"
        if "name" in port:
            causes += check_container_port_name(port["name"], f"{place}.name")
            if port["name"] in names:
                causes.append(duplicate_value(f"{place}.name", port["name"]))
            names.add(port["name"])
        if "containerPort" not in port:
            causes.append(required_value(f"{place}.containerPort"))
        else:
            causes += check_port_number(port["containerPort"], f"{place}.containerPort")
        causes += check_protocol(port.get("protocol", "TCP"), f"{place}.protocol")
    return causes


def check_port_number(number: int, field: str) -> list[Cause]:
    """Check the number of a port."""
    if 0 < number < 1 << 16:
        return []
    return [invalid_value(field, number, "must be between 1 and 65535, inclusive")]


def check_protocol(protocol: str, field: str) -> list[Cause]:
    """Check the protocol of a port."""
    protocols = ("SCTP", "TCP", "UDP")
    return [] if protocol in protocols else [unsupported_value(field, protocol, protocols)]


def _tolerated(spec: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """Return the tolerations of a Pod, whose times may change."""
    names = ("key", "operator", "value", "effect")
    return {tuple(each.get(name, "") for name in names) for each in spec.get("tolerations") or ()}


def _fixed_part(spec: Mapping[str, Any]) -> Object:
    """Return the part of a Pod's spec that may not change; tolerations may be added."""
    fixed = {
        name: value
        for name, value in spec.items()
        if name not in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds")
    }
    for kind in ("containers", "initContainers"):
        if kind in fixed:
            fixed[kind] = [{**container, "image": ""} for container in fixed[kind]]
    return fixed
