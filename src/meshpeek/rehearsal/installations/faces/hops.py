"""What came of one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Hop:
    """A request to a Service and what came of it, after `seconds`.

    `route` is the HTTPRoute that it took, `backend` the Service that this led to, `cluster` and
    `pod` who answered; empty where there is none. `reason` says why it failed on the way. `body`
    is the JSON of the answer. `calls` are the requests that the pod made itself.
    """

    service: str
    status: int
    seconds: float
    route: str = ""
    backend: str = ""
    cluster: str = ""
    pod: str = ""
    reason: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[Hop, ...] = ()
