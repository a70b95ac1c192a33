"""Transcripts: commands and what they must print, as files that people read and write.

    A heading, or any other text: it explains, and nothing more.

    $ kubectl get pods
    > --namespace nowhere
    ! No resources found in nowhere namespace.

    $ kubectl get pod missing
    @ 1.20 1.28
    ! Error from server (NotFound): pods "missing" not found
    [1]
    @
    ...

`$` begins a command, `>` goes on with it (a line of bash each). What follows is the expected
standard output, indented by two spaces, the expected standard error, each line after `!`, and the
exit status where it is not 0. `@` begins what only the named versions of kubectl are expected to
say; `@` alone, or nothing, is for all the others. Where a whole stretch of output is not the
subject, a line of three dots stands for it.

`<word>` stands for what differs from run to run, and for nothing else: see PLACEHOLDERS. Two or
more spaces stand for any number from two on, since columns are as wide as what stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PLACEHOLDERS = {
    # A quarter of an hour ago, when the clusters were seeded; and during this run.
    "minutes": r"(?:[4-9]|[12]\d)m(?:\d{1,2}s)?",
    "seconds": r"\d{1,2}s",
    "suffix": r"[bcdfghjklmnpqrstvwxz2456789]{5}",
    "hash": r"[bcdf5-9ghjklmnpqrstvwxz24]{6,10}",
    "number": r"\d+",
    "uid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "date": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}",
    "server": r"http://127\.0\.0\.1:\d+/[0-9a-f]{32}",
    "machine": r"[0-9a-f]{32}",
    "digest": r"[0-9a-f]{64}",
    "path": r"/\S+",
    "token": r"eyJ[\w-]+\.[\w-]+\.[\w-]+",
}
ANYTHING = "..."


@dataclass(slots=True)
class Expected:
    """What a command is expected to do: lines of stdout and stderr, and its exit status."""

    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    status: int = 0


@dataclass(slots=True)
class Step:
    """A command of bash, its 1-based line, and what is expected by kubectl version.

    The expectation under the empty version is that of all versions that have none of their own.
    """

    line: int
    command: str
    expected: dict[str, Expected] = field(default_factory=dict)

    def expected_of(self, version: str) -> Expected:
        return self.expected.get(version) or self.expected.get("") or Expected()


def read(path: Path) -> list[Step]:
    """Read a transcript; raises ValueError where a line means nothing."""
    steps: list[Step] = []
    wanted: list[Expected] = []
    blank = 0
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        mark, rest = line[:2], line[2:]
        if not line.strip():
            blank += 1
            continue
        if mark == "$ ":
            steps.append(Step(number, rest, {"": Expected()}))
            wanted = [steps[-1].expected[""]]
        elif mark == "> ":
            steps[-1].command += "\n" + rest
        elif mark.rstrip() == "@":
            wanted = [steps[-1].expected.setdefault(each, Expected()) for each in rest.split()]
            wanted = wanted or [steps[-1].expected[""]]
        elif mark == "  ":
            for each in wanted:
                each.stdout += [""] * (blank if each.stdout else 0) + [rest]
        elif mark.rstrip() == "!":
            for each in wanted:
                each.stderr.append(rest)
        elif re.fullmatch(r"\[\d+\]", line):
            for each in wanted:
                each.status = int(line[1:-1])
        elif blank or not steps:
            wanted = []
        elif wanted:
            raise ValueError(f"{path.name}:{number}: {line!r} is not part of a command's result")
        blank = 0
    return steps


def matches(lines: list[str], text: str) -> bool:
    """Return whether `text` is what `lines` expect, apart from spaces and lines at an end."""
    given = [line.rstrip() for line in text.rstrip().splitlines()]
    return re.fullmatch(pattern(lines), "".join(f"{line}\n" for line in given)) is not None


def pattern(lines: list[str]) -> str:
    """Return the regular expression that expected lines stand for."""
    return "".join(
        r"(?:.*\n)*?" if line.strip() == ANYTHING else _line_pattern(line.rstrip()) + "\n"
        for line in lines
    )


def _line_pattern(line: str) -> str:
    return "".join(_part_pattern(part) for part in re.split(r"(<\w+>|  +)", line))


def _part_pattern(part: str) -> str:
    name = part.removeprefix("<").removesuffix(">")
    if part.startswith("<") and name in PLACEHOLDERS:
        return PLACEHOLDERS[name]
    if part.startswith("  "):
        return " {2,}"
    return re.escape(part)


def shown(stdout: str, stderr: str, status: int) -> Iterator[str]:
    """Write a result as a transcript has it."""
    for line in stdout.splitlines():
        yield f"  {line}"
    for line in stderr.splitlines():
        yield f"! {line}".rstrip()
    if status:
        yield f"[{status}]"
