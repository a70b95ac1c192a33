"""Files that are read: regular ones, up to a size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meshpeek.errors import InputError
from meshpeek.workshop import loading
from meshpeek.workshop.loading import read_text
from tests.conftest import RunProgram


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "fifo", "link-to-fifo"])
def test_what_is_not_a_regular_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    Path("link-to-fifo").symlink_to("fifo")
    with pytest.raises(InputError, match=f"{path} is not a regular file"):
        read_text(path)


def test_a_file_is_read_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "LARGEST_FILE", 1 << 20)
    (tmp_path / "w.md").write_text("x" * (1 << 20))
    assert len(read_text(str(tmp_path / "w.md"))) == 1 << 20
    (tmp_path / "w.md").write_text("x" * ((1 << 20) + 1))
    with pytest.raises(InputError, match="is larger than 1 MiB"):
        read_text(str(tmp_path / "w.md"))


@pytest.mark.parametrize("command", ["lint", "ci", "steps"])
def test_a_device_ends_no_command_late(meshpeek: RunProgram, tmp_path: Path, command: str) -> None:
    (tmp_path / "w.md").write_text("<!-- @import /dev/zero -->\n")
    assert "/dev/zero is not a regular file" in meshpeek(command, "/dev/zero").stderr
    result = meshpeek(command, "w.md")
    assert result.returncode == 2
    assert "w.md:1:7: error: cannot import: /dev/zero is not a regular file" in (
        result.stdout + result.stderr
    )


@pytest.mark.parametrize("command", ["lint", "steps", "ci", "ci w.md", "ci -j2 w.md"])
@pytest.mark.parametrize("name", ["a\nb.md", "a\x1b[31mb.md", "a\x9bb.md"])
def test_a_name_with_control_characters_is_quoted_and_refused(
    meshpeek: RunProgram, tmp_path: Path, command: str, name: str
) -> None:
    for each in (name, "w.md"):
        (tmp_path / each).write_text("```bash\ntrue\n```\n")
    result = meshpeek(*command.split(), name)
    assert result.returncode == 2
    assert f"error: {name!r} has control characters in it" in result.stderr
    assert name not in result.stdout + result.stderr
