"""The programs that tests need and the project does not install: `make test-tools` does."""

from __future__ import annotations

import os
import shutil

import pytest


def find_tool(name: str) -> str:
    """Return the path of the program `name`; without it, skip the test, or fail it in CI."""
    path = shutil.which(name)
    if path is None:
        message = f"{name} is missing; `make test-tools` installs it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
