"""The clusters that a session can reach: only those that the workshop names."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from meshpeek.errors import EnvironmentUnfitError

_PATIENCE_SECONDS = 30
_ANSWER_SECONDS = 5


def scope_kubeconfig(
    contexts: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    current: str | None = None,
) -> dict[str, str]:
    """Write a kubeconfig to `directory` that holds only `contexts`.

    Copies them from kubectl's configuration in `environment`, and returns the variables that make
    programs use the new file. `current` is as in `current_context`. Raises
    EnvironmentUnfitError if kubectl or a context is missing.
    """
    config = read_kubeconfig(environment)
    found = {entry["name"]: entry for entry in config.get("contexts") or ()}
    missing = [name for name in contexts if name not in found]
    if missing:
        raise EnvironmentUnfitError(
            f"kubectl has no context {', '.join(missing)}; it has {', '.join(found) or 'none'}",
            hint="create the clusters first, or use --rehearse",
        )
    path = directory / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(json.dumps(_select(config, [found[name] for name in contexts], current)))
    return {"KUBECONFIG": str(path)}


def current_context(contexts: Collection[str], chosen: str | None = None) -> str:
    """Return what a kubeconfig with `contexts` has as its current context.

    It is the `chosen` one, or the only one. Of several, none is: a command without `--context`
    reaches no cluster. Without a current context, kubectl would try localhost:8080, or the cluster
    that it runs in itself; with a name that does not exist, it stops with an error that has the
    name.
    """
    if chosen is not None:
        return chosen
    if len(contexts) == 1:
        return next(iter(contexts))
    return f"none (add --context with one of {', '.join(contexts)})"


def _select(
    config: dict[str, Any], contexts: list[dict[str, Any]], current: str | None
) -> dict[str, Any]:
    clusters = {entry["context"]["cluster"] for entry in contexts}
    users = {entry["context"].get("user") for entry in contexts}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current_context([entry["name"] for entry in contexts], current),
        "contexts": contexts,
        "clusters": [entry for entry in config.get("clusters") or () if entry["name"] in clusters],
        "users": [entry for entry in config.get("users") or () if entry["name"] in users],
    }


def read_kubeconfig(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return kubectl's view of its configuration: files merged, and certificates inlined.

    Raises EnvironmentUnfitError without kubectl, or if it cannot read its files.
    """
    command = ["kubectl", "config", "view", "--raw", "--flatten", "-o", "json"]
    try:
        result = subprocess.run(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=True,
        )
        config: dict[str, Any] = json.loads(result.stdout)
    except FileNotFoundError:
        raise EnvironmentUnfitError(
            "kubectl was not found", hint="install kubectl, and make sure it is on PATH"
        ) from None
    except subprocess.CalledProcessError as error:
        raise EnvironmentUnfitError(
            f"kubectl cannot read its configuration: {error.stderr.strip()}",
            hint="run `kubectl config view` to see more",
        ) from None
    except subprocess.TimeoutExpired:
        raise EnvironmentUnfitError(
            f"`kubectl config view` took more than {_PATIENCE_SECONDS} s",
            hint="run it by hand to see why",
        ) from None
    return config


def ask_version(context: str, environment: Mapping[str, str]) -> str:
    """Return the version of the cluster that `context` leads to, such as `v1.27.4+k3s1`.

    Raises EnvironmentUnfitError, with kubectl's own words, if the cluster does not answer.
    """
    command = ["kubectl", "--context", context, "version", "-o", "json"]
    try:
        result = subprocess.run(
            [*command, f"--request-timeout={_ANSWER_SECONDS}s"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=True,
        )
        return str(json.loads(result.stdout)["serverVersion"]["gitVersion"])
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or ["kubectl gives no reason"]
        raise EnvironmentUnfitError(f"{context} does not answer: {said[-1]}") from None
    except subprocess.TimeoutExpired:
        raise EnvironmentUnfitError(
            f"{context} did not answer within {_PATIENCE_SECONDS} s"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise EnvironmentUnfitError(f"{context} does not answer as Kubernetes does") from None
