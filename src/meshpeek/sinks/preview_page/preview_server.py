"""The preview's page: a small server that shows the document in a browser, as it is now."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from importlib.resources import files

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.http.exchange import HttpError, Request, Response
from meshpeek.http.pages import PAGE_HEADERS, read_page, refuse
from meshpeek.http.server import Application, authority, listen, serve

FOLLOW_SECONDS = 0.3
"""How long after a file has been saved it is read again, at most."""


class PreviewServer:
    """Serves what `look` returns, on loopback; its URL holds a secret.

    `look` returns a number that changes with the document, and what there is to show as JSON has
    it. Raises EnvironmentUnfitError if no port can be had.
    """

    def __init__(self, look: Callable[[], tuple[int, object]]) -> None:
        try:
            self._listener = listen("127.0.0.1")
        except OSError as error:
            raise EnvironmentUnfitError(
                f"the preview cannot listen on 127.0.0.1: {error.strerror}",
                hint="look at it in the terminal: leave out --web",
            ) from error
        address = authority(self._listener)
        path = f"/{secrets.token_urlsafe(24)}/preview"
        self.url = f"http://{address}{path}/"
        self._look = look
        self._page = read_page(files(__package__).joinpath("page"))
        self._application = Application({path: self._respond}, {address}, refuse)

    def run(self) -> None:
        """Serve until the process is interrupted."""

        async def forever() -> None:
            await serve(self._application, [self._listener], asyncio.Event().wait())

        asyncio.run(forever())

    def _respond(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise HttpError(405, "the preview is only there to be looked at")
        if request.path == "/state":
            version, shown = self._look()
            body = json.dumps({"version": version, "shown": shown}).encode()
            return Response(200, body, headers=PAGE_HEADERS)
        page = self._page.get(request.path)
        if page is None:
            raise HttpError(404, "not found")
        return page
