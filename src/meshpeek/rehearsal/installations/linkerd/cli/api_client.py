"""How the linkerd stand-in reaches a cluster: kubeconfig contexts, and reads of the API server.

It reaches rehearsal servers only (plain http on loopback), never through a proxy.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from meshpeek.rehearsal.kubeconfig_format import (
    InvalidKubeconfigError,
    KubeconfigContext,
    find_context,
    load_kubeconfig,
    servers_of,
)
from meshpeek.rehearsal.server_urls import API_PORT, internal_addresses, node_in

PATIENCE = 15.0
"""Seconds that one request may take."""


class LinkerdError(Exception):
    """What the real CLI returns as an error; printed after `Error: `, exit status 1."""


class NotFoundError(LinkerdError):
    """The API server does not have the object that was asked for."""


def load_context(path: str, name: str, environment: Mapping[str, str]) -> KubeconfigContext:
    """Find context `name` (empty: the current one) as client-go does.

    Looks in the file `path`, else in those that KUBECONFIG in `environment` lists, else in
    `~/.kube/config`. Raises LinkerdError in client-go's words.
    """
    try:
        return find_context(list(_configs(path, environment)), name)
    except InvalidKubeconfigError as error:
        raise _configuration_error(str(error)) from None


def parse_kubeconfig(text: str) -> KubeconfigContext:
    """Return the current context of a kubeconfig's text, such as a credentials Secret holds."""
    try:
        return find_context([load_kubeconfig(text)])
    except InvalidKubeconfigError as error:
        raise _configuration_error(str(error)) from None


def known_servers(path: str, environment: Mapping[str, str]) -> list[str]:
    """Return the servers of all clusters in the files that `load_context` looks at."""
    return servers_of(_configs(path, environment))


def _configs(path: str, environment: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if path:
        if not Path(path).exists():
            raise _configuration_error(f"stat {path}: no such file or directory")
        paths = [path]
    else:
        paths = [p for p in environment.get("KUBECONFIG", "").split(os.pathsep) if p]
        paths = paths or [str(Path(environment.get("HOME", "/")) / ".kube" / "config")]
    for each in paths:
        if Path(each).exists():
            try:
                yield load_kubeconfig(Path(each).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise _configuration_error(f'error loading config file "{each}": {error}') from None


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
