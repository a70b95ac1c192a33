"""Importing files: where they are looked for, and what parsing loads of Python's libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

from meshpeek.errors import InputError
from meshpeek.workshop.parse import parse


class Files:
    """Files by path, and the paths that were asked for."""

    def __init__(self, **files: str) -> None:
        self.files = {name.replace("__", "/") + ".sh": text for name, text in files.items()}
        self.asked: list[str] = []

    def read(self, path: str) -> str:
        self.asked.append(path)
        if path not in self.files:
            raise InputError(f"{path}: no such file")
        return self.files[path]


def commands(files: Files, text: str, path: str, **options: list[str]) -> list[str]:
    return [str(step.text) for step in parse(text, path, files.read, **options).steps]


def test_beside_the_importing_file_comes_first() -> None:
    files = Files(docs__tools="echo beside", tools="echo here")
    assert commands(files, "<!-- @import tools.sh -->", "docs/w.md") == ["echo beside"]


def test_the_working_directory_comes_second() -> None:
    files = Files(tools="#@import other.sh\necho here", other="echo other")
    assert commands(files, "<!-- @import tools.sh -->", "docs/w.md") == ["echo other", "echo here"]
    assert files.asked == ["docs/tools.sh", "tools.sh", "other.sh"]


def test_an_absolute_path_is_taken_as_it_is() -> None:
    files = Files(__tools="echo root")
    assert commands(files, "#@import /tools.sh", "/docs/w.sh") == ["echo root"]


def test_a_file_imported_twice_is_read_once_and_counts_twice() -> None:
    files = Files(tools="echo tool")
    text = "#@import tools.sh\n#@import ./tools.sh\n"
    assert commands(files, text, "w.sh") == ["echo tool", "echo tool"]
    assert files.asked == ["tools.sh"]


def test_startup_files_come_first_and_define() -> None:
    files = Files(rc="#@macro greet\necho hello\n#@end\necho rc")
    assert commands(files, "greet", "w.sh", startup=["rc.sh"]) == ["echo rc", "echo hello"]


@pytest.mark.parametrize(
    ("path", "unused"),
    [
        ("w.sh", {"markdown_it", "yaml", "difflib", "json", "tree_sitter"}),
        ("w.md", {"yaml", "difflib", "json", "tree_sitter"}),
    ],
)
def test_libraries_are_loaded_only_where_they_are_used(path: str, unused: set[str]) -> None:
    code = (
        "import sys; from meshpeek.workshop.parse import parse; "
        f"parse('# x', {path!r}, str); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not unused & set(loaded.stdout.split())
