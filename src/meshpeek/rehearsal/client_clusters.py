"""Clusters for anybody's programs and tests: a context, and what clients need to reach them."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from meshpeek.rehearsal.launch import kubeconfig_text, start
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed


@dataclass(frozen=True, slots=True)
class Clusters:
    """Rehearsal clusters that answer.

    `kubeconfig` has a context for each, by its name; the first is the current one. `servers` are
    their URLs by name. `environment` has the variables that lead kubectl, helm and others to them.
    """

    kubeconfig: Path
    servers: Mapping[str, str]
    environment: Mapping[str, str]


@contextlib.contextmanager
def clusters(
    *names: str, install: Iterable[str] = (), manifests: Iterable[Path | str] = ()
) -> Iterator[Clusters]:
    """Serve clusters while the context lasts: one, `rehearsal`, without `names`.

    On each is what `install` names (see INSTALLATIONS) and the objects of `manifests`, files or
    folders of YAML or JSON. Raises RehearsalError where they cannot be served.
    """
    seed = ClusterSeed(tuple(map(Path, manifests)), install=tuple(install))
    seeds = dict.fromkeys(names or ("rehearsal",), seed)
    with (
        tempfile.TemporaryDirectory(prefix="meshpeek-clusters-") as folder,
        start(seeds) as running,
    ):
        kubeconfig = Path(folder, "kubeconfig")
        kubeconfig.touch(mode=0o600)
        text = kubeconfig_text(running.servers, next(iter(seeds)))
        kubeconfig.write_text(text, encoding="utf-8")
        environment = {
            "KUBECONFIG": str(kubeconfig),
            "KUBECACHEDIR": str(Path(folder, "cache")),
            "KUBERC": "off",
        }
        yield Clusters(kubeconfig, running.servers, environment)
