"""Kubeconfigs are written as kubectl writes them, and read as client-go reads them."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.kubeconfig_format import (
    InvalidKubeconfigError,
    KubeconfigContext,
    dump_kubeconfig,
    find_context,
    load_kubeconfig,
    servers_of,
)

EAST = KubeconfigContext("east", "k3d-east", "http://127.0.0.1:1/e", "admin", "t0ken")
TEXT = """\
apiVersion: v1
clusters:
- cluster:
    server: "http://127.0.0.1:1/e"
  name: "k3d-east"
- cluster:
    server: "http://127.0.0.1:1/w"
  name: "k3d-west"
contexts:
- context:
    cluster: "k3d-east"
    user: "admin"
  name: "east"
- context:
    cluster: "k3d-west"
    user: "nobody"
  name: "west: \\"far\\""
current-context: "east"
kind: Config
preferences: {}
users:
- name: "admin"
  user:
    token: "t0ken"
- name: "nobody"
  user: {}
"""


def test_what_is_written_is_read() -> None:
    west = KubeconfigContext('west: "far"', "k3d-west", "http://127.0.0.1:1/w", "nobody")
    text = dump_kubeconfig([EAST, west], "east")
    assert text == TEXT
    config = load_kubeconfig(text)
    assert find_context([config]) == (*EAST[:3], "", "")
    assert find_context([config], west.name) == (*west[:3], "", "")
    assert servers_of([config, config]) == [EAST.server, west.server]


def test_several_contexts_may_share_a_user() -> None:
    other = KubeconfigContext("other", "other", "http://127.0.0.1:1/o", "admin", "t0ken")
    config = load_kubeconfig(dump_kubeconfig([EAST, other], ""))
    assert config["users"] == [{"name": "admin", "user": {"token": "t0ken"}}]


def test_the_first_of_several_counts() -> None:
    first = load_kubeconfig(dump_kubeconfig([EAST], ""))
    other = EAST._replace(cluster="elsewhere", server="http://127.0.0.1:1/x")
    second = load_kubeconfig(dump_kubeconfig([other], "east"))
    assert find_context([first, second]).server == EAST.server
    assert find_context([second, first]).server == other.server


@pytest.mark.parametrize("text", ["[]", "text", "contexts: ["])
def test_what_is_not_a_kubeconfig(text: str) -> None:
    with pytest.raises(InvalidKubeconfigError):
        load_kubeconfig(text)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "invalid configuration: no configuration has been provided, "),
        ({"current-context": "a"}, 'context "a" does not exist'),
        ({"current-context": "a", "contexts": 1}, 'context "a" does not exist'),
        ({"current-context": "a", "contexts": [1, {"name": "b"}]}, 'context "a" does not exist'),
        (
            {"current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "c"}}]},
            'cluster "c" does not exist',
        ),
    ],
)
def test_a_context_that_is_not_there(config: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidKubeconfigError) as caught:
        find_context([config])
    assert str(caught.value).startswith(message)


def test_an_empty_kubeconfig_has_no_servers() -> None:
    assert servers_of([load_kubeconfig(""), {"clusters": [{"cluster": {"server": 1}}, 2]}]) == []
