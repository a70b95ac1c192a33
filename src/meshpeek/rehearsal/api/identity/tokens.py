"""Tokens of ServiceAccounts: `kubectl create token`, and what a TokenReview says of them.

A token is a JSON Web Token with the claims of a real one. Its signature is an HMAC by the cluster's
own id: it tells a cluster's tokens from others, and protects nothing. Every client may do
everything, with a token or without.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from meshpeek.http.exchange import Request, Response, answer
from meshpeek.rehearsal.api.bodies import decode_object
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.store.store import new_uid, timestamp
from meshpeek.rehearsal.types.keys import NAMESPACES, SERVICE_ACCOUNTS, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import Cause, invalid, invalid_value, method_not_supported

AUDIENCE = "https://kubernetes.default.svc.cluster.local"
_HOUR = 3600
_SHORTEST = 600
_LONGEST = 1 << 32
_REQUEST = ResourceKey("authentication.k8s.io", "tokenrequests")
_PREFIX = "system:serviceaccount"


def request_token(cluster: Cluster, account: Object, request: Request) -> Response:
    """Answer a TokenRequest for a ServiceAccount; raises ApiError 422 for a lifetime too short."""
    if request.method != "POST":
        raise method_not_supported(SERVICE_ACCOUNTS, request.method)
    asked = decode_object(request.body, request.headers.get("content-type", ""))
    spec = asked.get("spec") or {}
    seconds = spec.get("expirationSeconds") or _HOUR
    causes = _check_lifetime(seconds)
    name = account["metadata"]["name"]
    if causes:
        raise invalid(_REQUEST, "TokenRequest", name, causes)
    audiences = spec.get("audiences") or [AUDIENCE]
    now = cluster.now()
    ends = now + timedelta(seconds=seconds)
    claims = _claims(account, audiences, int(now.timestamp()), int(ends.timestamp()))
    return answer(
        {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {
                "name": name,
                "namespace": account["metadata"]["namespace"],
                "creationTimestamp": timestamp(now),
            },
            "spec": {**spec, "audiences": audiences, "expirationSeconds": seconds},
            "status": {"token": _signed(cluster, claims), "expirationTimestamp": timestamp(ends)},
        },
        201,
    )


def user_of(cluster: Cluster, token: str) -> dict[str, Any] | None:
    """Return the user that a token of this cluster stands for, None for any other text."""
    head, _, signature = token.rpartition(".")
    if not head or not hmac.compare_digest(signature.encode(), _signature(cluster, head).encode()):
        return None
    claims = json.loads(_decoded(head.partition(".")[2]))
    account = claims["kubernetes.io"]["serviceaccount"]
    namespace = claims["kubernetes.io"]["namespace"]
    if claims["exp"] < cluster.now().timestamp():
        return None
    present = cluster.store.get(SERVICE_ACCOUNTS, namespace, account["name"])
    if present is None or present["metadata"]["uid"] != account["uid"]:
        return None
    groups = [f"{_PREFIX}s", f"{_PREFIX}s:{namespace}", "system:authenticated"]
    return {"username": claims["sub"], "uid": account["uid"], "groups": groups}


def review(cluster: Cluster, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the status of a TokenReview."""
    user = user_of(cluster, str(spec.get("token", "")))
    if user is None:
        return {"user": {}, "error": "[invalid bearer token]"}
    return {"authenticated": True, "user": user, "audiences": spec.get("audiences") or [AUDIENCE]}


def _check_lifetime(seconds: object) -> list[Cause]:
    place = "spec.expirationSeconds"
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return [invalid_value(place, seconds, "must be a number of seconds")]
    if seconds < _SHORTEST:
        detail = "may not specify a duration less than 10 minutes"
        return [invalid_value(place, seconds, detail)]
    if seconds > _LONGEST:
        detail = "may not specify a duration larger than 2^32 seconds"
        return [invalid_value(place, seconds, detail)]
    return []


def _claims(account: Object, audiences: list[str], begins: int, ends: int) -> dict[str, Any]:
    metadata = account["metadata"]
    return {
        "aud": audiences,
        "exp": ends,
        "iat": begins,
        "iss": AUDIENCE,
        "jti": new_uid(),
        "kubernetes.io": {
            "namespace": metadata["namespace"],
            "serviceaccount": {"name": metadata["name"], "uid": metadata["uid"]},
        },
        "nbf": begins,
        "sub": f"{_PREFIX}:{metadata['namespace']}:{metadata['name']}",
    }


def _signed(cluster: Cluster, claims: Mapping[str, Any]) -> str:
    header = {"alg": "HS256", "kid": "rehearsal"}
    head = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{head}.{_signature(cluster, head)}"


def _signature(cluster: Cluster, head: str) -> str:
    system = cluster.store.get(NAMESPACES, None, "kube-system")
    key = system["metadata"]["uid"] if system else cluster.name
    return _encoded(hmac.digest(key.encode(), head.encode(), hashlib.sha256))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
