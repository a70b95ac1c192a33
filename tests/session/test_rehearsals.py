"""What a workshop's clusters are seeded with: from its front matter and its commands."""

from __future__ import annotations

import pytest

from meshpeek.session.rehearsals import read_seeds
from meshpeek.workshop.parse import parse


def commands(*lines: str) -> dict[str, list[str]]:
    """Return the commands on each cluster, words joined, of a workshop with these lines."""
    code = "\n".join(lines)
    text = f"---\nmeshpeek: {{contexts: [north, east]}}\n---\n```bash\n{code}\n```\n"
    seeds = read_seeds(parse(text, "w.md", lambda path: path))
    return {name: [" ".join(words) for words in seed.commands] for name, seed in seeds.items()}


def test_each_cluster_has_the_commands_that_name_it_and_those_that_name_none() -> None:
    found = commands("kubectl --context north get pods", "linkerd check", "linkerd check")
    assert found == {
        "north": ["kubectl --context north get pods", "linkerd check"],
        "east": ["linkerd check"],
    }
    assert commands("kubectl --context south get ns") == {"north": [], "east": []}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("A=b C='d e' linkerd check", ["linkerd check"]),
        ("A=b", []),
        (
            "if linkerd check | grep -q x; then kubectl get ns; fi",
            ["linkerd check", "grep -q x", "kubectl get ns"],
        ),
        ("echo $(linkerd version)", ["echo", "linkerd version"]),
        (
            "watch -n 1 linkerd check",
            [
                "watch -n 1 linkerd check",
                "-n 1 linkerd check",
                "1 linkerd check",
                "linkerd check",
                "check",
            ],
        ),
        (
            "bash -c 'A=b linkerd check; true'",
            [
                "bash -c A=b linkerd check; true",
                "-c A=b linkerd check; true",
                "linkerd check",
                "true",
            ],
        ),
        (
            "eval '\n  kubectl get ns\n\n  linkerd check\n'",
            [
                "eval \n  kubectl get ns\n\n  linkerd check\n",
                "kubectl get ns",
                "linkerd check",
            ],
        ),
        (
            "sh -c 'linkerd check; )'",
            ["sh -c linkerd check; )", "-c linkerd check; )", "linkerd check"],
        ),
    ],
)
def test_the_commands_in_a_line(line: str, found: list[str]) -> None:
    assert commands(line)["north"] == found
