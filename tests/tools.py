"""The programs that tests need and the project does not install: `make test-tools` does."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

# Where `make test-tools` puts the older versions of kubectl, each as kubectl-VERSION.
KUBECTL_VERSIONS = Path(sys.prefix) / "kubectl"


def find_tool(name: str, folder: Path | None = None) -> str:
    """Return the path of the program `name`; without it, skip the test, or fail it in CI.

    It is looked for in `folder`, else on PATH.
    """
    path = shutil.which(name, path=folder)
    if path is None:
        message = f"{name} is missing; `make test-tools` installs it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
