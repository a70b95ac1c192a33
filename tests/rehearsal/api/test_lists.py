"""Lists in chunks and at versions: every chunk shows the moment of the first one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from meshpeek.rehearsal.store.store import HISTORY_LENGTH
from meshpeek.rehearsal.types.keys import EVENTS
from tests.rehearsal.in_memory import InMemory

CONFIG_MAPS = "/api/v1/namespaces/faces/configmaps"
MERGE_PATCH = "application/merge-patch+json"


@pytest.fixture
def north() -> InMemory:
    north = InMemory()
    for name in "abcd":
        north.ok("POST", CONFIG_MAPS, {"metadata": {"name": name}, "data": {"text": "old"}})
    return north


def texts(page: Any) -> list[tuple[str, str]]:
    return [(item["metadata"]["name"], item["data"]["text"]) for item in page["items"]]


def change_everything(north: InMemory) -> None:
    north.ok("POST", CONFIG_MAPS, {"metadata": {"name": "e"}, "data": {"text": "new"}})
    north.ok("PATCH", f"{CONFIG_MAPS}/c", {"data": {"text": "new"}}, MERGE_PATCH)
    north.ok("DELETE", f"{CONFIG_MAPS}/d")


def fill_history(north: InMemory) -> None:
    for number in range(HISTORY_LENGTH + 1):
        event = {"metadata": {"name": f"e{number}", "namespace": "faces"}}
        north.cluster.store.create(EVENTS, event)


def test_chunks_show_the_moment_of_the_first(north: InMemory) -> None:
    first = north.ok("GET", f"{CONFIG_MAPS}?limit=2")
    change_everything(north)
    token = first["metadata"]["continue"]
    second = north.ok("GET", f"{CONFIG_MAPS}?limit=2&continue={token}")
    assert texts(first) + texts(second) == [(name, "old") for name in "abcd"]
    assert second["metadata"] == {"resourceVersion": first["metadata"]["resourceVersion"]}


def test_what_is_left_is_told_without_a_selector_only(north: InMemory) -> None:
    assert north.ok("GET", f"{CONFIG_MAPS}?limit=3")["metadata"]["remainingItemCount"] == 1
    selected = north.ok("GET", f"{CONFIG_MAPS}?limit=1&labelSelector=!none")["metadata"]
    assert "continue" in selected
    assert "remainingItemCount" not in selected


def test_a_chunk_out_of_history_is_gone_but_comes_with_a_token_for_the_rest(
    north: InMemory,
) -> None:
    token = north.ok("GET", f"{CONFIG_MAPS}?limit=2")["metadata"]["continue"]
    change_everything(north)
    fill_history(north)
    status = north.refused(410, "GET", f"{CONFIG_MAPS}?limit=2&continue={token}")
    assert status["reason"] == "Expired"
    assert status["message"].startswith("The provided continue parameter is too old")
    rest = north.ok("GET", f"{CONFIG_MAPS}?limit=2&continue={status['metadata']['continue']}")
    assert texts(rest) == [("c", "new"), ("e", "new")]


def token_of(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "%C3%A9",
        token_of(5),
        token_of({"a": 1}),
        token_of([1, "faces"]),
        token_of([-1, "faces", "a"]),
        token_of(["1", "faces", "a"]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_malformed_tokens_are_refused(north: InMemory, token: str) -> None:
    status = north.refused(400, "GET", f"{CONFIG_MAPS}?limit=2&continue={token}")
    wanted = "invalid continue token: continue key is not valid"
    assert status["message"].startswith(wanted)


def test_a_token_of_the_future_is_refused(north: InMemory) -> None:
    north.refused(504, "GET", f"{CONFIG_MAPS}?continue={token_of([99999, 'faces', 'a'])}")


def test_lists_at_versions(north: InMemory) -> None:
    before = north.ok("GET", CONFIG_MAPS)
    version = before["metadata"]["resourceVersion"]
    change_everything(north)
    exact = north.ok("GET", f"{CONFIG_MAPS}?resourceVersion={version}&resourceVersionMatch=Exact")
    assert exact == before
    in_chunks = north.ok("GET", f"{CONFIG_MAPS}?resourceVersion={version}&limit=500")
    assert in_chunks == before
    for query in (
        "",
        "resourceVersion=0",
        f"resourceVersion={version}",
        f"resourceVersion={version}&resourceVersionMatch=NotOlderThan&limit=500",
    ):
        present = north.ok("GET", f"{CONFIG_MAPS}?{query}")
        assert texts(present) == [("a", "old"), ("b", "old"), ("c", "new"), ("e", "new")]


def test_versions_out_of_reach_are_refused(north: InMemory) -> None:
    future = north.refused(504, "GET", f"{CONFIG_MAPS}?resourceVersion=99999")
    assert future["reason"] == "Timeout"
    assert future["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
    fill_history(north)
    gone = north.refused(410, "GET", f"{CONFIG_MAPS}?resourceVersion=3&resourceVersionMatch=Exact")
    assert gone["reason"] == "Expired"


@pytest.mark.parametrize(
    ("code", "query"),
    [
        (422, "resourceVersionMatch=Exact"),
        (422, "resourceVersionMatch=NotOlderThan"),
        (422, "resourceVersion=3&resourceVersionMatch=Newer"),
        (422, "resourceVersion=0&resourceVersionMatch=Exact"),
        (400, "resourceVersion=three"),
        (400, "resourceVersion=-1"),
        (400, "limit=all"),
        (400, "watch=true&timeoutSeconds=soon"),
    ],
)
def test_options_that_make_no_sense_are_refused(north: InMemory, code: int, query: str) -> None:
    north.refused(code, "GET", f"{CONFIG_MAPS}?{query}")


def test_a_chunk_names_no_version_of_its_own(north: InMemory) -> None:
    token = north.ok("GET", f"{CONFIG_MAPS}?limit=2")["metadata"]["continue"]
    status = north.refused(400, "GET", f"{CONFIG_MAPS}?continue={token}&resourceVersion=3")
    assert "not allowed when using continue" in status["message"]


def test_a_list_can_be_of_one_object_by_its_name(north: InMemory) -> None:
    found = north.ok("GET", f"{CONFIG_MAPS}?fieldSelector=metadata.name%3Db")
    assert texts(found) == [("b", "old")]
    everywhere = north.ok(
        "GET", "/api/v1/configmaps?fieldSelector=metadata.namespace!%3Dfaces,metadata.name%3Db"
    )
    assert texts(everywhere) == []


def test_a_malformed_selector_is_refused_in_the_words_of_a_real_cluster(north: InMemory) -> None:
    said = north.refused(400, "GET", f"{CONFIG_MAPS}?labelSelector=a%20b")
    assert said["message"] == (
        "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"
    )
