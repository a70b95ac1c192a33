"""Images that cannot be pulled: their name is invalid, or their registry does not exist.

Nothing is ever pulled, so every other image is present. A registry under `.invalid` never exists
(RFC 6761): that is how a workshop shows a rollout that fails. Texts are those of kubelet 1.27 with
containerd.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

BACK_OFF_SECONDS = (10, 20, 40, 80, 160, 300)
"""How long the kubelet waits before it tries again, the last one from then on."""

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_REFERENCE = re.compile(
    rf"(?:(?P<host>{_HOST_PART}(?:\.{_HOST_PART})*(?::[0-9]+)?)/)?"
    rf"(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)


class PullFault(NamedTuple):
    """Why an image cannot be pulled: the kubelet's `reason`, `reason_later` while it backs off."""

    image: str
    reason: str
    reason_later: str
    message: str

    @property
    def is_of_name(self) -> bool:
        """Return whether no pull is attempted, since the image's name is invalid."""
        return self.reason == "InvalidImageName"


def find_faults(spec: Mapping[str, Any]) -> dict[str, PullFault]:
    """Return why containers of a Pod's spec cannot start now, by their names.

    Init containers start one after the other, and containers after them.
    """
    for container in spec.get("initContainers") or ():
        fault = find_fault(container["image"])
        if fault:
            return {container["name"]: fault}
    faults = {each["name"]: find_fault(each["image"]) for each in spec["containers"]}
    return {name: fault for name, fault in faults.items() if fault}


def find_fault(image: str) -> PullFault | None:
    """Return why `image` cannot be pulled, or None."""
    reference = _REFERENCE.fullmatch(image)
    if reference is None:
        message = (
            f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
            "invalid reference format"
        )
        return PullFault(image, "InvalidImageName", "InvalidImageName", message)
    host = reference["host"] or ""
    if not host.partition(":")[0].lower().endswith(".invalid"):
        return None
    version = reference["digest"] or reference["tag"] or "latest"
    whole = f"{host}/{reference['path']}" + ("@" if reference["digest"] else ":") + version
    url = f"https://{host}/v2/{reference['path']}/manifests/{version}"
    message = (
        f'Failed to pull image "{image}": rpc error: code = Unknown desc = failed to pull and '
        f'unpack image "{whole}": failed to resolve reference "{whole}": failed to do request: '
        f'Head "{url}": dial tcp: lookup {host.partition(":")[0]}: no such host'
    )
    return PullFault(image, "ErrImagePull", "ImagePullBackOff", message)
