"""How the linkerd stand-in reaches a cluster: kubeconfig contexts, and reads of the API server.

It reaches rehearsal servers only (plain http on loopback), never through a proxy.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import yaml

from meshpeek.rehearsal.server_urls import API_PORT, internal_addresses, node_in

PATIENCE = 15.0
"""Seconds that one request may take."""

_NO_CONFIGURATION = (
    "invalid configuration: no configuration has been provided, "
    "try setting KUBERNETES_MASTER environment variable"
)


class LinkerdError(Exception):
    """What the real CLI returns as an error; printed after `Error: `, exit status 1."""


class NotFoundError(LinkerdError):
    """The API server does not have the object that was asked for."""


@dataclass(frozen=True, slots=True)
class Context:
    """A kubeconfig context that can be used: `name`, its `cluster` entry and that one's server."""

    name: str
    cluster: str
    server: str


def load_context(kubeconfig: str, name: str, environment: Mapping[str, str]) -> Context:
    """Find context `name` (empty: the current one) as client-go does.

    Looks in the file `kubeconfig`, else in those that KUBECONFIG in `environment` lists, else
    in `~/.kube/config`. Raises LinkerdError in client-go's words.
    """
    documents = list(_documents(kubeconfig, environment))
    return _choose(documents, name)


def parse_kubeconfig(text: str) -> Context:
    """Return the current context of a kubeconfig's text, such as a credentials Secret holds."""
    return _choose([_parse(text, "credentials")], "")


def known_servers(kubeconfig: str, environment: Mapping[str, str]) -> list[str]:
    """Return the servers of all clusters in the files that `load_context` looks at."""
    servers = []
    for document in _documents(kubeconfig, environment):
        for entry in document.get("clusters") or []:
            cluster = entry.get("cluster") if isinstance(entry, dict) else None
            server = cluster.get("server") if isinstance(cluster, dict) else None
            if isinstance(server, str) and server not in servers:
                servers.append(server)
    return servers


def _documents(kubeconfig: str, environment: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if kubeconfig:
        if not Path(kubeconfig).exists():
            raise _configuration_error(f"stat {kubeconfig}: no such file or directory")
        paths = [kubeconfig]
    else:
        paths = [p for p in environment.get("KUBECONFIG", "").split(os.pathsep) if p]
        paths = paths or [str(Path(environment.get("HOME", "/")) / ".kube" / "config")]
    for path in paths:
        if Path(path).exists():
            try:
                yield _parse(Path(path).read_text(encoding="utf-8"), path)
            except (OSError, UnicodeDecodeError) as error:
                raise _configuration_error(f'error loading config file "{path}": {error}') from None


def _parse(text: str, path: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise _configuration_error(f'error loading config file "{path}": {error}') from None
    if not isinstance(document, dict):
        raise _configuration_error(f'error loading config file "{path}": it is no kubeconfig')
    return document


def _choose(documents: list[dict[str, Any]], name: str) -> Context:
    chosen = name or next((d["current-context"] for d in documents if d.get("current-context")), "")
    if not chosen:
        raise _configuration_error(_NO_CONFIGURATION)
    context = _entry(documents, "contexts", "context", chosen)
    if context is None:
        raise _configuration_error(f'context "{chosen}" does not exist')
    cluster_name = str(context.get("cluster", ""))
    cluster = _entry(documents, "clusters", "cluster", cluster_name)
    if cluster is None:
        raise _configuration_error(f'cluster "{cluster_name}" does not exist')
    return Context(chosen, cluster_name, str(cluster.get("server", "")))


def _entry(
    documents: list[dict[str, Any]], section: str, key: str, name: str
) -> dict[str, Any] | None:
    for document in documents:
        for entry in document.get(section) or []:
            if isinstance(entry, dict) and entry.get("name") == name:
                found = entry.get(key)
                return found if isinstance(found, dict) else {}
    return None


def _configuration_error(reason: str) -> LinkerdError:
    return LinkerdError(f"error configuring Kubernetes API client: {reason}")


class ApiClient:
    """Reads objects from the API server at `server`, an http URL that may have a path."""

    def __init__(self, server: str) -> None:
        self.server = server.rstrip("/")
        address = urlsplit(self.server)
        if address.scheme != "http" or not address.hostname:
            raise LinkerdError(
                f"{server or 'an empty server URL'} is no rehearsal cluster: meshpeek's stand-in "
                "for linkerd only talks to rehearsal clusters (http://127.0.0.1:…)"
            )
        self._host = address.hostname
        self._port = address.port or http.client.HTTP_PORT
        self._prefix = address.path

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Return the object or list at `path` (`/api/v1/…`).

        Raises NotFoundError for a 404, LinkerdError for everything else that is no success, with
        the API server's message.
        """
        target = self._prefix + quote(path) + (f"?{urlencode(query)}" if query else "")
        connection = http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE)
        try:
            connection.request("GET", target, headers={"Accept": "application/json"})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise LinkerdError(self._unreachable(path, error)) from None
        finally:
            connection.close()
        document = _decode(body)
        if response.status == http.client.NOT_FOUND:
            raise NotFoundError(_message(document, response.status))
        if response.status >= http.client.BAD_REQUEST:
            raise LinkerdError(_message(document, response.status))
        return document

    def find(self, path: str) -> dict[str, Any] | None:
        """Return the object at `path`, or None if there is none."""
        try:
            return self.get(path)
        except NotFoundError:
            return None

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return what the list at `path` holds; nothing where its kind is not known at all."""
        try:
            found = self.get(path, **query)
        except NotFoundError:
            return []
        return [item for item in found.get("items") or [] if isinstance(item, dict)]

    def _unreachable(self, path: str, error: Exception) -> str:
        reason = "connect: connection refused"
        if not isinstance(error, ConnectionRefusedError):
            reason = str(error) or type(error).__name__
        return f'Get "{self.server}{path}": dial tcp {self._host}:{self._port}: {reason}'


def reach(server: str, known: Iterable[str]) -> ApiClient:
    """Return a client for the server in a link's credentials.

    Those hold the address of a node, at which only Pods would reach it. So the rehearsal cluster
    with such a node is looked for among the `known` servers. Raises LinkerdError if there is none.
    """
    address = node_in(server)
    if not address:
        return ApiClient(server)
    for each in known:
        try:
            client = ApiClient(each)
        except LinkerdError:
            continue
        if address in internal_addresses(client.items("/api/v1/nodes")):
            return client
    raise LinkerdError(f'Get "{server}/version": dial tcp {address}:{API_PORT}: i/o timeout')


def _decode(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _message(document: Mapping[str, Any], status: int) -> str:
    return str(document.get("message") or f"the server answered with status {status}")
