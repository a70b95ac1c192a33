from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripts.scripts_machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def module_machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Return a machine for tests that only look at what one run did."""
    return Machine(tmp_path_factory.mktemp("machine"))
