"""Reviews: what clients ask about who somebody is and may do. Everybody may do everything."""

from __future__ import annotations

from typing import Any

from meshpeek.http.exchange import Request, Response, answer
from meshpeek.rehearsal.api.bodies import decode_object
from meshpeek.rehearsal.api.paths import ResourcePath
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import bad_request, method_not_supported

_EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
_ALLOWED = {"allowed": True, "reason": "a rehearsal allows everything"}
_STATUSES: dict[str, dict[str, Any]] = {
    "LocalSubjectAccessReview": _ALLOWED,
    "SelfSubjectAccessReview": _ALLOWED,
    "SubjectAccessReview": _ALLOWED,
    "SelfSubjectRulesReview": {
        "resourceRules": [_EVERYTHING],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    },
    "SelfSubjectReview": {
        "userInfo": {
            "username": "meshpeek:rehearsal",
            "groups": ["system:masters", "system:authenticated"],
        }
    },
}


def _status(cluster: Cluster, kind: str, request: Request, asked: Object) -> dict[str, Any]:
    authorization = request.headers.get("authorization", "")
    if kind == "TokenReview":
        from meshpeek.rehearsal.api.identity import tokens

        spec = asked.get("spec")
        return tokens.review(cluster, spec if isinstance(spec, dict) else {})
    if kind == "SelfSubjectReview" and authorization.startswith("Bearer "):
        from meshpeek.rehearsal.api.identity import tokens

        user = tokens.user_of(cluster, authorization.removeprefix("Bearer "))
        return {"userInfo": user} if user else _STATUSES[kind]
    return _STATUSES[kind]


def review(
    cluster: Cluster, resource: Resource, request: Request, target: ResourcePath
) -> Response:
    """Answer a review; raises ApiError for any verb but create."""
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
            "status": _status(cluster, resource.kind, request, asked),
        },
        201,
    )
