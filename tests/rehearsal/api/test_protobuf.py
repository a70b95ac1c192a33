"""Kubernetes' protobuf encoding, message by message; kubectl's own are in test_api_kubectl."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.api.protobuf import decode_protobuf
from meshpeek.rehearsal.types.status import ApiError


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*octets, number])


def field(number: int, value: int | str | bytes) -> bytes:
    """Encode a field: an int as a varint, a text or a message's bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def envelope(api_version: str, kind: str, message: bytes) -> bytes:
    type_meta = field(1, api_version) + field(2, kind)
    return b"k8s\x00" + field(1, type_meta) + field(2, message) + field(3, "") + field(4, "")


def decoded(api_version: str, kind: str, message: bytes) -> dict[str, Any]:
    return decode_protobuf(envelope(api_version, kind, message))


NAMED = field(1, field(1, "a") + field(2, "") + field(3, "faces"))


def test_what_is_not_set_is_left_out() -> None:
    assert decoded("v1", "ConfigMap", NAMED) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "faces"},
    }


def test_a_zero_that_was_meant_stays() -> None:
    spec = field(1, 0) + field(9, 0)
    deployment = decoded("apps/v1", "Deployment", NAMED + field(2, spec))
    assert deployment["spec"] == {"replicas": 0}


def test_maps_bytes_and_repeated_fields() -> None:
    labels = field(11, field(1, "app") + field(2, "face"))
    finalizers = field(14, "one") + field(14, "two")
    metadata = field(1, field(1, "a") + labels + finalizers)
    secret = decoded("v1", "Secret", metadata + field(2, field(1, "key") + field(2, b"\x00\xff")))
    assert secret["metadata"] == {
        "name": "a",
        "labels": {"app": "face"},
        "finalizers": ["one", "two"],
    }
    assert secret["data"] == {"key": "AP8="}


def test_numbers_may_be_negative() -> None:
    message = NAMED + field(2, -5)
    assert decoded("scheduling.k8s.io/v1", "PriorityClass", message)["value"] == -5


def test_quantities_ports_and_times() -> None:
    created = field(8, field(1, 1692705600) + field(2, 0))
    hard = field(1, field(1, "cpu") + field(2, field(1, "500m")))
    quota = decoded("v1", "ResourceQuota", field(1, field(1, "a") + created) + field(2, hard))
    assert quota["metadata"]["creationTimestamp"] == "2023-08-22T12:00:00Z"
    assert quota["spec"] == {"hard": {"cpu": "500m"}}
    for target, meant in ((field(2, 8000), 8000), (field(1, 1) + field(3, "http"), "http")):
        port = field(3, 80) + field(4, target)
        service = decoded("v1", "Service", NAMED + field(2, field(1, port)))
        assert service["spec"]["ports"] == [{"port": 80, "targetPort": meant}]


def test_embedded_messages_belong_to_their_parent() -> None:
    source = field(19, field(1, field(1, "settings")))
    volume = field(1, "files") + field(2, source)
    pod = decoded("v1", "Pod", NAMED + field(2, field(1, volume)))
    assert pod["spec"]["volumes"] == [{"name": "files", "configMap": {"name": "settings"}}]


def test_fields_of_later_versions_are_passed_over() -> None:
    assert "x" not in decoded(
        "v1", "ConfigMap", NAMED + field(99, "x") + varint(98 << 3 | 5) + b"1234"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"k8s\x00",
        envelope("v1", "Nonsense", NAMED),
        envelope("v2", "ConfigMap", NAMED),
        envelope("v1", "ConfigMap", b"\x0a\x7f"),
        envelope("v1", "ConfigMap", b"\x0f"),
        envelope("v1", "ConfigMap", b"\xff" * 20),
        envelope("v1", "ConfigMap", field(1, field(1, b"\xff"))),
        envelope("v1", "ConfigMap", field(1, 5)),
        envelope("v1", "ResourceQuota", field(1, field(8, field(1, 1 << 62)))),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        decode_protobuf(body)
    assert caught.value.code == 400
