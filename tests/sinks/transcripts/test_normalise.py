"""What comparing with a transcript overlooks, and what it does not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.sinks.transcripts.normalise import Source, normalise
from meshpeek.workshop.model import Normalisation, NormalisationRule, Replacement

EVERYTHING = Normalisation()
RULES = NormalisationRule
UID = "fb3aaf0f-cb74-4a0a-84f3-a6162ce6ce75"


def texts(output: str, settings: Normalisation = EVERYTHING) -> list[str]:
    return [line.text for line in normalise(output, settings, Source("kubectl get all"))]


@pytest.mark.parametrize(
    ("rule", "one", "other"),
    [
        (RULES.AGES, "NAME   AGE\na   4m\n", "NAME   AGE\na   3d2h\n"),
        (RULES.AGES, "a   Running   <unknown>", "a   Running   12s"),
        (RULES.AGES, "a   Running   1 (2m ago)   5m", "a   Running   1 (3s ago)   2h"),
        (RULES.AGES, "NAME   AGE   X\na   4m   b", "NAME   AGE   X\na   9s   b"),
        (RULES.AGES, "  Warning  (x4 over 10m)", "  Warning  (x4 over 2h)"),
        (RULES.HASHES, "color-6d4b9c8f7-x2x9q", "color-74d8bb8f6c-mnp4z"),
        (RULES.HASHES, "pod-template-hash: 786d45ffcc", "pod-template-hash: 5b577689bc"),
        (RULES.HASHES, "replicaset.apps/face-786d45ffcc", "replicaset.apps/face-5b577689bc"),
        (RULES.ADDRESSES, "to 10.23.1.12:8000,10.23.1.13", "to 10.42.0.7:8000,10.42.0.9"),
        (RULES.PORTS, "https://0.0.0.0:34307", "https://0.0.0.0:40001"),
        (RULES.PORTS, "   80:31234/TCP", "   80:30001/TCP"),
        (RULES.UIDS, f"uid: {UID}", f"uid: {UID.replace('fb3', '001')}"),
        (RULES.UIDS, "http://a/6103e7d1b32507e236a5404c1fbd6137/x", "http://a/deaf32f52a54fe2829a2397fab853733/x"),
        (RULES.RESOURCE_VERSIONS, 'resourceVersion: "213"', 'resourceVersion: "9"'),
        (RULES.RESOURCE_VERSIONS, '{"resourceVersion":"213"}', '{"resourceVersion":"9"}'),
        (RULES.TIMESTAMPS, 'at "2026-11-24T14:17:17Z"', 'at "2023-08-22T01:02:03Z"'),
        (RULES.TIMESTAMPS, "Mon, 02 Jan 2026 15:04:05 -0700", "Tue, 22 Aug 2023 01:02:03 +0200"),
        (RULES.DURATIONS, "done in 1.25s", "done in 0.9s"),
        (RULES.DURATIONS, "real\t0m1.203s", "real\t0m0.004s"),
        (RULES.WIDTHS, "NAME   AGE\na      b", "NAME            AGE\na               b"),
        (RULES.ORDER, "NAME   X\na   1\nb   2", "NAME   X\nb   2\na   1"),
        (RULES.ORDER, "f   1   p   x\nf   2   q   x", "f   2   q   x\nf   1   p   x"),
    ],
)  # fmt: skip
def test_a_rule_makes_equal_what_means_the_same(
    rule: NormalisationRule, one: str, other: str
) -> None:
    assert texts(one) == texts(other)
    without = Normalisation(off=frozenset({rule}))
    assert texts(one, without) != texts(other, without)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("request: 5s", "request: 300ms"),
        ("    timeout: 30s", "    timeout: 10s"),
        ("smiley-east   ClusterIP", "smiley-west   ClusterIP"),
        ("2/2   Running", "1/2   Running"),
        ("a   10.23.1.12:8000   5m", "a   <none>   5m"),
        ("80/TCP", "8080/TCP"),
        ("   80/TCP   x", "   8000/TCP   x"),
        ("generation: 1", "generation: 2"),
        ("weight: 50", "weight: 0"),
        ("  a: 1\n  b: 2", "  b: 2\n  a: 1"),
        ("  indented", "    indented"),
        ("linkerd-destination", "linkerd-identity"),
        ("the first line\nthe second", "the second\nthe first line"),
        ("v1.27.4", "v1.27.5"),
        ("x", "x\ny"),
    ],
)
def test_what_means_something_stays(one: str, other: str) -> None:
    assert texts(one) != texts(other)


def test_addresses_are_kept_beside_the_line() -> None:
    (line,) = normalise("a 10.23.1.12:8000,10.23.1.13:8000 b", EVERYTHING)
    assert line.text == "a <address>:8000,<address>:8000 b"
    assert line.addresses == ("10.23.1.12", "10.23.1.13")


def test_a_workshop_s_own_rules_come_first() -> None:
    own = Normalisation(replacements=(Replacement(re.compile(r"build (\d+)"), r"build <\1>"),))
    assert texts("build 17 in 1.5s", own) == ["build <17> in <duration>"]


@given(st.text())
def test_normalising_bears_anything_and_changes_nothing_the_second_time(output: str) -> None:
    once = texts(output)
    assert texts("".join(f"{line}\n" for line in once)) == once
