"""What an API server refuses in ConfigMaps and Secrets (1.27's wording)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping

from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import (
    Cause,
    forbidden_value,
    invalid_value,
    required_value,
    too_long,
)

_LONGEST = 1024 * 1024
_LONGEST_KEY = 253
_KEY = "[-._a-zA-Z0-9]+"
_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', "
    f" or 'KEY_NAME',  or 'key-name', regex used for validation is '{_KEY}')"
)


def check_config_map(config_map: Object, old: Object | None) -> list[Cause]:
    """Return what is wrong with a ConfigMap, or with how it differs from the stored one."""
    data = config_map.get("data") or {}
    binary = config_map.get("binaryData") or {}
    causes = _check_immutable(config_map, old, ("data", "binaryData"))
    for field, keys in (("data", data), ("binaryData", binary)):
        for key in keys:
            causes += _check_key(f"{field}[{key}]", key)
            if field == "data" and key in binary:
                detail = "duplicate of key present in binaryData"
                causes.append(invalid_value(f"data[{key}]", key, detail))
    size = _size(data.values()) + _decoded_size(binary.values())
    return causes + ([too_long("[]", _LONGEST)] if size > _LONGEST else [])


def check_secret(secret: Object, old: Object | None) -> list[Cause]:
    """Return what is wrong with a Secret, or with how it differs from the stored one."""
    data = secret.get("data") or {}
    causes = _check_immutable(secret, old, ("data",))
    if old is not None and secret["type"] != old["type"]:
        causes.append(invalid_value("type", secret["type"], "field is immutable"))
    for key in data:
        causes += _check_key(f"data[{key}]", key)
    if _decoded_size(data.values()) > _LONGEST:
        causes.append(too_long("data", _LONGEST))
    check = _TYPES.get(secret["type"])
    return causes + (check(secret, data) if check else [])


def _check_immutable(obj: Object, old: Object | None, fields: Iterable[str]) -> list[Cause]:
    if old is None or not old.get("immutable"):
        return []
    detail = "field is immutable when `immutable` is set"
    causes = []
    if not obj.get("immutable"):
        causes.append(forbidden_value("immutable", detail))
    changed = [each for each in fields if (obj.get(each) or {}) != (old.get(each) or {})]
    return causes + [forbidden_value(field, detail) for field in changed]


def _check_key(field: str, key: str) -> list[Cause]:
    problems = []
    if len(key) > _LONGEST_KEY:
        problems.append(f"must be no more than {_LONGEST_KEY} characters")
    if not re.fullmatch(_KEY, key):
        problems.append(_KEY_TEXT)
    elif key == ".":
        problems.append("must not be '.'")
    elif key == "..":
        problems.append("must not be '..'")
    elif key.startswith(".."):
        problems.append("must not start with '..'")
    return [invalid_value(field, key, problem) for problem in problems]


def _size(texts: Iterable[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def _decoded_size(texts: Iterable[str]) -> int:
    return sum(len(base64.b64decode(text)) for text in texts)


def _check_docker_config(key: str) -> Callable[[Object, Mapping[str, str]], list[Cause]]:
    def check(_secret: Object, data: Mapping[str, str]) -> list[Cause]:
        place = f"data[{key}]"
        if key not in data:
            return [required_value(place)]
        try:
            json.loads(base64.b64decode(data[key]))
        except ValueError:
            return [invalid_value(place, "<secret contents redacted>", "invalid character")]
        return []

    return check


def _check_required(*keys: str) -> Callable[[Object, Mapping[str, str]], list[Cause]]:
    def check(_secret: Object, data: Mapping[str, str]) -> list[Cause]:
        return [required_value(f"data[{key}]") for key in keys if key not in data]

    return check


def _check_basic(_secret: Object, data: Mapping[str, str]) -> list[Cause]:
    keys = ("username", "password")
    if any(key in data for key in keys):
        return []
    return [required_value(f"data[{key}]") for key in keys]


def _check_ssh(_secret: Object, data: Mapping[str, str]) -> list[Cause]:
    return [] if data.get("ssh-privatekey") else [required_value("data[ssh-privatekey]")]


def _check_token(secret: Object, _data: Mapping[str, str]) -> list[Cause]:
    name = "kubernetes.io/service-account.name"
    if (secret["metadata"].get("annotations") or {}).get(name):
        return []
    return [required_value(f"metadata.annotations[{name}]")]


_TYPES: dict[str, Callable[[Object, Mapping[str, str]], list[Cause]]] = {
    "kubernetes.io/basic-auth": _check_basic,
    "kubernetes.io/dockercfg": _check_docker_config(".dockercfg"),
    "kubernetes.io/dockerconfigjson": _check_docker_config(".dockerconfigjson"),
    "kubernetes.io/service-account-token": _check_token,
    "kubernetes.io/ssh-auth": _check_ssh,
    "kubernetes.io/tls": _check_required("tls.crt", "tls.key"),
}
