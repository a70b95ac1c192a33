"""The clusters of a process in a file: written when it ends, for another process to resume.

Objects keep their identity: uid, resourceVersion, times. The history of watches is not kept, so
a client that was watching is told that its version is too old, and lists again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.crds import resource_of
from meshpeek.rehearsal.types.keys import CRDS, ResourceKey
from meshpeek.rehearsal.types.objects import Object

_ELSEWHERE = "start at a step instead: --from STEP, with --setup for the hidden steps before it"


class Snapshot(NamedTuple):
    """Clusters as they were: the `port` and `secret` of their URLs, and what each held.

    `started` are the names of those that the session began with.
    """

    port: int
    secret: str
    started: tuple[str, ...]
    contents: Mapping[str, Contents]


class Contents(NamedTuple):
    """What a cluster held, by group and plural, and the `resource_version` of its last write."""

    resource_version: int
    objects: Mapping[ResourceKey, list[Object]]


@contextlib.contextmanager
def claim(path: Path) -> Iterator[None]:
    """Wait until no other process has clusters for the file `path`, and lock it.

    The lock ends with the process at the latest.
    """
    with open(path.with_suffix(".lock"), "w", opener=_open_privately) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(
    path: Path, clusters: Iterable[Cluster], port: int, secret: str, started: Sequence[str]
) -> None:
    """Write `clusters` to the file `path`, all of them or nothing. Raises OSError."""
    document = {
        "port": port,
        "secret": secret,
        "started": list(started),
        "clusters": {cluster.name: _document(cluster) for cluster in clusters},
    }
    unfinished = path.with_suffix(".new")
    with open(unfinished, "w", encoding="utf-8", opener=_open_privately) as file:
        file.write(json.dumps(document, separators=(",", ":")))
    unfinished.replace(path)


def take(path: Path) -> Snapshot:
    """Read the file `path` and remove it: once its clusters resume, it is outdated.

    Raises RehearsalError if it is missing or cannot be read.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        contents = {name: _contents(saved) for name, saved in document["clusters"].items()}
        snapshot = Snapshot(
            document["port"], document["secret"], tuple(document["started"]), contents
        )
        path.unlink()
    except FileNotFoundError:
        raise RehearsalError(
            "the state of the rehearsal clusters was not saved: their process was killed",
            hint=_ELSEWHERE,
        ) from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise RehearsalError(
            f"the state of the rehearsal clusters cannot be read: {path}: {error}",
            hint=_ELSEWHERE,
        ) from None
    return snapshot


def restore(cluster: Cluster, contents: Contents) -> None:
    """Fill `cluster`, which is empty, with `contents`."""
    for definition in contents.objects.get(CRDS, ()):
        if "deletionTimestamp" not in definition["metadata"]:
            cluster.resources.add(resource_of(definition))
    cluster.store.restore(contents.objects, contents.resource_version)


def _document(cluster: Cluster) -> dict[str, Any]:
    objects = {str(key): cluster.store.list(key) for key in cluster.store.kinds()}
    return {"resourceVersion": cluster.store.resource_version, "objects": objects}


def _contents(saved: Mapping[str, Any]) -> Contents:
    objects = {}
    for name, listed in saved["objects"].items():
        plural, _, group = name.partition(".")
        objects[ResourceKey(group, plural)] = listed
    return Contents(saved["resourceVersion"], objects)


def _open_privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
