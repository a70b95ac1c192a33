"""No test hangs: one that takes too long is ended and named, and so is what it has started."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT

TESTS = """
import subprocess, threading, time

import pytest
from hypothesis import given, strategies

STUBBORN = "trap '' HUP INT TERM; echo $$ >$0.pid; while :; do sleep 1; done"

def test_child():
    with subprocess.Popen(["bash", "-c", STUBBORN, "child"]):
        pass

def test_orphan():
    subprocess.run(["setsid", "--fork", "bash", "-c", STUBBORN, "orphan"])
    threading.Event().wait()

def test_thread():
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    try:
        thread.join()
    finally:
        release.set()

def test_who_goes_on():
    try:
        time.sleep(60)
    finally:
        time.sleep(60)

@given(strategies.integers())
def test_property(number):
    time.sleep(60)

@pytest.fixture
def resource():
    yield
    time.sleep(60)

def test_teardown(resource):
    assert False

def test_that_passes():
    pass
"""
HANGING = ["child", "orphan", "thread", "who_goes_on", "property", "teardown"]


@pytest.mark.slow
def test_a_test_that_hangs_is_ended_with_what_it_has_started(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(TESTS)
    plugins = ("-p", "tests.leftovers", "-p", "tests.time_limits")
    result = pytester.runpytest_subprocess(*plugins, "--timeout=2", "-n", "1", timeout=100)
    result.assert_outcomes(passed=1, failed=len(HANGING), errors=1)
    result.stdout.fnmatch_lines_random(
        [f"*TimeLimitExceeded: *.py::test_{name} took more than 2 s*" for name in HANGING]
    )
    pids = [(pytester.path / f"{name}.pid").read_text().strip() for name in ("child", "orphan")]
    assert not [pid for pid in pids if Path("/proc", pid).exists()]


def test_every_test_has_a_limit(request: pytest.FixtureRequest) -> None:
    assert request.config.getini("timeout")


@pytest.mark.slow
def test_what_is_left_behind_fails_the_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(
        """
        import subprocess, tempfile

        def test_file():
            tempfile.mkstemp(prefix="kubectl-edit-")

        def test_process():
            subprocess.run(["setsid", "--fork", "sleep", "600"])
        """
    )
    result = pytester.runpytest_subprocess("-p", "tests.leftovers", timeout=100)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [f"tests have left behind: kubectl-edit-* (*::test_file), *sleep 600 (in {pytester.path})"]
    )
