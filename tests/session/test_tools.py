"""The version of a tool, however it is asked for: real programs on a PATH of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meshpeek.session.tools import Tool, find_tool

UNKNOWN_FLAG = 'echo "Error: unknown flag: --version, see 9.9.9" >&2; exit 1'


def tool(folder: Path, script: str, name: str = "tool") -> dict[str, str]:
    program = folder / name
    program.write_text(f"#!/bin/sh\ncase $* in\n{script}\n*) exit 2 ;;\nesac\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ("--version) echo tool 1.2.3 ;;", "1.2.3"),
        (f"--version) {UNKNOWN_FLAG} ;;\n'version --client') echo v2.14.10 ;;", "2.14.10"),
        ("--version) echo tool 1.2.3; exit 1 ;;", "1.2.3"),
        ("--version) echo tool; exit 0 ;;\n'version --client') echo v2.14.10 ;;", "2.14.10"),
        ("--help) echo 1.2.3 ;;", None),
    ],
)
def test_the_version(tmp_path: Path, script: str, version: str | None) -> None:
    environment = tool(tmp_path, script)
    found = find_tool("tool", "", environment, always_ask=True)
    assert found == Tool(str(tmp_path / "tool"), version, None)


def test_kubectl_is_asked_in_its_own_way_alone(tmp_path: Path) -> None:
    environment = tool(tmp_path, "'version --client') echo v1.20.2 ;;", "kubectl")
    assert find_tool("kubectl", "1.20", environment).version == "1.20.2"
    fault = find_tool("kubectl", "1.21", environment).fault
    assert fault
    assert "1.20.2" in fault
    assert "1.21" in fault
