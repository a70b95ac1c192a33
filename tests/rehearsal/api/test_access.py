"""Tokens, and the reviews that tell who somebody is and what they may do."""

from __future__ import annotations

import pytest

from tests.rehearsal.in_memory import InMemory

ACCOUNTS = "/api/v1/namespaces/faces/serviceaccounts"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
WHO = "/apis/authentication.k8s.io/v1beta1/selfsubjectreviews"


@pytest.fixture
def north() -> InMemory:
    north = InMemory()
    north.ok("POST", ACCOUNTS, {"metadata": {"name": "bot"}})
    return north


def token_of(north: InMemory) -> str:
    made = north.ok("POST", f"{ACCOUNTS}/bot/token", {"spec": {"expirationSeconds": 600}})
    assert made["kind"] == "TokenRequest"
    assert made["status"]["expirationTimestamp"] == "2023-08-22T12:10:00Z"
    return str(made["status"]["token"])


def test_a_token_stands_for_its_account(north: InMemory) -> None:
    review = north.ok("POST", REVIEWS, {"spec": {"token": token_of(north)}})
    assert review["status"]["authenticated"]
    assert review["status"]["user"]["username"] == "system:serviceaccount:faces:bot"
    headers = {"authorization": f"Bearer {token_of(north)}"}
    who = north.ok("POST", WHO, {}, "application/json", headers)
    assert who["status"]["userInfo"]["username"] == "system:serviceaccount:faces:bot"


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_other_tokens_stand_for_nobody(north: InMemory, token: str) -> None:
    review = north.ok("POST", REVIEWS, {"spec": {"token": token}})
    assert "authenticated" not in review["status"]
    headers = {"authorization": f"Bearer {token}"}
    who = north.ok("POST", WHO, {}, "application/json", headers)
    assert who["status"]["userInfo"]["username"] == "meshpeek:rehearsal"


def test_a_token_ends_with_its_account(north: InMemory) -> None:
    token = token_of(north)
    north.ok("DELETE", f"{ACCOUNTS}/bot")
    north.ok("POST", ACCOUNTS, {"metadata": {"name": "bot"}})
    review = north.ok("POST", REVIEWS, {"spec": {"token": token}})
    assert "authenticated" not in review["status"]


@pytest.mark.parametrize("seconds", [1, 1 << 33, "long"])
def test_lifetimes_that_are_refused(north: InMemory, seconds: object) -> None:
    north.refused(422, "POST", f"{ACCOUNTS}/bot/token", {"spec": {"expirationSeconds": seconds}})


def test_everybody_may_do_everything(north: InMemory) -> None:
    for place in ("subjectaccessreviews", "namespaces/faces/localsubjectaccessreviews"):
        url = f"/apis/authorization.k8s.io/v1/{place}"
        assert north.ok("POST", url, {"spec": {"user": "anna"}})["status"]["allowed"]
