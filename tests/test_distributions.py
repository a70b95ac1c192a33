"""What is built of meshpeek: a source distribution that can be tested, and a whole wheel."""

from __future__ import annotations

import os
import re
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


def test_a_source_distribution_has_its_tests_and_documents(unpacked: Path, tmp_path: Path) -> None:
    # All tests are collected; those of the documents are run.
    options = ("-m", "not slow", "-k", "test_documents or test_ci_documents")
    ran = run_tests(unpacked, f"--basetemp={tmp_path / 'inner'}", *options, "tests")
    assert re.search(r"^\d+ passed, \d{4,} deselected", ran, re.MULTILINE), ran


def test_a_wheel_holds_the_whole_package(tmp_path: Path) -> None:
    expected = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "meshpeek").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {Path(name).suffix for name in expected} >= {".bash", ".css", ".js", ".json", ".py"}
    built = build("wheel", tmp_path)
    version = built.name.split("-")[1]
    expected.add(f"meshpeek-{version}.data/data/share/man/man1/meshpeek.1")
    with zipfile.ZipFile(built) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == expected
