"""The matrix of a CI job: each workshop with each combination of versions in its front matter."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence

from meshpeek.workshop.model import Workshop


def matrix_document(workshops: Iterable[Workshop]) -> str:
    """Return the JSON of `meshpeek ci --list --json`, a public format.

    `{"include": [{"workshop": PATH, NAME: VERSION, …}]}`, in one line: what the `matrix` of a
    GitHub job takes. Each NAME is a key of the workshop's own `matrix`.
    """
    return json.dumps({"include": list(_combinations(workshops))}, ensure_ascii=False)


def list_matrix(workshops: Iterable[Workshop]) -> str:
    """Return the same as a line for each, to read."""
    return "\n".join(
        "  ".join([path, *(f"{name} {version}" for name, version in versions.items())])
        for path, versions in ((entry.pop("workshop"), entry) for entry in _combinations(workshops))
    )


def shards_document(shards: Sequence[Sequence[str]]) -> str:
    """Return the JSON of `meshpeek ci --list --json --shards N`, a public format.

    `{"include": [{"shard": "1/N", "files": PATHS}]}`, in one line, without empty shards. PATHS are
    separated by line ends.
    """
    include = [
        {"shard": f"{number}/{len(shards)}", "files": "\n".join(paths)}
        for number, paths in enumerate(shards, 1)
        if paths
    ]
    return json.dumps({"include": include}, ensure_ascii=False)


def _combinations(workshops: Iterable[Workshop]) -> Iterator[dict[str, str]]:
    for workshop in workshops:
        matrix = workshop.front_matter.matrix
        for versions in itertools.product(*matrix.values()):
            yield {"workshop": workshop.path, **dict(zip(matrix, versions, strict=True))}
