"""The clusters of a process, and what serves each: they come and go while it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from urllib.parse import urlsplit

from meshpeek.http.exchange import HttpError, Request, Response, answer
from meshpeek.http.server import Handler
from meshpeek.rehearsal import controllers
from meshpeek.rehearsal.api.api import Api
from meshpeek.rehearsal.controllers.runtime import Runtime
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installations import load_installations
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed, check_name
from meshpeek.rehearsal.seeding.seed import seed
from meshpeek.rehearsal.store import snapshot
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds

_PLAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_AGE_OF_NEW_SECONDS = 20


class ServedClusters:
    """Clusters by name, under `origin`, the URL of all of them (`http://127.0.0.1:80/SECRET`).

    `handlers` serve their APIs, by the path of each.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.clusters: dict[str, Cluster] = {}
        self.handlers: dict[str, Handler] = {}
        self._runtimes: dict[str, Runtime] = {}

    def seed(self, seeds: Mapping[str, ClusterSeed]) -> None:
        """Make the clusters that a session begins with.

        Raises RehearsalError for a seed that cannot be carried out.
        """
        for name in seeds:
            self._add(name)
        if seeds:
            seed(self.clusters, seeds)

    def restore(self, contents: Mapping[str, snapshot.Contents]) -> None:
        """Make clusters again, with what they held."""
        for name, held in contents.items():
            snapshot.restore(self._add(name), held)

    def start(self) -> None:
        """Start the controllers, which needs a running asyncio loop, and serve the clusters."""
        for cluster in self.clusters.values():
            self._serve(cluster)

    def create(self, name: str) -> Cluster:
        """Make a plain cluster, and serve it.

        Raises RehearsalError for a name that is taken or invalid.
        """
        check_name(name)
        if name in self.clusters:
            raise RehearsalError(f"a cluster named {name} exists", hint="choose another name")
        cluster = self._add(name)
        seed({name: cluster}, {name: ClusterSeed(install=())}, _AGE_OF_NEW_SECONDS)
        self._serve(cluster)
        return cluster

    def delete(self, name: str) -> None:
        """End a cluster. Raises KeyError if there is none of this name."""
        cluster = self.clusters.pop(name)
        self._runtimes.pop(name).stop()
        self.handlers.pop(_path(cluster), None)

    def set_running(self, name: str, *, running: bool) -> None:
        """Start or stop the API server of a cluster. Raises KeyError."""
        cluster = self.clusters[name]
        self.handlers[_path(cluster)] = Api(cluster, _path(cluster)).handle if running else _refuse

    def is_running(self, name: str) -> bool:
        """Return whether the API server of a cluster answers. Raises KeyError."""
        return self.handlers[_path(self.clusters[name])] is not _refuse

    def _add(self, name: str) -> Cluster:
        taken = {each.index for each in self.clusters.values()}
        index = next(number for number in count(1) if number not in taken)
        # Any string may name a context.
        segment = name if _PLAIN.fullmatch(name) else f"cluster-{index}"
        cluster = Cluster(
            name,
            index,
            self.clusters,
            server=f"{self.origin}/{segment}",
            installations=load_installations(),
        )
        crds.serve_definitions(cluster)
        return cluster

    def _serve(self, cluster: Cluster) -> None:
        self._runtimes[cluster.name] = controllers.start(cluster)
        self.handlers[_path(cluster)] = Api(cluster, _path(cluster)).handle


class ClusterControl:
    """What creates, lists, stops and deletes clusters for tools of the session, by HTTP.

    `GET /` lists them; `POST /?name=NAME` creates one, `POST /?name=NAME&action=start` or `stop`
    does that, `DELETE /?name=NAME` ends one.
    """

    def __init__(self, clusters: ServedClusters) -> None:
        self._clusters = clusters

    def handle(self, request: Request) -> Response:
        """Answer a request; raises HttpError with the reason for what cannot be done."""
        name, action = request.query.get("name", ""), request.query.get("action")
        try:
            if request.method == "POST" and action is None:
                self._clusters.create(name)
            elif request.method == "POST" and action in ("start", "stop"):
                self._clusters.set_running(name, running=action == "start")
            elif request.method == "DELETE":
                self._clusters.delete(name)
            elif request.method != "GET":
                raise HttpError(405, "unknown request")
        except RehearsalError as error:
            raise HttpError(409, error.message) from None
        except KeyError:
            raise HttpError(404, f"no cluster is named {name}") from None
        return answer(
            [
                {
                    "name": cluster.name,
                    "server": cluster.server,
                    "running": self._clusters.is_running(cluster.name),
                }
                for cluster in self._clusters.clusters.values()
            ]
        )


def _path(cluster: Cluster) -> str:
    return urlsplit(cluster.server).path


def _refuse(_request: Request) -> Response:
    raise HttpError(503, "the cluster is stopped")
