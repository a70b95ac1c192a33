"""The objects of Faces 0.8.0 in one cluster, with one replica of each Deployment."""

from __future__ import annotations

from collections.abc import Iterator

from meshpeek.rehearsal.installations.shapes import (
    container,
    deployment,
    metadata,
    namespace,
    service,
)
from meshpeek.rehearsal.types.objects import Object

HOME = "faces"
_PART = {"app.kubernetes.io/part-of": "faces"}
_DELAYS = "0,100,200,500,1000"


def home() -> Object:
    """Return the Namespace of Faces, whose Pods are to have Linkerd's proxy."""
    return namespace(HOME, _PART, {"linkerd.io/inject": "enabled"})


def faces() -> Iterator[Object]:
    """Yield the Services and Deployments of Faces."""
    yield from _workload("faces-gui", "dwflynn/faces-gui:0.8.0")
    for name in ("face", "smiley", "color"):
        variables = {"FACES_SERVICE": name, "DELAY_BUCKETS": _DELAYS}
        yield from _workload(name, "dwflynn/faces-service:0.8.0", variables)


def _workload(name: str, image: str, variables: dict[str, str] | None = None) -> Iterator[Object]:
    selector = {"app.kubernetes.io/name": name}
    about = metadata(name, HOME, {**selector, **_PART})
    environment = [{"name": key, "value": value} for key, value in (variables or {}).items()]
    more = {"env": environment} if environment else {}
    yield service(about, selector, [("http", 80, "http")])
    yield deployment(
        dict(about), selector, [container(name, image, {"http": 8000}, **more)], labels=_PART
    )
