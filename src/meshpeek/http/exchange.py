"""An HTTP request and its response as values: no sockets, no framework."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

JSON = "application/json"


class Request(NamedTuple):
    """A request; `headers` have lower-case names.

    A handler gets its `path` without the handler's prefix, so that may be empty.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def flag(self, name: str) -> bool:
        """Return whether a query parameter is set to a truth value."""
        return self.query.get(name, "").lower() in ("1", "t", "true")


class Response(NamedTuple):
    """A response: either `body`, or `stream` of chunks that goes on until one side ends it."""

    code: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = MappingProxyType({})
    stream: AsyncGenerator[bytes, None] | None = None


class HttpError(Exception):
    """A request that is refused with the HTTP status `code`; the application words the response."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def encode(value: Any) -> bytes:  # noqa: ANN401
    """Return `value` as compact JSON, in ASCII: a lone surrogate in a text does no harm."""
    return json.dumps(value, separators=(",", ":")).encode()


def answer(value: Any, code: int = 200, **headers: str) -> Response:  # noqa: ANN401
    """Make a JSON response."""
    return Response(code, encode(value), headers=headers)


def text(body: str, code: int = 200) -> Response:
    """Make a plain-text response."""
    return Response(code, body.encode(), "text/plain; charset=utf-8")


def warning_header(texts: Sequence[str]) -> dict[str, str]:
    """Return the header that carries `texts` for clients to print; none without texts."""
    if not texts:
        return {}
    return {"Warning": ", ".join(f"299 - {_header_quoted(text)}" for text in texts)}


def _header_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if " " <= letter <= "~" else "?" for letter in escaped) + '"'


class MediaType(NamedTuple):
    """One entry of an Accept header: `application/json;as=Table;g=meta.k8s.io;v=v1`."""

    name: str
    parameters: Mapping[str, str]


def accepted(header: str) -> list[MediaType]:
    """Split an Accept header into its media types, in the order in which they are named."""
    types = []
    for entry in header.split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if name:
            pairs = (parameter.partition("=") for parameter in parameters)
            types.append(MediaType(name.lower(), {key: value for key, _, value in pairs}))
    return types
