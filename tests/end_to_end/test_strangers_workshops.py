"""Workshops in the manner of public ones play to their end in a rehearsal, as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT, RunProgram

WORKSHOPS = sorted((ROOT / "tests" / "workshops").glob("*.*"))


@pytest.mark.slow
@pytest.mark.parametrize("path", WORKSHOPS, ids=lambda path: str(path.name))
def test_it_plays_to_its_end(meshpeek: RunProgram, tmp_path: Path, path: Path) -> None:
    result = meshpeek("ci", "--rehearse", path, TMPDIR=str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
