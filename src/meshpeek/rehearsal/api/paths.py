"""What a path of the Kubernetes API names: a group version, a kind, a namespace, an object."""

from __future__ import annotations

from typing import NamedTuple


class ResourcePath(NamedTuple):
    """A path under `/api/v1` or `/apis/GROUP/VERSION`; what it does not name is empty."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    is_watched: bool = False


def parse_path(path: str) -> ResourcePath | None:
    """Read a resource path, or return None where it is not of that form.

    `/api/v1/namespaces/x` is the Namespace x, `/api/v1/namespaces/x/pods` the Pods in it, and
    `/api/v1/watch/namespaces/x/pods` the old form of watching them.
    """
    parts = path.split("/")[1:]
    if len(parts) >= 3 and parts[0] == "api" and parts[1] == "v1":
        group, version, rest = "", "v1", parts[2:]
    elif len(parts) >= 4 and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    if not all(rest):
        return None
    is_watched = rest[0] == "watch" and len(rest) > 1
    rest = rest[is_watched:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and not _of_the_namespace(group, rest):
        namespace, rest = rest[1], rest[2:]
    plural, name, *subresource = (*rest, "") if len(rest) == 1 else rest
    below = "/".join(subresource)
    return ResourcePath(group, version, plural, namespace, name, below, is_watched)


def _of_the_namespace(group: str, rest: list[str]) -> bool:
    return group == "" and len(rest) == 3 and rest[2] in ("status", "finalize")
