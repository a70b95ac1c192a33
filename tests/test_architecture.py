"""The directions in which modules may import each other, and what a start may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshpeek.cli import commands
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


DRAWN = {n for n in MODULES if re.fullmatch(r"sinks/(screen|log)/\w+.py", n)} & users_of("rich")
COMMAND_LINE = {
    *(f"cli/{name}.py" for name in ("click_extensions", "main", "options", "sharing")),
    *(f"cli/pipelines/{name}.py" for name in ("golden_transcripts", "run_limits", "selection")),
    *(f"cli/commands/{name}.py" for name in commands.COMMANDS),
}
PURE = sorted(
    name
    for name in MODULES
    if name.startswith(("workshop/", "sinks/html/", "sinks/transcripts/"))
    and name not in ("workshop/folders.py", "workshop/git_files.py", "workshop/loading.py")
)


@pytest.mark.parametrize("name", PURE)
def test_parser_and_pages_know_no_outside_world(name: str) -> None:
    roots = {found.partition(".")[0] for found in imports(MODULES[name])}
    assert not roots & OUTSIDE_WORLD


@pytest.mark.parametrize(
    "folder", sorted({path.parent.relative_to(SOURCE).as_posix() for path in MODULES.values()})
)
def test_a_folder_can_be_taken_in_at_a_glance(folder: str) -> None:
    entries = [p for p in (SOURCE / folder).iterdir() if p.name != "__pycache__"]
    assert len(entries) <= (12 if folder == "." else 20), sorted(p.name for p in entries)


@pytest.mark.parametrize(
    ("module", "users"),
    [
        ("pexpect", {"session/shell/pty.py"}),
        ("termios", {"terminal/keyboard.py", "session/shell/pty.py"}),
        (
            "markdown_it",
            {
                "workshop/parse/markdown.py",
                "workshop/parse/html_comments.py",
                "workshop/parse/narration.py",
                "sinks/html/prose.py",
                "sinks/screen/github_markdown.py",
            },
        ),
        ("rich", {"sinks/reports/cast.py", *DRAWN}),
        ("h11", {"http/connection.py"}),
        ("jinja2", {"sinks/html/templating.py"}),
        ("re2", {"rehearsal/types/scalars/patterns.py"}),
        ("pickle", {"run/frames.py"}),
        ("pytest", {"cli/pytest_items.py", "cli/pytest_plugin.py"}),
        ("click", COMMAND_LINE),
    ],
)
def test_a_library_has_one_home(module: str, users: set[str]) -> None:
    assert users_of(module) == users


def test_escape_sequences_are_spelled_in_one_room() -> None:
    spelled = {name for name, path in MODULES.items() if "\\x1b" in path.read_text()}
    others = {name for name in spelled if not name.startswith(("terminal/", "rehearsal/"))}
    # These look for secrets in what programs write, or read and write quoted strings.
    masking = {"run/masking/forms.py", "run/masking/secret_shapes.py"}
    quoting = {"sinks/transcripts/yaml_writer.py", "session/shell/state_receiver.py"}
    assert others == masking | quoting


def loaded_after(arguments: list[str]) -> set[str]:
    code = (
        "import sys\n"
        "from meshpeek.cli.main import main\n"
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


PRODUCTS = re.compile(r"\b(?:linkerd|faces|emissary)\b", re.IGNORECASE)


@pytest.mark.parametrize(
    "name", sorted(n for n in MODULES if not n.startswith("rehearsal/installations/"))
)
def test_only_installations_know_products(name: str) -> None:
    assert not PRODUCTS.search(MODULES[name].read_text())


def test_the_door_of_rehearsal_costs_nothing() -> None:
    code = "import sys, meshpeek.rehearsal; print(*(n for n in sys.modules if 'meshpeek.' in n))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["meshpeek.rehearsal.errors", "meshpeek.rehearsal"]
