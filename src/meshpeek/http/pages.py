"""Static pages: their files, and the headers that keep a browser from doing more with them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from types import MappingProxyType

from meshpeek.http.exchange import HttpError, Response

PAGE_HEADERS = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        # The URL holds a secret.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)
"""A page loads and asks nothing but its own server, and no other page can embed it."""

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}


def read_page(folder: Traversable) -> Mapping[str, Response]:
    """Return the responses with a page's files, by path: `/` is index.html.

    A request finds these, and nothing else on the disk.
    """
    page = {f"/{each.name}": _file(each) for each in folder.iterdir()}
    return page | {"/": page["/index.html"]}


def refuse(error: HttpError) -> Response:
    """Return the response for a refused request, as text."""
    body = f"{error.message}\n".encode()
    return Response(error.code, body, "text/plain; charset=utf-8", PAGE_HEADERS)


def _file(path: Traversable) -> Response:
    _, _, kind = path.name.rpartition(".")
    return Response(200, path.read_bytes(), _TYPES[kind], PAGE_HEADERS)
