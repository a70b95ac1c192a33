"""Clusters that are made, stopped and deleted while others are served."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.launch import ClusterSeed, Keeping, RunningClusters, origin_of, start


def ask(running: RunningClusters, method: str, query: str = "") -> dict[str, str]:
    with urlopen(Request(f"{running.control}/?{query}", method=method)) as reply:
        return {each["name"]: each["server"] for each in json.load(reply)}


def names(server: str) -> list[str]:
    with urlopen(f"{server}/api/v1/namespaces") as reply:
        return [each["metadata"]["name"] for each in json.load(reply)["items"]]


def status(server: str) -> int:
    with pytest.raises(HTTPError) as caught:
        names(server)
    caught.value.close()
    return caught.value.code


def test_clusters_come_and_go() -> None:
    with start({"a": ClusterSeed(install=())}) as running:
        made = ask(running, "POST", "name=b%3Ac")
        assert list(made) == ["a", "b:c"]
        assert made["b:c"].startswith(f"{origin_of(running.control)}/")
        assert "kube-system" in names(made["b:c"])
        ask(running, "POST", "name=a&action=stop")
        assert status(made["a"]) == 503
        ask(running, "POST", "name=a&action=start")
        assert "kube-system" in names(made["a"])
        assert list(ask(running, "DELETE", "name=a")) == ["b:c"]
        assert status(made["a"]) == 404


@pytest.mark.parametrize(
    ("method", "query", "code"),
    [
        ("POST", "name=a", 409),
        ("POST", "name=", 409),
        ("DELETE", "name=b", 404),
        ("POST", "name=b&action=stop", 404),
        ("PUT", "name=b", 405),
    ],
)
def test_what_cannot_be_done(method: str, query: str, code: int) -> None:
    with start({"a": ClusterSeed(install=())}) as running:
        with pytest.raises(HTTPError) as caught:
            ask(running, method, query)
        assert caught.value.code == code
        caught.value.close()


def test_made_clusters_outlive_their_process(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path / "clusters.json")
    with start({"a": ClusterSeed(install=())}, keeping=keeping) as running:
        ask(running, "POST", "name=b")
    again = Keeping(keeping.path, resume=True)
    with start({"a": ClusterSeed(install=())}, keeping=again) as running:
        assert list(ask(running, "GET")) == ["a", "b"]
    others = start({"c": ClusterSeed(install=())}, keeping=again)
    with pytest.raises(RehearsalError, match="the clusters were a, and are now to be c"), others:
        pass
