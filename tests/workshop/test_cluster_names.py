"""The clusters that commands name, and those that they make."""

from __future__ import annotations

import pytest

from meshpeek.workshop.cluster_access.cluster_names import find_cluster_names, find_files


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("kubectl get ns", ()),
        ("kubectl --context one get ns; kubectl get ns --context=two", ("one", "two")),
        ("helm --kube-context one list", ("one",)),
        ("if true; then kubectl config use-context one; fi", ("one",)),
        ("kubectl config rename-context old new\nkubectl --context new get ns", ("old",)),
        ("kubectx one; kubectx two=one; kubectx -; kubectl --context two get ns", ("one",)),
        ("kubectl config set-context new --cluster=a --user=b; kubectx new", ()),
        ("kubectl config set-context one --namespace=x; kubectl --context one get po", ("one",)),
        ("echo kubectl config use-context one", ()),
        ("kubectl --context $CTX get ns", ()),
        ("docker --context desktop ps", ()),
        ("kubectl config use-context", ()),
    ],
)
def test_contexts_that_have_to_be_there(text: str, needed: tuple[str, ...]) -> None:
    assert find_cluster_names(text).needed == needed


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("k3d cluster create", "k3d-k3s-default"),
        ("k3d cluster create one -p 80:80@loadbalancer", "k3d-one"),
        ("k3d cluster create --wait --agents 2 --image=x one", "k3d-one"),
        ("sudo k3d cluster create 'one'", "k3d-one"),
        ("run_quietly make k3d cluster create one", "k3d-one"),
        ("kind create cluster", "kind-kind"),
        ("kind create cluster --config k.yaml --name one", "kind-one"),
        ("kind create cluster --name=one", "kind-one"),
        ("minikube start", "minikube"),
        ("minikube start -p one --memory 4g", "one"),
        ("minikube --profile=one start", "one"),
        ("civo kubernetes create one --save --merge --wait", "one"),
    ],
)
def test_clusters_that_are_made(text: str, made: str) -> None:
    found = find_cluster_names(f"{text}\nkubectl --context {made} get ns")
    assert found.made == {made}
    assert found.makes_clusters
    assert found.needed == ()
    assert not found.makes_others


@pytest.mark.parametrize(
    "text",
    [
        'for c in one two; do k3d cluster create "$c"; done',
        "k3d cluster create -c cluster.yaml",
        'kind create cluster --name "$NAME"',
        'kubectl config rename-context "k3d-$1" "$1"',
    ],
)
def test_names_that_only_the_shell_knows(text: str) -> None:
    found = find_cluster_names(f"{text}; kubectl --context one get ns")
    assert found.makes_others
    assert found.needed == ()


@pytest.mark.parametrize(
    "text", ["k3d cluster list", "k3d cluster delete one", "kind get clusters"]
)
def test_what_makes_no_cluster(text: str) -> None:
    assert not find_cluster_names(text).makes_clusters


def test_files_that_commands_may_run() -> None:
    text = 'bash "set up.sh" && ./b.sh; $SHELL next.md; cat $X.md notes.txt'
    assert find_files(text, (".sh", ".md")) == ["set up.sh", "./b.sh", "next.md"]
