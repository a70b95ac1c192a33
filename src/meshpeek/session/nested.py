"""`$SHELL other.md` inside a workshop: meshpeek again, in the same mode; bash for all else."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

OUTER_REHEARSAL = "MESHPEEK_REHEARSAL"
"""The variable that tells an inner run the kubeconfig of the rehearsal that it is a part of."""

FACES_VARIABLE = "MESHPEEK_FACES"
"""The variable that holds the URL of Faces' page in a rehearsal; unset where there is no Faces."""


def write_launcher(
    folder: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    rehearsal: str | None,
) -> str:
    """Make `folder`, and in it the program that is to be the session's `$SHELL`; return its path.

    Given a file that ends in `.md` or `.sh`, it runs meshpeek with `arguments`, the file, and
    what follows that as the workshop's own arguments. Given anything else it is bash: programs
    start a shell by this variable, too. `rehearsal` is the kubeconfig of a rehearsal under way.
    """
    bash = shutil.which("bash", path=environment.get("PATH")) or "/bin/bash"
    again = shlex.join([sys.executable, "-P", "-m", "meshpeek", *arguments])
    rehearsing = f"    export {OUTER_REHEARSAL}={shlex.quote(rehearsal)}\n" if rehearsal else ""
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
