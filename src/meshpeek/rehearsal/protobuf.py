"""Objects in Kubernetes' protobuf encoding, as far as kubectl sends them.

A body is the four bytes `k8s\\0`, then a runtime.Unknown: the type, and the object's own message.
Field numbers: the generated.proto files of Kubernetes' API.
"""

from __future__ import annotations

from typing import Any

from meshpeek.rehearsal.status import bad_request


def decode_protobuf(body: bytes) -> dict[str, Any]:
    raise bad_request("")
