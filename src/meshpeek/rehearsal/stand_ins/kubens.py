"""The stand-in for kubens 0.9, which `kubectl ns` is, too: the current context's namespace."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from meshpeek.rehearsal.stand_ins.kubectx import KubectlFailedError, kubectl, recall, remember

_USAGE = """\
USAGE:
  kubens                    : list the namespaces in the current context
  kubens <NAME>             : change the active namespace of current context
  kubens -                  : switch to the previous namespace in this context
  kubens -c, --current      : show the current namespace
"""


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
        print("\n".join(_namespaces()))
    elif words[0] in ("-c", "--current"):
        print(_current())
    elif words[0] in ("-h", "--help"):
        print(_USAGE, end="")
    elif words[0].startswith("-") and words[0] != "-":
        raise KubectlFailedError(f"unsupported option '{words[0]}'\n{_USAGE}")
    else:
        _switch(recall("namespace") if words[0] == "-" else words[0])
    return 0


def _namespaces() -> list[str]:
    names = kubectl("get", "namespaces", "-o", "name")
    return [name.removeprefix("namespace/") for name in names.splitlines()]


def _current() -> str:
    path = "{..namespace}"
    return kubectl("config", "view", "--minify", "-o", f"jsonpath={path}") or "default"


def _switch(name: str) -> None:
    if name not in _namespaces():
        raise KubectlFailedError(f'no namespace exists with name "{name}"')
    before, context = _current(), kubectl("config", "current-context")
    kubectl("config", "set-context", "--current", f"--namespace={name}")
    remember("namespace", before)
    print(f'Context "{context}" modified.\nActive namespace is "{name}".', file=sys.stderr)
