"""ConfigMaps and Secrets: keys, sizes, what their type asks for, and `immutable`."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.rehearsal.in_memory import InMemory

MERGE = "application/merge-patch+json"
SECRETS = "/api/v1/namespaces/faces/secrets"
TOKEN_NAME = "kubernetes.io/service-account.name"


@pytest.fixture
def north() -> InMemory:
    return InMemory()


@pytest.mark.parametrize("plural", ["configmaps", "secrets"])
@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"data": {"a": "Yg=="}}, ["data"]),
        ({"data": {"b": "Yg=="}}, ["data"]),
        ({"data": None}, ["data"]),
        ({"immutable": False}, ["immutable"]),
        ({"immutable": None, "data": None}, ["immutable", "data"]),
    ],
)
def test_what_is_immutable_stays_as_it_is(
    north: InMemory, plural: str, change: Any, fields: list[str]
) -> None:
    url = f"/api/v1/namespaces/faces/{plural}"
    north.ok("POST", url, {"metadata": {"name": "a"}, "data": {"a": "YQ=="}, "immutable": True})
    status = north.refused(422, "PATCH", f"{url}/a", change, MERGE)
    assert [(each["field"], each["message"]) for each in status["details"]["causes"]] == [
        (field, "Forbidden: field is immutable when `immutable` is set") for field in fields
    ]
    north.ok("PATCH", f"{url}/a", {"metadata": {"labels": {"a": "b"}}}, MERGE)
    north.ok("DELETE", f"{url}/a")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"data": {"": ""}}, "data[]: Invalid value"),
        ({"data": {"a b": ""}}, "data[a b]: Invalid value"),
        ({"data": {"..": ""}}, "must not be '..'"),
        ({"data": {"..a": ""}}, "must not start with '..'"),
        ({"data": {"k" * 254: ""}}, "must be no more than 253 characters"),
        ({"data": {"a": ""}, "binaryData": {"a": ""}}, "duplicate of key present in binaryData"),
        ({"data": {"a": "x" * 1024 * 1024 + "x"}}, "[]: Too long: must have at most 1048576 bytes"),
    ],
)
def test_config_maps_that_are_refused(north: InMemory, body: Any, said: str) -> None:
    url = "/api/v1/namespaces/faces/configmaps"
    status = north.refused(422, "POST", url, {"metadata": {"name": "a"}, **body})
    assert said in status["message"]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("kubernetes.io/dockerconfigjson", {"x": "MQ=="}, "data[.dockerconfigjson]: Required"),
        ("kubernetes.io/dockercfg", {}, "data[.dockercfg]: Required value"),
        (
            "kubernetes.io/dockerconfigjson",
            {".dockerconfigjson": encoded("{")},
            'Invalid value: "<secret contents redacted>"',
        ),
        ("kubernetes.io/tls", {"tls.crt": ""}, "data[tls.key]: Required value"),
        ("kubernetes.io/ssh-auth", {}, "data[ssh-privatekey]: Required value"),
        ("kubernetes.io/basic-auth", {}, "data[username]: Required value"),
        ("kubernetes.io/service-account-token", {}, f"metadata.annotations[{TOKEN_NAME}]: Req"),
        ("Opaque", {"a/b": ""}, "data[a/b]: Invalid value"),
        ("Opaque", {"a": encoded("x" * 1024 * 1025)}, "data: Too long: must have at most 1048576"),
    ],
)
def test_secrets_that_are_refused(north: InMemory, kind: str, data: Any, said: str) -> None:
    body = {"metadata": {"name": "a"}, "type": kind, "data": data}
    assert said in north.refused(422, "POST", SECRETS, body)["message"]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("example.com/mine", {}),
        ("kubernetes.io/tls", {"tls.crt": "", "tls.key": ""}),
        ("kubernetes.io/basic-auth", {"password": ""}),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": "YQ=="}),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": encoded("{}")}),
        ("kubernetes.io/service-account-token", {}),
    ],
)
def test_secrets_that_are_accepted(north: InMemory, kind: str, data: Any) -> None:
    metadata = {"name": "a", "annotations": {TOKEN_NAME: "default"}}
    north.ok("POST", SECRETS, {"metadata": metadata, "type": kind, "data": data})
