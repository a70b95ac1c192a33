"""The directions in which modules may import each other, and what a start may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "meshpeek"
MODULES = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py")}
OUTSIDE_WORLD = {"os", "pty", "select", "signal", "socket", "subprocess", "pexpect", "termios"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def users_of(module: str) -> set[str]:
    return {
        name
        for name, path in MODULES.items()
        if any(found == module or found.startswith(f"{module}.") for found in imports(path))
    }


BUILDERS = sorted(name for name in MODULES if name.startswith(("parse/", "reports/")))
COMMANDS = {name for name in MODULES if re.match(r"commands/(?!__init__|workshops)", name)}
SCREEN = {name for name in MODULES if name.startswith("sinks/screen")}
PURE = ["model.py", "source.py", "errors.py", "lint.py", *BUILDERS]


@pytest.mark.parametrize("name", PURE)
def test_model_parser_and_reports_know_no_outside_world(name: str) -> None:
    roots = {found.partition(".")[0] for found in imports(MODULES[name])}
    assert not roots & OUTSIDE_WORLD


@pytest.mark.parametrize(
    ("module", "users"),
    [
        ("pexpect", {"run/shell.py"}),
        ("termios", {"keys.py", "run/shell.py"}),
        (
            "markdown_it",
            {"parse/blocks.py", "parse/comments.py", "parse/prose.py", "reports/prose.py"},
        ),
        (
            "rich",
            {"outputs.py", "sinks/difference.py", *SCREEN, "sinks/changes.py", "sinks/cast.py"},
        ),
        ("h11", {"rehearsal/connection.py"}),
        ("pickle", {"parallel/wire.py"}),
        ("pytest", {"pytest_plugin.py"}),
        ("click", {"arguments.py", "cli.py", *COMMANDS}),
    ],
)
def test_a_library_has_one_home(module: str, users: set[str]) -> None:
    assert users_of(module) == users


def test_sinks_and_reports_know_events_and_not_the_shell_or_the_runner() -> None:
    forbidden = ("meshpeek.run.shell", "meshpeek.run.runner", "meshpeek.run.drivers")
    for module in forbidden:
        assert not {name for name in users_of(module) if name.startswith(("sinks/", "reports/"))}


def test_the_rehearsal_knows_nothing_of_runs() -> None:
    for module in ("meshpeek.run", "meshpeek.parse", "meshpeek.sinks", "meshpeek.reports"):
        assert not {name for name in users_of(module) if name.startswith("rehearsal/")}


def loaded_after(arguments: list[str]) -> set[str]:
    code = (
        "import sys\n"
        "from meshpeek.cli import main\n"
        f"sys.argv = ['meshpeek', *{arguments!r}]\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print('loaded', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(result.stdout.splitlines()[-1].split()[1:])


def test_the_version_loads_no_heavy_library() -> None:
    assert not loaded_after(["--version"]) & {"markdown_it", "rich", "pexpect", "yaml", "jsonpatch"}


def test_ci_loads_what_it_uses(tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text("```bash\ntrue\n```\n")
    loaded = loaded_after(["ci", str(tmp_path / "w.md")])
    assert "pexpect" in loaded
    unused = {"rich", "yaml", "jsonpatch", "h11", "asyncio", "subprocess", "json", "difflib"}
    assert not loaded & unused
