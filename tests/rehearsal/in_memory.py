"""A cluster without a server: requests are given to its API directly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from meshpeek.http.exchange import Request, Response
from meshpeek.rehearsal.api.api import Api
from meshpeek.rehearsal.installations import load_installations
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds

NOON = datetime(2023, 8, 22, 12, tzinfo=UTC)

POLICY_ROUTES = "/apis/policy.linkerd.io/v1beta3/namespaces/faces/httproutes"


class InMemory:
    """One cluster with the namespaces `default` and `faces`, and its API."""

    def __init__(self) -> None:
        self.cluster = Cluster("north", 1, {}, now=lambda: NOON, installations=load_installations())
        crds.serve_definitions(self.cluster)
        self.api = Api(self.cluster, "/secret/north")
        for name in ("default", "faces"):
            self.ok("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    def respond(
        self,
        method: str,
        url: str,
        body: object = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request; `body` is bytes as they are, or a value to send as JSON."""
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        named = {"content-type": content_type, **(headers or {})}
        return self.api.handle(Request(method, parts.path, query, named, raw))

    def call(self, method: str, url: str, *arguments: Any) -> tuple[int, Any]:
        """Send a request, and return the status code and the JSON value of the answer."""
        response = self.respond(method, url, *arguments)
        return response.code, json.loads(response.body)

    def ok(self, method: str, url: str, *arguments: Any) -> Any:
        """Send a request that must succeed, and return the JSON value of the answer."""
        code, value = self.call(method, url, *arguments)
        assert code < 300, value
        return value

    def refused(self, code: int, method: str, url: str, *arguments: Any) -> Any:
        """Send a request that must be answered with a failure Status of `code`; return it."""
        actual, value = self.call(method, url, *arguments)
        assert (actual, value.get("kind"), value.get("code")) == (code, "Status", code), value
        assert value["status"] == "Failure"
        return value
