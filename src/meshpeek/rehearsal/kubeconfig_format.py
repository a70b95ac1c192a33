"""Kubeconfigs: written as kubectl writes them, and read as client-go reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_NO_CONFIGURATION = (
    "invalid configuration: no configuration has been provided, "
    "try setting KUBERNETES_MASTER environment variable"
)


class InvalidKubeconfigError(ValueError):
    """A text that is not a kubeconfig, or a context that it does not have, in client-go's words."""


class KubeconfigContext(NamedTuple):
    """A context: its name, that of its cluster's entry, the URL of that cluster, and its user."""

    name: str
    cluster: str
    server: str
    user: str = ""
    token: str = ""


def dump_kubeconfig(contexts: Sequence[KubeconfigContext], current: str) -> str:
    """Return the text of a kubeconfig with `contexts`, of which `current` is the current one."""
    # Names, URLs and tokens are written as JSON strings: every one is a YAML string too.
    lines = ["apiVersion: v1", "clusters:"]
    for each in contexts:
        lines += ["- cluster:", f"    server: {json.dumps(each.server)}"]
        lines.append(f"  name: {json.dumps(each.cluster)}")
    lines.append("contexts:")
    for each in contexts:
        lines += ["- context:", f"    cluster: {json.dumps(each.cluster)}"]
        lines += [f"    user: {json.dumps(each.user)}", f"  name: {json.dumps(each.name)}"]
    lines += [f"current-context: {json.dumps(current)}", "kind: Config", "preferences: {}"]
    lines.append("users:")
    for user, token in {each.user: each.token for each in contexts}.items():
        lines.append(f"- name: {json.dumps(user)}")
        lines += ["  user:", f"    token: {json.dumps(token)}"] if token else ["  user: {}"]
    return "\n".join(lines) + "\n"


def load_kubeconfig(text: str) -> dict[str, Any]:
    """Return what a kubeconfig holds; raises InvalidKubeconfigError."""
    import yaml

    from meshpeek.rehearsal.types.yaml_documents import load_documents

    try:
        document = next(iter(load_documents(text)), None)
    except yaml.YAMLError as error:
        raise InvalidKubeconfigError(str(error)) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise InvalidKubeconfigError("not a kubeconfig")
    return document


def find_context(configs: Sequence[Mapping[str, Any]], name: str = "") -> KubeconfigContext:
    """Return a context of several kubeconfigs (without a name: the current one), without its user.

    The first of them that has an entry counts. Raises InvalidKubeconfigError.
    """
    chosen = name or next((c["current-context"] for c in configs if c.get("current-context")), "")
    if not chosen:
        raise InvalidKubeconfigError(_NO_CONFIGURATION)
    context = _entry(configs, "contexts", "context", chosen)
    if context is None:
        raise InvalidKubeconfigError(f'context "{chosen}" does not exist')
    cluster_name = str(context.get("cluster", ""))
    cluster = _entry(configs, "clusters", "cluster", cluster_name)
    if cluster is None:
        raise InvalidKubeconfigError(f'cluster "{cluster_name}" does not exist')
    return KubeconfigContext(str(chosen), cluster_name, str(cluster.get("server", "")))


def servers_of(configs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the URLs of all clusters in several kubeconfigs, each once."""
    found: dict[str, None] = {}
    for config in configs:
        for entry in _entries(config, "clusters"):
            cluster = entry.get("cluster")
            server = cluster.get("server") if isinstance(cluster, dict) else None
            if isinstance(server, str):
                found[server] = None
    return list(found)


def _entry(
    configs: Iterable[Mapping[str, Any]], section: str, key: str, name: str
) -> dict[str, Any] | None:
    for config in configs:
        for entry in _entries(config, section):
            if entry.get("name") == name:
                found = entry.get(key)
                return found if isinstance(found, dict) else {}
    return None


def _entries(config: Mapping[str, Any], section: str) -> Iterator[dict[str, Any]]:
    given = config.get(section)
    for entry in given if isinstance(given, list) else ():
        if isinstance(entry, dict):
            yield entry
