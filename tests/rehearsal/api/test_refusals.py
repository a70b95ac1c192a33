"""How a request is refused that did not get as far as a cluster: with a Status, as all others."""

from __future__ import annotations

import json

import pytest

from meshpeek.http.exchange import HttpError
from meshpeek.rehearsal.api.api import refuse


@pytest.mark.parametrize(
    ("code", "reason", "message"),
    [
        (400, "BadRequest", "odd"),
        (404, "NotFound", "the server could not find the requested resource"),
        (408, "Timeout", "odd"),
        (413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"),
        (421, None, "odd"),
        (429, "TooManyRequests", "odd"),
        (431, "BadRequest", "odd"),
        (501, "BadRequest", "odd"),
    ],
)
def test_refusals_are_statuses(code: int, reason: str | None, message: str) -> None:
    response = refuse(HttpError(code, "odd"))
    status = json.loads(response.body)
    assert (response.code, response.content_type) == (code, "application/json")
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", code)
    assert (status.get("reason"), status["message"]) == (reason, message)
