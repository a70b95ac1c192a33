"""Objects of Kubernetes as JSON has them."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

# The annotation in which client-side `kubectl apply` keeps the manifest that it sent last.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
