"""Self-reviews: what a client asks about who it is and what it may do. It may do everything."""

from __future__ import annotations

from typing import Any

from meshpeek.http.exchange import Request, Response, answer
from meshpeek.rehearsal.api.bodies import decode_object
from meshpeek.rehearsal.api.paths import ResourcePath
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import bad_request, method_not_supported

_EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
_STATUSES: dict[str, dict[str, Any]] = {
    "SelfSubjectAccessReview": {"allowed": True, "reason": "a rehearsal allows everything"},
    "SelfSubjectRulesReview": {
        "resourceRules": [_EVERYTHING],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    },
    "SelfSubjectReview": {
        "userInfo": {"username": "meshpeek:rehearsal", "groups": ["system:masters"]}
    },
}


def review(resource: Resource, request: Request, target: ResourcePath) -> Response:
    """Answer a self-review; raises ApiError for any verb but create."""
    if request.method != "POST" or target.name:
        raise method_not_supported(resource.key, request.method)
    asked = decode_object(request.body, request.headers.get("content-type", ""))
    if asked.get("kind", resource.kind) != resource.kind:
        raise bad_request(f"the body is not a {resource.kind}")
    given = {name: asked[name] for name in ("metadata", "spec") if name in asked}
    return answer(
        {
            "kind": resource.kind,
            "apiVersion": resource.api_version(target.version),
            "metadata": {"creationTimestamp": None},
            **given,
            "status": _STATUSES[resource.kind],
        },
        201,
    )
