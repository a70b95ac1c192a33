"""What `meshpeek mutate` does to a workshop: each row is a mistake that somebody might make."""

from __future__ import annotations

import difflib

import pytest

from meshpeek.workshop.mutations import Mutation, choose, manifests_of, mutate
from meshpeek.workshop.parse import parse

SCRIPT = """---
meshpeek:
  contexts: [north, east]
  rehearsal:
    north: {manifests: [k8s/north], links: [east]}
    east: {manifests: [k8s/east]}
---
<!-- @SHOW -->

# Title

<!-- @# meshpeek: until 30s -->
<!-- meshpeek: expect labeled -->

```bash
kubectl --context north -n faces label svc/color mirror=enabled --overwrite
```

Text.

<!-- meshpeek: patch [{"op": "replace", "path": "/spec/rules/0/timeout", "value": "300ms"}] -->

```bash
kubectl --context=east edit route
## meshpeek: exit 1
kubectl get pods
kubectl scale deployment color --replicas=2
```
"""
MANIFEST = """apiVersion: v1
kind: Service
metadata:
  name: color
  namespace: faces
  labels:
    unused: x
  annotations:
    inject: enabled
spec:
  selector:
    app: color
  ports:
    - port: 80
      targetPort: http
---
kind: Route
metadata: {name: split}
spec:
  replicas: 2
  backendRefs:
    - name: color
      weight: 50
  timeouts: {request: 5s}
  env:
    - {name: TARGET, value: color}
---
kind: CustomResourceDefinition
metadata:
  name: things
"""


def mutations() -> list[Mutation]:
    workshop = parse(SCRIPT, "w.md", lambda path: pytest.fail(path))
    return list(mutate(workshop, {"w.md": SCRIPT}, {"k.yaml": MANIFEST}))


def changes(mutation: Mutation) -> tuple[str, ...]:
    before = SCRIPT if mutation.path == "w.md" else MANIFEST
    lines = difflib.ndiff(before.splitlines(), mutation.text.splitlines())
    return tuple(f"{line[0]}{line[2:].strip()}" for line in lines if line[0] in "-+")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("link", ("-north: {manifests: [k8s/north], links: [east]}",
                  "+north: {manifests: [k8s/north], links: []}")),
        ("manifest", ("-east: {manifests: [k8s/east]}", "+east: {manifests: []}")),
        ("context", ("-kubectl --context=east edit route", "+kubectl --context=north edit route")),
        ("context", ("-kubectl --context=east edit route", "+kubectl edit route")),
        ("namespace",
         ("-kubectl --context north -n faces label svc/color mirror=enabled --overwrite",
          "+kubectl --context north label svc/color mirror=enabled --overwrite")),
        ("label",
         ("-kubectl --context north -n faces label svc/color mirror=enabled --overwrite",
          "+kubectl --context north -n faces label svc/color mirror=enablex --overwrite")),
        ("name",
         ("-kubectl --context north -n faces label svc/color mirror=enabled --overwrite",
          "+kubectl --context north -n faces label svc/colox mirror=enabled --overwrite")),
        ("option",
         ("-kubectl --context north -n faces label svc/color mirror=enabled --overwrite",
          "+kubectl --context north -n faces label svc/color mirror=enabled")),
        ("replicas", ("-kubectl scale deployment color --replicas=2",
                      "+kubectl scale deployment color --replicas=1")),
        ("command", ("-kubectl scale deployment color --replicas=2",)),
        ("order", ("+kubectl scale deployment color --replicas=2",
                   "-kubectl scale deployment color --replicas=2")),
        ("wait", ("-<!-- @# meshpeek: until 30s -->",)),
        ("exit status", ("-## meshpeek: exit 1",)),
        ("directive", ("-<!-- @SHOW -->",)),
        ("label", ("-unused: x",)),
        ("label", ("-app: color",)),
        ("label", ("-app: color", "+app: colox")),
        ("annotation", ("-inject: enabled",)),
        ("port", ("-- port: 80", "+- port: 81")),
        ("port", ("-targetPort: http", "+targetPort: httx")),
        ("namespace", ("-namespace: faces", "+namespace: default")),
        ("name", ("-name: color", "+name: colox")),
        ("reference", ("-- name: color", "+- name: colox")),
        ("weight", ("-weight: 50", "+weight: 0")),
        ("replicas", ("-replicas: 2", "+replicas: 1")),
        ("timeout", ("-timeouts: {request: 5s}", "+timeouts: {request: 10s}")),
        ("timeout", ("-timeouts: {request: 5s}", "+timeouts: {}")),
        ("environment", ("-- {name: TARGET, value: color}", "+- {name: TARGET, value: colox}")),
    ],
)  # fmt: skip
def test_a_mistake_is_made(kind: str, expected: tuple[str, ...]) -> None:
    assert (kind, expected) in {(each.kind, changes(each)) for each in mutations()}


def test_settings_in_a_comment_are_mutated_too() -> None:
    _, settings, rest = SCRIPT.split("---\n")
    text = f"<!-- meshpeek:\n{settings.partition(chr(10))[2].replace('  ', '')}-->\n{rest}"
    text = text.replace("north: {m", "  north: {m").replace("east: {m", "  east: {m")
    workshop = parse(text, "w.md", lambda path: pytest.fail(path))
    kinds = [each.kind for each in mutate(workshop, {"w.md": text}, {})]
    assert (kinds.count("link"), kinds.count("manifest")) == (1, 3)


def test_an_edit_is_made_wrongly_in_each_part() -> None:
    told = {each.change for each in mutations() if each.kind == "edit"}
    assert told == {
        "`patch` is left out",
        'the patch lacks {"op": "replace", "path": "/spec/rules/0/timeout", "value": "300ms"}',
        'the patch sets "9300ms" instead of "300ms"',
        "the patch changes number 1 of a list, not 0",
    }


def test_objects_are_left_out_but_no_definitions() -> None:
    told = [each.change for each in mutations() if each.kind == "object"]
    assert told == ["Service color is left out", "Route split is left out"]


def test_a_label_that_nothing_uses_is_harmless() -> None:
    labels = [each for each in mutations() if each.kind == "label" and each.path == "k.yaml"]
    assert {changes(each): bool(each.harmless) for each in labels} == {
        ("-unused: x",): True,
        ("-app: color",): False,
        ("-app: color", "+app: colox"): False,
    }


def test_each_mutation_is_one_change_at_its_line() -> None:
    for each in mutations():
        text = SCRIPT if each.path == "w.md" else MANIFEST
        assert each.text != text
        before, after = text.splitlines(), each.text.splitlines()
        assert before[: each.line - 1] == after[: each.line - 1]


@pytest.mark.parametrize("most", [1, 5, 20, 1000])
def test_of_each_kind_about_as_many_are_chosen(most: int) -> None:
    every = mutations()
    chosen = choose(every, most)
    assert len(chosen) == min(most, len({(each.path, each.text) for each in every}))
    assert chosen == choose(mutations(), most)
    if most == 20:
        assert len({each.kind for each in chosen}) > 12


def test_manifests_are_those_of_clusters_and_commands() -> None:
    text = SCRIPT.replace("get pods", "apply -f k8s/canary/a.yaml -f k8s/b")
    workshop = parse(text, "w.md", lambda path: pytest.fail(path))
    assert set(manifests_of(workshop)) == {"k8s/north", "k8s/east", "k8s/canary/a.yaml", "k8s/b"}
