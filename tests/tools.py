"""The programs that tests need and the project does not install: `make test-tools` does."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

# Where `make test-tools` puts the older versions of kubectl, each as kubectl-VERSION.
KUBECTL_VERSIONS = Path(sys.prefix) / "kubectl"
# And helm, as helm-3 and helm-4.
HELM_VERSIONS = Path(sys.prefix) / "helm"
# And the packages that the data files about Kubernetes are made from.
KUBERNETES_PACKAGES = Path(sys.prefix) / "kubernetes"


def find_tool(name: str, folder: Path | None = None) -> str:
    """Return the path of the program `name`; without it, skip the test, or fail it in CI.

    It is looked for in `folder`, else on PATH.
    """
    path = shutil.which(name, path=folder)
    if path is None:
        _do_without(name)
    return path


def find_kubernetes_packages() -> Path:
    """Return the folder of the packages; without them, skip the test, or fail it in CI."""
    if not (KUBERNETES_PACKAGES / ".ready").exists():
        _do_without("kubernetes-validate")
    return KUBERNETES_PACKAGES


def _do_without(missing: str) -> NoReturn:
    message = f"{missing} is missing; `make test-tools` installs it"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
