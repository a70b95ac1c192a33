"""What a workshop's clusters are seeded with: from its front matter and its commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshpeek.session.rehearsals import read_seeds, with_rehearsed_contexts
from meshpeek.workshop.loading import load_workshop
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


@pytest.mark.parametrize(
    ("files", "contexts"),
    [
        ({"w.md": "kubectl get ns"}, ["default"]),
        ({"w.md": "kubectl --context b get ns; kubectl --context a get ns"}, ["b", "a"]),
        ({"w.md": "bash s.sh", "s.sh": "kubectl --context a get ns\n"}, ["a"]),
        ({"w.md": "bash s.sh", "s.sh": "bash t.sh", "t.sh": "kubectx a; bash s.sh"}, ["a"]),
        ({"w.md": "kubectx a\n$SHELL v.md", "v.md": "kubectl --context b get ns"}, ["a", "b"]),
        ({"w.md": "$SHELL v.md", "v.md": "$SHELL w.md"}, ["default"]),
        ({"w.md": "bash missing.sh; kubectx a"}, ["a"]),
        ({"w.md": "bash s.sh; kubectx a", "s.sh": "k3d cluster create $1"}, []),
    ],
)
def test_contexts_of_a_workshop_that_lists_none(
    files: dict[str, str], contexts: list[str], tmp_path: Path
) -> None:
    for name, code in files.items():
        text = f"```bash\n{code}\n```\n" if name.endswith(".md") else code
        (tmp_path / name).write_text(text)
    workshop = with_rehearsed_contexts(load_workshop(tmp_path / "w.md", {}))
    assert [each.name for each in workshop.front_matter.contexts] == contexts


def test_contexts_that_are_listed_or_chosen_come_first(tmp_path: Path) -> None:
    path = tmp_path / "w.md"
    path.write_text(
        "---\nmeshpeek: {contexts: [a]}\n---\n```bash\nkubectl --context b get ns\n```\n"
    )
    workshop = load_workshop(path, {})
    assert with_rehearsed_contexts(workshop) is workshop
    chosen = with_rehearsed_contexts(workshop, ("c", "d"))
    assert [each.name for each in chosen.front_matter.contexts] == ["c", "d"]
