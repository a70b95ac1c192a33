"""What is built of meshpeek: a source distribution that can be tested, and a whole wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
SOURCE = ROOT / "src"


def build(target: str, folder: Path) -> Path:
    """Build a distribution, as pip does but without looking for hatchling in an index."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a source distribution that has been unpacked."""
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(build("sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        archive.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


def run_tests(folder: Path, *arguments: str | Path) -> str:
    """Run pytest on the code in `folder`; return what it prints. Fails if a test does."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def test_the_tests_of_a_source_distribution_can_be_collected(unpacked: Path) -> None:
    collected = run_tests(unpacked, "--collect-only", "tests")
    assert "tests/test_distributions.py::" in collected


def test_the_documents_of_a_source_distribution_are_tested(unpacked: Path, tmp_path: Path) -> None:
    files = ("tests/test_documents.py", "tests/test_ci_documents.py")
    run_tests(unpacked, f"--basetemp={tmp_path / 'inner'}", "-m", "not slow", *files)


def test_a_wheel_holds_the_whole_package(tmp_path: Path) -> None:
    expected = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "meshpeek").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {Path(name).suffix for name in expected} >= {".bash", ".css", ".js", ".json", ".py"}
    with zipfile.ZipFile(build("wheel", tmp_path)) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == expected
