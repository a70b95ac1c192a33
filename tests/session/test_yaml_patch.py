"""A patch changes what it names: every other byte of the document stays."""

from __future__ import annotations

import json
from difflib import ndiff

import jsonpatch
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.session.yaml_patch import PatchError, patch_yaml, says_the_same

DOCUMENT = """\
# kept
kind: ConfigMap   # why
data:
  y: n
  "n": 'y'
  1e3: 1e3
  =: =
  0o7: 010
  date: 2001-01-01
  ~: ~
  empty:
  text: |
    a
    b
  0x1F: .5
list:
- a: 1
  b: 2
# between
- c
- - d
  - e
flow: {x: y, z: [1, 2], }
last: .inf
"""

CHANGES: list[tuple[object, str]] = [
    ({"op": "replace", "path": "/data/y", "value": "yes"}, '-  y: n\n+  y: "yes"'),
    ({"op": "replace", "path": "/data/y", "value": "web"}, "-  y: n\n+  y: web"),
    ({"op": "replace", "path": "/data/1e3", "value": 1000}, "-  1e3: 1e3\n+  1e3: 1000"),
    ({"op": "replace", "path": "/data/=", "value": None}, "-  =: =\n+  =: null"),
    (
        {"op": "replace", "path": "/kind", "value": "Pod"},
        "-kind: ConfigMap   # why\n+kind: Pod   # why",
    ),
    (
        {"op": "add", "path": "/data/new", "value": {"a": [1, {"b": "1e3"}, []], "c": {}}},
        '+  new:\n+    a:\n+    - 1\n+    - b: "1e3"\n+    - []\n+    c: {}',
    ),
    ({"op": "remove", "path": "/data/text"}, "-  text: |\n-    a\n-    b"),
    (
        {"op": "replace", "path": "/data/text", "value": "x\ny"},
        '-  text: |\n-    a\n-    b\n+  text: "x\\ny"',
    ),
    ({"op": "replace", "path": "/data/empty", "value": {"a": 1}}, "+    a: 1"),
    ({"op": "replace", "path": "/data/empty", "value": 1}, "-  empty:\n+  empty: 1"),
    ({"op": "remove", "path": "/list/0/a"}, "-- a: 1\n-  b: 2\n+- b: 2"),
    ({"op": "remove", "path": "/list/1"}, "-- c"),
    ({"op": "remove", "path": "/list/2/0"}, "-- - d\n-  - e\n+- - e"),
    ({"op": "add", "path": "/list/0", "value": {"q": 1, "r": [1]}}, "+- q: 1\n+  r:\n+  - 1"),
    ({"op": "add", "path": "/list/-", "value": "y"}, '+- "y"'),
    ({"op": "add", "path": "/list/2/1", "value": "f"}, "+  - f"),
    ({"op": "replace", "path": "/list/1", "value": {"k": "v", "l": 2}}, "-- c\n+- k: v\n+  l: 2"),
    (
        {"op": "add", "path": "/flow/z/1", "value": "f"},
        "-flow: {x: y, z: [1, 2], }\n+flow: {x: y, z: [1, f, 2], }",
    ),
    ({"op": "remove", "path": "/flow/x"}, "-flow: {x: y, z: [1, 2], }\n+flow: {z: [1, 2]}"),
    (
        {"op": "add", "path": "/flow/k", "value": {"a": ["y"]}},
        '-flow: {x: y, z: [1, 2], }\n+flow: {x: y, z: [1, 2], k: {a: ["y"]}}',
    ),
    ({"op": "copy", "from": "/data/1e3", "path": "/list/-"}, "+- 1e3"),
    ({"op": "copy", "from": "/data/text", "path": "/data/more"}, '+  more: "a\\nb\\n"'),
    ({"op": "move", "from": "/last", "path": "/first"}, "-last: .inf\n+first: .inf"),
    ({"op": "remove", "path": "/last"}, "-last: .inf"),
]


@pytest.mark.parametrize(("operation", "changed"), CHANGES)
def test_what_the_patch_names_changes_and_no_other_line(operation: object, changed: str) -> None:
    patched = patch_yaml(DOCUMENT, json.dumps([operation]))
    lines = ndiff(DOCUMENT.splitlines(), patched.splitlines())
    told = [line[0] + line[2:] for line in lines if line[0] in "+-"]
    assert sorted(told) == sorted(changed.split("\n"))


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"op": "remove", "path": "/nope"}, "there is no /nope"),
        ({"op": "remove", "path": ""}, "the whole document cannot be removed"),
        ({"op": "add", "path": "/data/y/x", "value": 1}, "there is no /data/y/x"),
        ({"op": "add", "path": "/list/9", "value": 1}, "there is no /list/9"),
        ({"op": "test", "path": "/data/date", "value": "x"}, "/data/date is 2001-01-01"),
    ],
)
def test_what_does_not_fit_is_refused(operation: object, message: str) -> None:
    with pytest.raises(PatchError, match=message):
        patch_yaml(DOCUMENT, json.dumps([operation]))


@pytest.mark.parametrize("text", ["", "a: [", "a: 1\n---\nb: 2\n", "a: &x 1\nb: *x\n"])
def test_what_cannot_be_patched_is_refused(text: str) -> None:
    with pytest.raises(PatchError):
        patch_yaml(text, '[{"op": "add", "path": "/c", "value": 1}]')


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        ("a: web:2", 'a: "web:2"', True),
        ("a: 3", 'a: "3"', False),
        ("a: {b: 1, c: 2}", "a: {c: 2, b: 1}", True),
        ("a: [1, 2]", "a: [2, 1]", False),
    ],
)
def test_whether_anything_changed(text: str, other: str, same: bool) -> None:
    assert says_the_same(text, other) is same


WORDS = st.sampled_from(["y", "n", "1e3", "=", "0o7", "2001-01-01", "a b", "", "x: y", "#", "web"])
KEYS = st.sampled_from(["y", "n", "1e3", "a", "b", "0o7"])
VALUES = st.recursive(
    WORDS | st.integers(0, 9),
    lambda inner: (
        st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


@given(
    st.dictionaries(KEYS, VALUES, min_size=1, max_size=4),
    st.sampled_from(["add", "replace"]),
    st.sampled_from([None, True, False]),
    VALUES,
    st.data(),
)
def test_any_document_and_value(
    document: dict[str, object], how: str, flow: bool | None, value: object, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(document)))
    text = yaml.safe_dump(document, default_flow_style=flow)
    patch = [{"op": how, "path": f"/{key}", "value": value}]
    assert yaml.safe_load(patch_yaml(text, json.dumps(patch))) == jsonpatch.apply_patch(
        document, patch
    )
