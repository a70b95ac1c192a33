"""What makes clusters in a rehearsal: k3d, kind, minikube, civo, and docker's part in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from meshpeek.rehearsal.launch import kubeconfig_text, start
from meshpeek.rehearsal.stand_ins.cluster_makers import (
    CONTROL_VARIABLE,
    civo,
    control,
    docker,
    k3d,
    kind,
    minikube,
)

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start({}) as running:
        yield running.control


@pytest.fixture
def run(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return what runs a command line: its exit status, and all that it prints."""
    monkeypatch.setenv(CONTROL_VARIABLE, url)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.delenv("KIND_CLUSTER_NAME", raising=False)
    (tmp_path / "kubeconfig").write_text(kubeconfig_text({}, "none"))
    tools = {"civo": civo, "docker": docker, "k3d": k3d, "kind": kind, "minikube": minikube}

    def run_line(line: str) -> tuple[int, str]:
        name, *arguments = line.split()
        status = tools[name].main(arguments)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    yield run_line
    for name in control.clusters():
        control.delete(name)


def contexts(tmp_path: Path) -> tuple[list[str], str]:
    config = yaml.safe_load((tmp_path / "kubeconfig").read_text())
    return [each["name"] for each in config["contexts"]], config["current-context"]


@pytest.mark.parametrize(
    ("make", "context", "current", "node", "end"),
    [
        ("k3d cluster create", "k3d-k3s-default", True, "k3d-k3s-default-server-0",
         "k3d cluster delete"),
        ("k3d cluster create --wait -p 80:80@loadbalancer --k3s-arg --disable=x a", "k3d-a", True,
         "k3d-a-server-0", "k3d cluster delete a"),
        ("k3d cluster create a --kubeconfig-switch-context=false", "k3d-a", False, "k3d-a-server-0",
         "k3d cluster delete --all"),
        ("kind create cluster", "kind-kind", True, "kind-control-plane", "kind delete cluster"),
        ("kind create cluster --name a --wait 5m", "kind-a", True, "a-control-plane",
         "kind delete cluster --name=a"),
        ("minikube start", "minikube", True, "minikube", "minikube delete"),
        ("minikube start -p a --memory 4g", "a", True, "k3d-a-server-0", "minikube delete -p a"),
        ("civo kubernetes create --save --switch a", "a", True, "k3d-a-server-0", "civo k3s rm a"),
    ],
)  # fmt: skip
def test_a_cluster_comes_and_goes(
    run: Run, tmp_path: Path, make: str, context: str, current: bool, node: str, end: str
) -> None:
    assert run(make)[0] == 0
    assert contexts(tmp_path) == ([context], context if current else "none")
    assert list(control.clusters()) == [context]
    assert run("docker ps")[1].split() == ["NAMES", node]
    assert run(make)[0] == int(not make.startswith("minikube"))  # that one starts it again
    assert run(end)[0] == 0
    assert contexts(tmp_path) == ([], "" if current else "none")
    assert not control.clusters()


def test_k3d_tells_of_its_clusters(run: Run, tmp_path: Path) -> None:
    run("k3d cluster create a")
    run("kind create cluster")
    assert run("k3d cluster list --no-headers")[1].split() == ["a", "1/1", "0/0", "true"]
    assert run("k3d cluster get b") == (1, "FATA[0000] No nodes found for given cluster\n")
    run("k3d cluster stop a")
    (listed,) = json.loads(run("k3d cluster list -o json")[1])
    assert (listed["name"], listed["serversRunning"]) == ("a", 0)
    run("k3d cluster start a")
    assert run("k3d cluster ls a")[1].split()[4:] == ["a", "1/1", "0/0", "true"]
    assert run("k3d kubeconfig write a") == (0, f"{tmp_path / 'kubeconfig'}\n")
    assert yaml.safe_load(run("k3d kubeconfig get a")[1])["current-context"] == "k3d-a"
    assert run("k3d image import x:1 -c a")[0] == 0


def test_kind_tells_of_its_clusters(run: Run) -> None:
    assert run("kind get clusters") == (0, "No kind clusters found.\n")
    run("kind create cluster --name a")
    assert run("kind get clusters") == (0, "a\n")
    assert run("kind get nodes -n a") == (0, "a-control-plane\n")
    assert yaml.safe_load(run("kind get kubeconfig --name a")[1])["current-context"] == "kind-a"
    assert run("kind get kubeconfig")[0] == 1


@pytest.mark.parametrize("line", ["k3d cluster create --config", "kind create cluster --config"])
def test_a_name_in_a_file(run: Run, tmp_path: Path, line: str) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text("name: named\nmetadata: {name: named}\n")
    assert run(f"{line} {file}")[0] == 0
    (made,) = control.clusters()
    assert made.partition("-")[2] == "named"


def test_the_status_of_minikube(run: Run) -> None:
    assert run("minikube status")[0] == 85
    run("minikube start")
    assert "apiserver: Running" in run("minikube status")[1]
    run("minikube stop")
    status, text = run("minikube status")
    assert (status, "apiserver: Stopped" in text) == (7, True)


def test_networks_and_routes(run: Run) -> None:
    assert run("docker network inspect net")[0] == 1
    assert run("docker network create net --subnet 10.0.0.0/8") == (0, "net\n")
    assert run("docker network create net")[0] == 1
    assert run("docker network ls -q")[1].split() == ["bridge", "host", "none", "net"]
    run("k3d cluster create a --network net")
    route = "ip route replace 10.1.0.0/16 via 172.18.0.2"
    assert run(f"docker exec k3d-a-server-0 {route}") == (0, "")
    assert run(f"docker exec -it k3d-b-server-0 {route}")[0] == 1
    assert run("docker exec k3d-a-server-0 sh")[0] == 1
    assert run("docker network rm net") == (0, "net\n")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "docker run alpine",
            "a rehearsal has no `docker run alpine`; it has docker",
        ),
        ("k3d cluster create --nonsense a", "unrecognized arguments: --nonsense"),
        ("k3d cluster create --image", "flag needs an argument: --image"),
        ("k3d", "a rehearsal has no `k3d nothing`"),
        ("kind load docker-image x --name b", "could not locate any control plane nodes"),
    ],
)
def test_what_is_not_there_is_told(run: Run, line: str, told: str) -> None:
    status, text = run(line)
    assert status == 1
    assert told in text


def test_outside_of_a_rehearsal_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(CONTROL_VARIABLE, raising=False)
    assert k3d.main(["cluster", "create"]) == 1
    assert "cannot be changed from here" in capsys.readouterr().err
