"""Making and ending clusters of the rehearsal, and their entries in the session's kubeconfig."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from meshpeek.rehearsal.kubeconfig_format import (
    KubeconfigContext,
    dump_kubeconfig,
    load_kubeconfig,
)
from meshpeek.rehearsal.stand_ins.cluster_makers import CONTROL_VARIABLE
from meshpeek.rehearsal.types.yaml_documents import dump_document

_PATIENCE_SECONDS = 30


class ToolError(Exception):
    """Why a tool cannot do what it was asked to."""


class MadeCluster(NamedTuple):
    """A cluster of the rehearsal: its name and URL, and whether it answers."""

    name: str
    server: str
    running: bool


def clusters() -> dict[str, MadeCluster]:
    """Return the clusters that there are, by name."""
    return _ask("GET")


def find(*names: str) -> MadeCluster | None:
    """Return the first cluster that has one of `names`."""
    there = clusters()
    return next((there[name] for name in names if name in there), None)


def create(name: str) -> MadeCluster:
    """Create a cluster. Raises ToolError for a name that is taken or invalid."""
    return _ask("POST", name=name)[name]


def delete(name: str) -> None:
    """End a cluster."""
    _ask("DELETE", name=name)


def set_running(name: str, *, running: bool) -> None:
    """Start or stop a cluster."""
    _ask("POST", name=name, action="start" if running else "stop")


def add_context(context: KubeconfigContext, *, is_current: bool) -> None:
    """Put a context with its cluster and its user into the session's kubeconfig."""
    config = _read()
    added = load_kubeconfig(dump_kubeconfig([context], context.name))
    for section in ("clusters", "contexts", "users"):
        (new,) = added[section]
        old = [each for each in config.get(section) or () if each["name"] != new["name"]]
        config[section] = [*old, new]
    if is_current:
        config["current-context"] = context.name
    _write(config)


def remove_context(name: str, cluster: str, user: str) -> None:
    """Take a context, the entry of its cluster and its user out of the session's kubeconfig."""
    config = _read()
    for section, gone in (("clusters", cluster), ("contexts", name), ("users", user)):
        config[section] = [each for each in config.get(section) or () if each["name"] != gone]
    if config.get("current-context") == name:
        config["current-context"] = ""
    _write(config)


def select_context(name: str) -> None:
    """Make a context the current one."""
    _write({**_read(), "current-context": name})


def kubeconfig_path() -> Path:
    """Return the session's kubeconfig."""
    return Path(os.environ["KUBECONFIG"])


def _read() -> dict[str, Any]:
    return load_kubeconfig(kubeconfig_path().read_text(encoding="utf-8"))


def _write(config: Mapping[str, Any]) -> None:
    path = kubeconfig_path()
    unfinished = path.with_name(f"{path.name}.new")  # so nobody reads a half of it
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(dump_document(dict(config)))
    unfinished.replace(path)


def _ask(method: str, **query: str) -> dict[str, MadeCluster]:
    url = urlsplit(os.environ.get(CONTROL_VARIABLE, ""))
    if not url.netloc:
        raise ToolError("the clusters of this rehearsal cannot be changed from here")
    connection = HTTPConnection(url.netloc, timeout=_PATIENCE_SECONDS)
    try:
        connection.request(method, f"{url.path}/?{urlencode(query)}")
        response = connection.getresponse()
        document = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise ToolError(f"the rehearsal clusters do not answer: {error}") from None
    finally:
        connection.close()
    if response.status >= 400:
        raise ToolError(document["message"])
    return {each["name"]: MadeCluster(**each) for each in document}
