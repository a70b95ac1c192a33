"""Our scripts, run for real in a rehearsal, make clusters that are as `--rehearse` begins."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from meshpeek.rehearsal.launch import ClusterSeed, equip, start
from meshpeek.rehearsal.types.objects import Object

REPOSITORY = Path(__file__).parents[2]
MANIFESTS = REPOSITORY / "k8s"
EXPORTED = "mirror.linkerd.io/exported"
NAMES = ("north", "east", "west")
SEEDS = {
    "north": ClusterSeed((MANIFESTS / "north", MANIFESTS / "emissary"), ("east", "west")),
    "east": ClusterSeed((MANIFESTS / "east",)),
    "west": ClusterSeed((MANIFESTS / "west",)),
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("openssl") or shutil.which("step")), reason="needs openssl or step"
    ),
]


class Machine:
    """A machine without clusters, and what a person at its terminal needs."""

    def __init__(self, directory: Path, control: str) -> None:
        session = directory / "session"
        session.mkdir()
        environment = equip(session, {}, control=control).environment
        certificates = {"CERTIFICATES": str(directory / "certificates")}
        self._environment = {**os.environ, **environment, **certificates}

    def server(self, context: str) -> str:
        view = ("--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
        return self.run("kubectl", "--context", context, "config", "view", *view).stdout

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=REPOSITORY,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with start({}) as running:
        yield Machine(tmp_path_factory.mktemp("machine"), running.control)


@pytest.fixture(scope="module")
def first_run(machine: Machine) -> subprocess.CompletedProcess[str]:
    created = machine.run("bash", "create-clusters.sh")
    assert (created.returncode, created.stderr) == (0, "")
    assert "==> east: route to the pods of north, 10.23.0.0/24 via 172.18.0.2" in created.stdout
    return machine.run("bash", "setup-demo.sh")


def test_it_succeeds_and_says_what_it_is_on(
    first_run: subprocess.CompletedProcess[str],
) -> None:
    assert (first_run.returncode, first_run.stderr) == (0, "")
    *lines, last = first_run.stdout.splitlines()
    assert all(line.startswith("==> ") for line in lines)
    assert "==> north: linking to east at 172.18.0.4" in lines
    assert "rehearsal clusters" in last


@pytest.fixture(scope="module")
def seeded() -> Iterator[Mapping[str, str]]:
    with start(SEEDS) as running:
        yield running.servers


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_where_a_rehearsal_begins(
    machine: Machine,
    seeded: Mapping[str, str],
    first_run: subprocess.CompletedProcess[str],
    name: str,
) -> None:
    assert first_run.returncode == 0, first_run.stderr
    made, begun = state(machine.server(name)), state(seeded[name])
    assert sorted(made) == sorted(begun)
    assert [
        each for name, obj in begun.items() for each in differences(made[name], obj, name)
    ] == []


def test_the_workshop_s_changes_are_put_back(
    machine: Machine,
    seeded: Mapping[str, str],
    first_run: subprocess.CompletedProcess[str],
) -> None:
    assert first_run.returncode == 0, first_run.stderr
    for line in (
        "kubectl --context north apply -f k8s/canary/color-canary.yaml",
        f"kubectl --context west -n faces label svc/color2 {EXPORTED}=remote-discovery",
        "kubectl --context north -n faces delete deployment color",
    ):
        changed = machine.run(*line.split())
        assert changed.returncode == 0, changed.stderr
    again = machine.run("bash", "setup-demo.sh")
    assert (again.returncode, again.stderr) == (0, "")
    for name in NAMES:
        assert sorted(state(machine.server(name))) == sorted(state(seeded[name]))


def differences(one: Any, other: Any, place: str) -> Iterator[str]:
    """Yield where two values differ, and in what."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from differences(one[name], other[name], f"{place}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{place}[{number}]")
    elif one != other:
        yield f"{place}: {one!r}, and in a rehearsal {other!r}"


def state(server: str) -> dict[str, Object]:
    """Return all objects of a cluster but its Events, normalised, by kind, namespace and name."""
    found = {}
    for path in list_paths(server):
        for obj in fetch(f"{server}{path}")["items"]:
            obj = normalised(obj)
            metadata = obj["metadata"]
            identity = f"{path} {metadata.get('namespace', '')}/{metadata['name']}"
            while identity in found:
                identity += "'"  # the Pods of a ReplicaSet, whose names are now the same
            found[identity] = obj
    return found


def list_paths(server: str) -> Iterator[str]:
    """Yield where each kind is listed: once, though a kind may have several versions."""
    places = ["/api/v1"]
    for group in fetch(f"{server}/apis")["groups"]:
        places.append(f"/apis/{group['preferredVersion']['groupVersion']}")
    for place in places:
        for resource in fetch(f"{server}{place}")["resources"]:
            is_listed = "list" in resource["verbs"] and "/" not in resource["name"]
            if is_listed and resource["kind"] != "Event":
                yield f"{place}/{resource['name']}"


def fetch(url: str) -> Any:
    with urllib.request.urlopen(url) as reply:
        return json.load(reply)


TOLD_APART_BY = ("uid", "resourceVersion", "creationTimestamp", "managedFields")
"""Metadata that differs between any two objects."""

VARYING = {
    "a certificate or key": re.compile(r"-----BEGIN [^-]+-----.*?-----END [^-]+-----", re.S),
    "a time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    "a pod's address": re.compile(r"10\.23\.\d+\.\d+(?!/)"),
    "a Service's address, by the name of its cluster": re.compile(r"10\.43\.\d+\.\d+"),
    "a token, or a container's or image's hash": re.compile(r"[0-9a-f]{64}"),
    "a random name": re.compile(r"(?<=-)[bcdfghjklmnpqrstvwxz2456789]{5}$"),
}
"""Texts that differ between any two clusters."""

BINARY = {"kubeconfig", "token", "crt.pem", "key.pem", "linkerd-config-overrides"}
"""Keys of Secrets that hold such texts."""

OF_ANOTHER_OBJECT = {
    "uid",
    "kubernetes.io/service-account.uid",
    "mirror.linkerd.io/remote-resource-version",
}
"""Fields and annotations that hold another object's uid or version."""


def normalised(obj: Object) -> Object:
    """Return `obj` without what cannot be the same in two clusters."""
    metadata = {k: v for k, v in obj["metadata"].items() if k not in TOLD_APART_BY}
    if "endpointslice.kubernetes.io/managed-by" in metadata.get("labels", {}):
        # It counts how often addresses came: of two Pods that got ready together, once.
        metadata.pop("generation")
    plain: Object = hidden({**obj, "metadata": metadata})
    return plain


def hidden(value: Any, key: str = "") -> Any:
    """Return a value with what varies hidden; `key` is where it stands."""
    if isinstance(value, dict):
        return {name: hidden(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [hidden(each) for each in value]
    if key == "nodePort":
        return "*"  # by the name of the cluster, too
    if not isinstance(value, str):
        return value
    if key in OF_ANOTHER_OBJECT:
        return "*"
    if key in BINARY:
        value = base64.b64decode(value).decode()
    if value.startswith('{"apiVersion"'):
        return hidden(json.loads(value))
    for pattern in VARYING.values():
        value = pattern.sub("*", value)
    return value
