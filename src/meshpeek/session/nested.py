"""`$SHELL other.md` inside a workshop: meshpeek again, in the same mode; bash for all else."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class ServedPage(NamedTuple):
    """A page that a rehearsal serves: what it shows, and its URL."""

    title: str
    url: str


OUTER_REHEARSAL = "MESHPEEK_REHEARSAL"
"""The variable that tells an inner run which rehearsal it is a part of: an OuterRehearsal."""


class OuterRehearsal(NamedTuple):
    """The rehearsal that an inner run is a part of: its kubeconfig, and the pages it serves.

    `sealed`: it is in a network of its own.
    """

    kubeconfig: str
    pages: tuple[ServedPage, ...] = ()
    sealed: bool = False


def write_launcher(
    folder: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    rehearsal: OuterRehearsal | None,
) -> str:
    """Make `folder`, and in it the program for the session's `$SHELL`; return its path.

    Given a file that ends in `.md` or `.sh`, it runs meshpeek with `arguments`, the file, and
    what follows that as the workshop's own arguments. Given anything else it is bash: programs
    start a shell by this variable, too. `rehearsal` is the one under way, if any.
    """
    bash = shutil.which("bash", path=environment.get("PATH")) or "/bin/bash"
    again = shlex.join([sys.executable, "-P", "-m", "meshpeek", *arguments])
    rehearsing = ""
    if rehearsal:
        import json

        value = shlex.quote(json.dumps(rehearsal))
        rehearsing = f"    export {OUTER_REHEARSAL}={value}\n"
    folder.mkdir()
    launcher = folder / "bash"  # vim, for one, goes by the name of a shell
    launcher.write_text(
        "#!/bin/sh\n"
        "case $1 in\n"
        "*.md | *.sh)\n"
        "    file=$1\n"
        "    shift\n"
        f"{rehearsing}"
        f'    exec {again} "$file" -- "$@"\n'
        "    ;;\n"
        "esac\n"
        f'exec {shlex.quote(bash)} "$@"\n',
        encoding="utf-8",
    )
    launcher.chmod(0o700)
    return str(launcher)


def read_outer_rehearsal(value: str) -> OuterRehearsal:
    """Return what the variable OUTER_REHEARSAL says."""
    import json

    kubeconfig, pages, sealed = json.loads(value)
    return OuterRehearsal(kubeconfig, tuple(ServedPage(*page) for page in pages), sealed)
