"""Clusters outlive their process: what another one goes on with is what there was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.launch import ClusterSeed, Keeping, start

pytestmark = pytest.mark.slow

MANIFESTS = Path(__file__).parents[3] / "k8s"
SEEDS = {
    "north": ClusterSeed((MANIFESTS / "north",), ("east", "west")),
    "east": ClusterSeed((MANIFESTS / "east",)),
    "west": ClusterSeed((MANIFESTS / "west",)),
}
PATCH = {"Content-Type": "application/merge-patch+json"}
PATIENCE = 20


def ask(url: str, method: str = "GET", body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, PATCH, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return json.load(response)


def everything(server: str) -> dict[str, Any]:
    """Return all objects of a cluster, by their API's path, kind by kind."""
    paths = ["/api/v1"]
    for group in ask(f"{server}/apis")["groups"]:
        paths += [f"/apis/{version['groupVersion']}" for version in group["versions"]]
    return {
        f"{path}/{resource['name']}": ask(f"{server}{path}/{resource['name']}")
        for path in paths
        for resource in ask(server + path)["resources"]
        if "list" in resource["verbs"]
    }


def watch_until(url: str, wanted: str) -> Mapping[str, Any]:
    """Watch objects until one has a name that begins with `wanted`; return it."""
    with urllib.request.urlopen(f"{url}?watch=1", timeout=PATIENCE) as stream:
        for line in stream:
            found: Mapping[str, Any] = json.loads(line)["object"]
            if found["metadata"]["name"].startswith(wanted):
                return found
    raise AssertionError(f"the watch ended without {wanted}")


def test_the_objects_are_the_same_to_the_last_detail(tmp_path: Path) -> None:
    file = tmp_path / "clusters.json"
    with start(SEEDS, keeping=Keeping(file)) as running:
        north = running.servers["north"]
        route = "/apis/policy.linkerd.io/v1beta3/namespaces/faces/httproutes"
        names = [each["metadata"]["name"] for each in ask(north + route)["items"]]
        ask(f"{north}/api/v1/namespaces/faces", "PATCH", {"metadata": {"labels": {"seen": "yes"}}})
        before = {name: everything(server) for name, server in running.servers.items()}
    assert file.stat().st_mode & 0o777 == 0o600
    with start(SEEDS, keeping=Keeping(file, resume=True)) as again:
        assert again.servers == running.servers
        assert {name: everything(server) for name, server in again.servers.items()} == before
        assert [each["metadata"]["name"] for each in ask(north + route)["items"]] == names
    assert sum(len(each["items"]) for each in before["north"].values()) > 100


def test_the_controllers_go_on_working(tmp_path: Path) -> None:
    file = tmp_path / "clusters.json"
    with start(SEEDS, keeping=Keeping(file)):
        pass
    with start(SEEDS, keeping=Keeping(file, resume=True)) as again:
        north, west = again.servers["north"], again.servers["west"]
        services = "/api/v1/namespaces/faces/services"
        label = {"mirror.linkerd.io/exported": "remote-discovery"}
        ask(f"{west}{services}/color2", "PATCH", {"metadata": {"labels": label}})
        mirror = watch_until(north + services, "color2-west")
        assert mirror["metadata"]["labels"]["mirror.linkerd.io/cluster-name"] == "west"
        deployments = "/apis/apps/v1/namespaces/faces/deployments"
        ask(f"{west}{deployments}/color2", "PATCH", {"spec": {"template": {"metadata": {
            "annotations": {"again": "yes"}}}}})  # fmt: skip
        with urllib.request.urlopen(f"{west}{deployments}?watch=1", timeout=PATIENCE) as stream:
            for line in stream:
                status = json.loads(line)["object"]
                if (
                    status["metadata"]["name"] == "color2"
                    and status["metadata"]["generation"] == status["status"]["observedGeneration"]
                    and status["status"].get("updatedReplicas")
                    == status["status"].get("availableReplicas")
                    == status["status"]["replicas"]
                ):
                    break
        pods = ask(f"{west}/api/v1/namespaces/faces/pods")["items"]
        addresses = [each["status"]["podIP"] for each in pods]
        assert len(set(addresses)) == len(addresses)
        endpoints = ask(f"{west}/api/v1/namespaces/faces/endpoints/color2")
        (subset,) = endpoints["subsets"]
        assert {each["ip"] for each in subset["addresses"]} == {
            each["status"]["podIP"]
            for each in pods
            if each["metadata"]["name"].startswith("color2-")
        }


def test_a_watch_from_before_is_told_to_list_again(tmp_path: Path) -> None:
    file = tmp_path / "clusters.json"
    seeds = {"north": ClusterSeed()}
    with start(seeds, keeping=Keeping(file)) as running:
        pods = f"{running.servers['north']}/api/v1/pods"
        version = int(ask(pods)["metadata"]["resourceVersion"])
    with start(seeds, keeping=Keeping(file, resume=True)):
        with urllib.request.urlopen(f"{pods}?watch=1&resourceVersion={version - 1}") as stream:
            assert json.loads(stream.readline())["object"]["code"] == 410
        assert int(ask(pods)["metadata"]["resourceVersion"]) >= version


PARENT = """
import os, sys
from pathlib import Path
from meshpeek.rehearsal.launch import ClusterSeed, Keeping, start
with start({"north": ClusterSeed()}, keeping=Keeping(Path(sys.argv[1]))) as running:
    print(running.servers["north"], flush=True)
    os.read(0, 1)
"""


def test_they_are_kept_when_the_parent_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "clusters.json"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        north = parent.stdout.readline().decode().strip()
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mine"}}
        request = urllib.request.Request(
            f"{north}/api/v1/namespaces",
            json.dumps(namespace).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=PATIENCE).close()
        parent.send_signal(signal.SIGKILL)
    # At once: the old process may still be writing, and the new one has to wait for it.
    with start({"north": ClusterSeed()}, keeping=Keeping(file, resume=True)) as again:
        kept = ask(f"{again.servers['north']}/api/v1/namespaces/mine")
        assert kept["status"]["phase"] == "Active"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_they_are_kept_when_a_signal_ends_them(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "clusters.json"
    with start({"north": ClusterSeed()}, keeping=Keeping(file)) as running:
        os.kill(running.pid, number)
    with start({"north": ClusterSeed()}, keeping=Keeping(file, resume=True)):
        pass


def test_what_was_not_kept_is_said(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path / "clusters.json", resume=True)
    with pytest.raises(RehearsalError, match="was not saved"), start(SEEDS, keeping=keeping):
        pass


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    file = tmp_path / "clusters.json"
    file.write_text('{"clusters": []}')
    with (
        pytest.raises(RehearsalError, match="cannot be read"),
        start(SEEDS, keeping=Keeping(file, resume=True)),
    ):
        pass


def test_other_clusters_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "clusters.json"
    with start({"north": ClusterSeed()}, keeping=Keeping(file)):
        pass
    with (
        pytest.raises(RehearsalError, match="were north, and are now to be south"),
        start({"south": ClusterSeed()}, keeping=Keeping(file, resume=True)),
    ):
        pass
