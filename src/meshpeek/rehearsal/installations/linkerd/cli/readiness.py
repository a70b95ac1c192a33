"""Whether Linkerd's control plane is there and ready, in the words of stable-2.14.10."""

from __future__ import annotations

import sys
import time
from typing import Any

from meshpeek.rehearsal.installations.linkerd.cli.api_client import ApiClient, LinkerdError

COMPONENTS = ("destination", "identity", "proxy-injector")
RETRY_SECONDS = 1.0
"""How long to wait between two looks at what is not ready yet. The real CLI takes 5 seconds."""

Pod = dict[str, Any]


def find_problem(cluster: ApiClient, namespace: str) -> str:
    """Return what keeps the control plane from being used, or an empty string."""
    try:
        cluster.get(f"/api/v1/namespaces/{namespace}/configmaps/linkerd-config")
        return find_unready_pod(cluster, namespace)
    except LinkerdError as error:
        return str(error)


def find_unready_pod(cluster: ApiClient, namespace: str) -> str:
    """Return what is not ready in the control plane, or an empty string."""
    pods = cluster.items(f"/api/v1/namespaces/{namespace}/pods")
    for component in COMPONENTS:
        name = f"linkerd-{component}"
        found = [
            pod
            for pod in pods
            if pod["metadata"]["name"].startswith(f"{name}-")
            and pod.get("status", {}).get("phase") == "Running"
        ]
        if not found:
            return f'No running pods for "{name}"'
        for pod in found:
            for container in pod["status"].get("containerStatuses", ()):
                if not container["ready"]:
                    return (
                        f"pod/{pod['metadata']['name']} container {container['name']} is not ready"
                    )
    return ""


def require_control_plane(cluster: ApiClient, namespace: str, patience: float = 0.0) -> bool:
    """Tell whether the control plane is ready, within `patience` seconds; say on stderr if not."""
    deadline = time.monotonic() + patience
    is_told = False
    while problem := find_problem(cluster, namespace):
        if time.monotonic() >= deadline:
            sys.stderr.write(f"Cannot find Linkerd: {problem}\n")
            sys.stderr.write(f"Validate the install with: {_check_command(namespace)}\n")
            return False
        if not is_told:
            sys.stderr.write("Waiting for control plane to become available\n")
            sys.stderr.flush()
            is_told = True
        time.sleep(RETRY_SECONDS)
    return True


def _check_command(namespace: str) -> str:
    other = "" if namespace == "linkerd" else f" --linkerd-namespace {namespace}"
    return f"linkerd check{other}"
