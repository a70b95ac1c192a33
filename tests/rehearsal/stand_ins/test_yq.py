"""The stand-in for yq: what workshops ask of it, and a clear no to the rest."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from meshpeek.rehearsal.stand_ins.yq import main

MANIFESTS = """\
# Who answers requests for smileys.
apiVersion: v1
kind: Service
metadata:
  name: smiley
  labels: {app.kubernetes.io/name: smiley}
---
# Where they go.
kind: HTTPRoute
metadata: {name: "smiley-router"}
spec:
  rules:
    - backendRefs:
        - name: smiley-east   # the mirror
          port: 80
      enabled: true
      only: "1"
---
kind: HTTPRoute
metadata: {name: other}
"""

ROUTE = """\
# Where they go.
kind: HTTPRoute
metadata: {name: "smiley-router"}
spec:
  rules:
    - backendRefs:
        - name: smiley-east   # the mirror
          port: 80
      enabled: true
      only: "1"
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "faces.yaml").write_text(MANIFESTS)
    monkeypatch.chdir(tmp_path)

    def run_yq(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            status = main(arguments)
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run_yq


@pytest.mark.parametrize(
    "expression",
    [
        "select(document_index==1)",
        "select( document_index == 1 )",
        "select(di == 1)",
        'select(.metadata.name == "smiley-router")',
        'select(.kind == "HTTPRoute") | select(.spec.rules[0].only == "1")',
        "select(.spec.rules[0].enabled == true)",
        "select(.spec.rules[0].backendRefs[0].port == 80)",
    ],
)
def test_a_selected_document_is_printed_as_it_is_written(run: Run, expression: str) -> None:
    assert run(expression, "faces.yaml") == (0, ROUTE, "")


def test_comments_before_the_first_document_are_its_own(run: Run) -> None:
    _, output, _ = run("select(document_index == 0)", "faces.yaml")
    assert output.startswith("# Who answers requests for smileys.\napiVersion: v1\n")


def test_several_documents_are_separated(run: Run) -> None:
    _, output, _ = run('select(.kind == "HTTPRoute")', "faces.yaml")
    assert output == f"{ROUTE}---\nkind: HTTPRoute\nmetadata: {{name: other}}\n"
    _, joined, _ = run("-N", 'select(.kind == "HTTPRoute")', "faces.yaml")
    assert joined == output.replace("---\n", "")


def test_nothing_selected_prints_nothing(run: Run) -> None:
    assert run("select(document_index == 9)", "faces.yaml") == (0, "", "")
    assert run("select(.spec.rules[0].enabled == 1)", "faces.yaml") == (0, "", "")


@pytest.mark.parametrize(
    ("expression", "output"),
    [
        (".metadata.name", "smiley-router\n"),
        (".spec.rules[0].enabled", "true\n"),
        (".spec.rules[0].backendRefs", "- name: smiley-east\n  port: 80\n"),
        (".spec.rules[0].backendRefs.[0].port", "80\n"),
        (".spec.rules[7].backendRefs", "null\n"),
        (".nothing.here", "null\n"),
    ],
)
def test_paths(run: Run, expression: str, output: str) -> None:
    chosen = f"select(document_index == 1) | {expression}"
    assert run(chosen, "faces.yaml") == (0, output, "")


def test_a_key_that_is_no_word_is_quoted(run: Run) -> None:
    chosen = 'select(document_index == 0) | .metadata.labels["app.kubernetes.io/name"]'
    assert run(chosen, "faces.yaml") == (0, "smiley\n", "")


def test_lists_are_indented_in_what_is_written_anew(run: Run) -> None:
    assert run(".a", stdin="a: {b: [1, {c: 'on'}]}") == (0, 'b:\n  - 1\n  - c: "on"\n', "")


def test_json(run: Run) -> None:
    chosen = "select(document_index == 1) | .spec.rules[0].backendRefs[0]"
    expected = '{\n  "name": "smiley-east",\n  "port": 80\n}\n'
    for flags in (["-o", "json"], ["-ojson"], ["-o=json"], ["--output-format=json"]):
        assert run(*flags, chosen, "faces.yaml") == (0, expected, "")


def test_standard_input_and_no_expression(run: Run) -> None:
    assert run(".a", stdin="a: 1") == (0, "1\n", "")
    assert run(".a", "-", stdin="a: 1") == (0, "1\n", "")
    assert run(stdin="a: 1  # one") == (0, "a: 1  # one\n", "")
    assert run("eval", ".", "faces.yaml") == run("faces.yaml") == (0, MANIFESTS, "")


@pytest.mark.parametrize(
    "expression",
    [
        ".a | keys",
        ".[]",
        "a.b",
        "select(.a)",
        'select(.a == "x*")',
        ".a += 1",
        ".a..b",
        "",
        "length",
    ],
)
def test_what_it_does_not_know_it_says(run: Run, expression: str) -> None:
    status, output, errors = run(expression, "faces.yaml")
    assert (status, output) == (1, "")
    assert errors.startswith(
        f"Error: the stand-in does not support this expression: {expression}\n"
    )
    assert "meshpeek's rehearsal stand-in" in errors
    assert "mikefarah/yq" in errors


@pytest.mark.parametrize("arguments", [("--frob", "."), ("-o", "xml", "."), ("eval-all", ".")])
def test_options_it_does_not_have(run: Run, arguments: tuple[str, ...]) -> None:
    status, output, errors = run(*arguments)
    assert (status, output) == (1, "")
    assert "mikefarah/yq" in errors


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Error: open input: no such file or directory\n"),
        (b"a: [1", "Error: bad file 'input': while parsing"),
        (b"a: \xff", "Error: bad file 'input': not UTF-8 text\n"),
    ],
)
def test_input_it_cannot_read(
    run: Run, tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "input").write_bytes(content)
    status, output, errors = run(".a", "input")
    assert (status, output) == (1, "")
    assert errors.startswith(message)


def test_indexing_a_list_by_name(run: Run) -> None:
    assert run(".a.b", stdin="a: [1]")[2] == "Error: cannot index array with 'b'\n"


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n"])
def test_input_without_a_document_prints_nothing(run: Run, text: str) -> None:
    assert run(".items[0]", stdin=text) == (0, "", "")


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        (".spec.replicas = 3", "kind: A\nspec:\n  replicas: 3\n"),
        (
            '.metadata.labels["x/y"] = "z"',
            "kind: A\nspec:\n  replicas: 1\nmetadata:\n  labels:\n    x/y: z\n",
        ),
        ("del(.spec.replicas)", "kind: A\nspec: {}\n"),
        ("del(.absent[0])", "kind: A\nspec:\n  replicas: 1\n"),
        (".spec.replicas = env(N)", "kind: A\nspec:\n  replicas: 5\n"),
        (".kind = strenv(N)", 'kind: "5"\nspec:\n  replicas: 1\n'),
        ('(select(.kind == "A") | .spec.replicas) = 2', "kind: A\nspec:\n  replicas: 2\n"),
        ('(select(.kind == "B") | .spec.replicas) = 2', "kind: A\nspec:\n  replicas: 1\n"),
    ],
)  # fmt: skip
def test_a_file_is_changed_in_place(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expression: str, result: str
) -> None:
    monkeypatch.setenv("N", "5")
    (tmp_path / "a.yaml").write_text("kind: A\nspec:\n  replicas: 1\n")
    assert run("-i", expression, "a.yaml") == (0, "", "")
    assert (tmp_path / "a.yaml").read_text() == result


def test_nothing_is_written_for_what_is_not_understood(run: Run, tmp_path: Path) -> None:
    assert run("-i", ".a += 1", "faces.yaml")[0] == 1
    assert run("-i", ".a = strenv(NOT_THERE_AT_ALL)", "faces.yaml")[0] == 1
    assert run("-i", ".a = 1")[0] == 1
    assert (tmp_path / "faces.yaml").read_text() == MANIFESTS
