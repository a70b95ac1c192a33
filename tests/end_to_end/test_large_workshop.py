"""The large workshop calls what an interactive bash calls that is given the same lines."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pexpect
import pytest

from tests.conftest import RunProgram

WORKSHOP = Path(__file__).parent / "workshops/large.md"
PROGRAMS = ("kubectl", "linkerd", "curl", "helm")

STUB = """\
#!/usr/bin/env bash
input=
for argument; do
  if [[ $argument == - ]]; then input=$(cat; echo .); fi
done
printf '%s\\0' "${0##*/}" "$PWD" "$input" "$#" "$@" >>"$CALLS"
echo "output of ${0##*/}"
"""

_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMPT = "\x01prompt\x02"


class Call(NamedTuple):
    """A program that was called. `folder` is relative to where the run began."""

    program: str
    folder: str
    stdin: str
    arguments: tuple[str, ...]


class Place:
    """A working directory in which calls of the stub programs are written down."""

    def __init__(self, parent: Path, stubs: Path, environment: Mapping[str, str]) -> None:
        self.folder = parent / "work"
        self.folder.mkdir(parents=True)
        self._log = parent / "calls"
        self.environment = {
            **environment,
            "PATH": f"{stubs}:{environment['PATH']}",
            "CALLS": str(self._log),
        }

    def calls(self) -> list[Call]:
        return list(self._read_calls())

    def _read_calls(self) -> Iterator[Call]:
        fields = iter(self._log.read_text().split("\0")[:-1])
        for program in fields:
            folder = os.path.relpath(next(fields), self.folder)
            stdin = next(fields)
            arguments = tuple(next(fields) for _ in range(int(next(fields))))
            yield Call(program, "/" if folder.startswith("..") else folder, stdin, arguments)


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    folder = tmp_path / "stubs"
    folder.mkdir()
    for program in PROGRAMS:
        (folder / program).write_text(STUB)
        (folder / program).chmod(0o755)
    return folder


def paste(blocks: str, place: Place) -> None:
    """Give the lines to an interactive bash, each one when it asks for one."""
    bash = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "--noediting", "-i", "+H"],
        env={**place.environment, "PS1": _PROMPT, "PS2": _PROMPT, "TERM": "dumb"},
        cwd=str(place.folder),
        echo=False,
        encoding="utf-8",
        timeout=30,
    )
    bash.delaybeforesend = None
    bash.expect_exact(_PROMPT)
    for line in blocks.split("\n"):
        bash.sendline(line)
        bash.expect_exact(_PROMPT)
    bash.close(force=True)


@pytest.mark.slow
def test_the_same_programs_are_called_as_at_a_prompt(
    meshpeek: RunProgram, clean_environment: dict[str, str], tmp_path: Path, stubs: Path
) -> None:
    ours = Place(tmp_path / "meshpeek", stubs, clean_environment)
    shutil.copy(WORKSHOP, tmp_path / "large.md")
    ran = meshpeek(
        "ci",
        "--keep-going",
        tmp_path / "large.md",
        cwd=ours.folder,
        **ours.environment,
    )
    assert ran.stderr == ""
    theirs = Place(tmp_path / "bash", stubs, clean_environment)
    paste("\n".join(_BLOCK.findall(WORKSHOP.read_text())), theirs)
    assert ours.calls() == theirs.calls()
    assert len(theirs.calls()) > 200
    assert not any("never" in " ".join(call.arguments) for call in ours.calls())
