"""The session's own tools, kubectl and others: the real ones, held to the session's clusters."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from meshpeek.session.guard import reachable
from meshpeek.workshop.cluster_access.cluster_tools import cluster_tools

_TEMPLATE = Path(__file__).with_name("wrapper.sh")
_STAMP = ".meshpeek-guard"
_FIRST = ".first"


def install_wrappers(
    folder: Path, kubeconfig: Path, contexts: Sequence[str], path: str, origin: str = ""
) -> str:
    """Make `folder`, with a wrapper for each tool on `path`; return the PATH that has it first.

    `kubeconfig` leads to the session's own clusters, and `contexts` are the names that messages
    list. The URLs of clusters that may come in later begin with `origin`, if any may.
    """
    folder.mkdir()
    stamp = folder / _STAMP
    stamp.touch()
    reachable.mark_as_seen(stamp)
    reachable.mark_as_seen(kubeconfig)
    template = _TEMPLATE.read_text(encoding="utf-8")
    first = folder / _FIRST
    first.touch(mode=0o600)
    first.write_bytes(kubeconfig.read_bytes())
    # Isolated: what a step sets for Python, or a folder that it is in, must not matter.
    compare = [sys.executable, "-I", "-m", reachable.__name__, str(first), str(kubeconfig), origin]
    for name, tool in cluster_tools().items():
        program = shutil.which(name, path=path)
        if program is None:
            continue
        text = template
        for key, value in {
            "TOOL": name,
            "CONTEXTS": shlex.quote(", ".join(contexts)),
            "CONTEXT_OPTION": tool.context_option,
            "ENVIRONMENT": "".join(map(_refuse_variable, tool.variables)),
            "KUBECONFIG": shlex.quote(str(kubeconfig)),
            "STAMP": shlex.quote(str(stamp)),
            "COMPARE": shlex.join(compare),
            "OPTIONS": " | ".join(tool.refused),
            "LOCAL_COMMANDS": " | ".join(tool.local_commands or ("''",)),
            "PROGRAM": shlex.quote(str(Path(program).absolute())),
        }.items():
            text = text.replace(f"@{key}@", value)
        wrapper = folder / name
        wrapper.write_text(text, encoding="utf-8")
        wrapper.chmod(0o700)
    return f"{folder}{os.pathsep}{path}"


def without_wrappers(path: str) -> str:
    """Return `path` without the wrappers of a session around this one.

    They hold tools to that session's kubeconfig, and this one has its own.
    """
    folders = path.split(os.pathsep)
    return os.pathsep.join(f for f in folders if not (Path(f) / _STAMP).is_file())


def _refuse_variable(name: str) -> str:
    return (
        f'if [ "${{{name}-}}" ]; then\n    __meshpeek_refuse "{name} is refused" "unset it"\nfi\n'
    )
