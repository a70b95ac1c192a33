"""The stand-in for kubectx 0.9, which `kubectl ctx` is, too: contexts by name, through kubectl."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_USAGE = """\
USAGE:
  kubectx                   : list the contexts
  kubectx <NAME>            : switch to context <NAME>
  kubectx -                 : switch to the previous context
  kubectx -c, --current     : show the current context name
  kubectx <NEW_NAME>=<NAME> : rename context <NAME> to <NEW_NAME>
  kubectx -d <NAME>         : delete context <NAME>
"""


class KubectlFailedError(Exception):
    """What kubectl says."""


def kubectl(*arguments: str) -> str:
    """Return what kubectl prints. Raises KubectlFailedError with its error."""
    ran = subprocess.run(["kubectl", *arguments], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise KubectlFailedError(ran.stderr.strip().removeprefix("error: "))
    return ran.stdout.strip()


def remember(kind: str, name: str) -> None:
    """Keep `name` for `-`."""
    _memory(kind).write_text(name, encoding="utf-8")


def recall(kind: str) -> str:
    """Return the name that was kept. Raises KubectlFailedError without one."""
    try:
        return _memory(kind).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KubectlFailedError(f"no previous {kind} found") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return _run(words)
    except KubectlFailedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(words: Sequence[str]) -> int:
    if not words:
        print(kubectl("config", "get-contexts", "-o", "name"))
    elif words[0] in ("-c", "--current"):
        print(kubectl("config", "current-context"))
    elif words[0] in ("-h", "--help"):
        print(_USAGE, end="")
    elif words[0] == "-d" and words[1:]:
        for name in words[1:]:
            kubectl("config", "delete-context", name)
            print(f'Deleted context "{name}".', file=sys.stderr)
    elif words[0].startswith("-") and words[0] != "-":
        raise KubectlFailedError(f"unsupported option '{words[0]}'\n{_USAGE}")
    elif "=" in words[0]:
        new, _, old = words[0].partition("=")
        old = kubectl("config", "current-context") if old == "." else old
        kubectl("config", "rename-context", old, new)
        print(f'Context "{old}" renamed to "{new}".', file=sys.stderr)
    else:
        _switch(recall("context") if words[0] == "-" else words[0])
    return 0


def _switch(name: str) -> None:
    if name not in kubectl("config", "get-contexts", "-o", "name").split("\n"):
        raise KubectlFailedError(f'no context exists with the name: "{name}"')
    before = kubectl("config", "current-context")
    kubectl("config", "use-context", name)
    remember("context", before)
    print(f'Switched to context "{name}".', file=sys.stderr)


def _memory(kind: str) -> Path:
    return Path(os.environ["KUBECONFIG"]).with_name(f"previous-{kind}")
