"""One cluster's API server: requests in, answers out, everything that a path can name."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meshpeek.http.connection import MAXIMUM_BODY
from meshpeek.http.exchange import HttpError, Request, Response, answer, warning_header
from meshpeek.rehearsal.api.description import discovery, self_description
from meshpeek.rehearsal.api.paths import parse_path
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.status import ApiError, bad_request, too_large, unknown_path

if TYPE_CHECKING:
    from meshpeek.rehearsal.api.description.openapi import Documents
    from meshpeek.rehearsal.api.verbs import ObjectApi

_REASONS = {408: "Timeout", 421: "", 429: "TooManyRequests"}


class Api:
    """Answers the requests to one cluster. `prefix` is the path its server URL ends in."""

    def __init__(self, cluster: Cluster, prefix: str) -> None:
        self._cluster = cluster
        self._prefix = prefix
        self._discovery = discovery.Discovery(cluster.resources, urlsplit(cluster.server).netloc)
        self._objects: ObjectApi | None = None
        self._openapi: Documents | None = None

    def handle(self, request: Request) -> Response:
        """Return the answer to a request; whatever goes wrong is answered with a Status."""
        response = self._response(request)
        if "yaml" in request.headers.get("accept", ""):
            from meshpeek.rehearsal.api.negotiation import in_yaml

            return in_yaml(request, response)
        return response

    def _response(self, request: Request) -> Response:
        try:
            return self._route(request)
        except ApiError as error:
            return answer(error.status(), error.code, **warning_header(error.warnings))
        except RecursionError:
            refusal = bad_request("the object provided is nested too deeply")
            return answer(refusal.status(), refusal.code)
        except Exception as fault:  # noqa: BLE001 - a defect must not end the server
            traceback.print_exception(fault, file=sys.stderr)
            failure = ApiError(500, "InternalError", f"Internal error occurred: {fault!r}")
            return answer(failure.status(), failure.code)

    def _route(self, request: Request) -> Response:
        path = request.path.rstrip("/") or "/"
        if request.method == "HEAD":
            # The connection leaves out the body.
            request = request._replace(method="GET")
        target = parse_path(path)
        if target is not None:
            return self._object_api().handle(request, target)
        if request.method != "GET":
            if path == "/":
                raise unknown_path()
            message = "the server does not allow this method on the path"
            raise ApiError(405, "MethodNotAllowed", message)
        found = self._discovery.answer(path, request) or self._describe(path, request)
        if found is None:
            raise unknown_path()
        return found

    def _object_api(self) -> ObjectApi:
        if self._objects is None:
            # Loaded by the first request rather than at start-up.
            from meshpeek.rehearsal.api.verbs import ObjectApi

            self._objects = ObjectApi(self._cluster)
        return self._objects

    def _describe(self, path: str, request: Request) -> Response | None:
        if not path.startswith("/openapi/"):
            return self_description.describe(self._cluster, path, request)
        if self._openapi is None:
            from meshpeek.rehearsal.api.description.openapi import Documents

            self._openapi = Documents(self._cluster.resources, self._prefix)
        return self._openapi.answer(path, request)


def refuse(error: HttpError) -> Response:
    """Return the failure Status for a request that did not reach a cluster."""
    match error.code:
        case 404:
            failure = unknown_path()
        case 413:
            failure = too_large(MAXIMUM_BODY)
        case code:
            failure = ApiError(code, _REASONS.get(code, "BadRequest"), error.message)
    return answer(failure.status(), failure.code)
