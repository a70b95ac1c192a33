"""The codes of what lint finds: each with text that it is for, and text that only looks like it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meshpeek.workshop.linting import lint
from meshpeek.workshop.linting.fixes import apply_fixes
from meshpeek.workshop.parse.vocabulary import FINDINGS
from meshpeek.workshop.problems import Problem
from tests.conftest import ROOT, RunProgram

CONTEXTS = "<!-- meshpeek:\ncontexts: [north, east]\n-->\n"
LONG = "A line of text.\n\n" * 20


def bash(*lines: str) -> str:
    return "\n".join(["<!-- @SHOW -->", "", "```bash", *lines, "```", ""])


def annotated(annotation: str, line: str) -> str:
    return f"<!-- @SHOW -->\n<!-- @# meshpeek: {annotation} -->\n\n```bash\n{line}\n```\n"


FOUND = {
    "backslash": [bash("echo a \\"), bash("echo a", "", "echo b\\")],
    "commented-fence": ["<!-- @SHOW -->\n<!--\n```bash\nls\n```\n-->\n"],
    "demosh-modifier": ["<!-- @noshow -->\n" + annotated("exit 1", "ls")],
    "demosh-quote": [annotated("note Don't", "ls"), '<!-- @# a "remark -->\n' + bash("ls")],
    "difference": [bash("diff a b"), bash("kubectl diff -f x")],
    "edit": [
        bash("kubectl --context north edit svc x"),
        bash("vi x"),
        bash("sudo vim x"),
        bash('"$EDITOR" x'),
        bash("kubectl -n faces edit svc x"),
    ],
    "endless": [
        bash("kubectl get pods -w"),
        bash("kubectl logs -f x"),
        bash("tail -f x"),
        bash("kubectl port-forward svc/x 80"),
        bash("ping localhost"),
        bash("sleep infinity"),
        bash("while true; do curl -s x; done"),
    ],
    "endless-skip": ["<!-- @SHOW -->\n<!-- @SKIP -->\n\n```bash\nls\n```\n"],
    "manifest": ["<!-- meshpeek:\nrehearsal: {north: {manifests: [k8s/none]}}\n-->\n" + bash("ls")],
    "no-command": ["Words.\n", "", "<!-- @SHOW -->\n```console\n$ ls\nx\n```\n"],
    "no-context": [CONTEXTS + bash("kubectl get ns")],
    "no-show": ["```bash\nls\n```\n"],
    "other-cluster": [CONTEXTS + bash("env -i kubectl --context north get ns")],
    "placeholder": [bash("kubectl delete pod <pod-name> -n x"), bash("echo <your name> there")],
    "prompt": [bash("$ ls"), bash("$ kubectl get ns", "NAME   STATUS"), bash("me@host:~$ ls")],
    "read": [bash("read -r answer"), bash("read -p 'Sure? ' x")],
    "session-runs": ["<!-- @SHOW -->\n```shell-session\nls\n```\n"],
    "shell-file": [bash("$SHELL none.md"), bash('"$SHELL" none.md x')],
    "shown-not-run": [bash("ls") + "\n```console\n$ ls\n```\n"],
    "skip": [f"<!-- @SHOW -->\n<!-- @SKIP -->\nText.\n{bash('ls')}"],
    "tall-page": [f"<!-- @SHOW -->\n\n{LONG}\n{bash('ls')}"],
    "unknown-word": ["<!-- @frobnicate -->\n" + bash("ls")],
    "unlisted-context": [CONTEXTS + bash("kubectl --context west get ns")],
    "unused-macro": [bash("#@macro m", "ls", "#@end", "ls")],
}

NOT_FOUND = {
    "backslash": [bash("echo a \\", "  b"), bash("echo 'a\\'")],
    "commented-fence": [bash("ls"), "<!--\n```text\nx\n```\n-->\n" + bash("ls")],
    "demosh-modifier": [
        annotated("exit 1", "ls"),
        "<!-- @noshow -->\n" + bash("ls"),
        "<!-- @noshow -->\n```bash\n## meshpeek: exit 1\nls\n```\n",
    ],
    "demosh-quote": [
        annotated('note "Quoted"', "ls"),
        annotated("note Don’t", "ls"),
        bash("ls") + "```text\n<!-- @# don't -->\n```\n",
        "<!-- meshpeek: note Don't -->\n" + bash("ls"),
    ],
    "difference": [
        annotated("exit 1", "diff a b"),
        annotated("exit any", "cmp a b"),
        annotated("only present", "diff a b"),
        bash("diff a b || true"),
    ],
    "edit": [
        annotated("editor sed -i s/a/b/", "kubectl edit x"),
        annotated("only present", "vi x"),
        bash("kubectl get edit"),
        bash("export EDITOR=cat", "vi x"),
        bash("#$ vi x"),
        annotated("skip ci", "vi x"),
    ],
    "endless": [
        bash("kubectl get pods"),
        bash("kubectl logs -f x &"),
        bash("timeout 5 tail -f x"),
        annotated("stop 5s", "kubectl port-forward x"),
        bash("ping -c 3 x"),
        bash("tail -f x | head -3"),
        bash("while true; do break; done"),
        bash("kubectl apply -f x.yaml"),
        annotated("only present", "top"),
    ],
    "endless-skip": [f"<!-- @SKIP -->\nx\n{bash('ls')}"],
    "manifest": ["<!-- meshpeek:\nrehearsal: {north: {manifests: [k8s/here]}}\n-->\n" + bash("ls")],
    "no-command": [bash("ls"), "```bash\n#@macro m\nls\n#@end\n```\n"],
    "no-context": [CONTEXTS + bash("kubectl --context north get ns"), bash("kubectl get ns")],
    "no-show": [bash("ls"), "Words.\n", "```bash\n#@macro m\nls\n#@end\n```\n"],
    "placeholder": [
        bash("cat <input >output"),
        bash("echo '<pod-name>'"),
        bash("ls <(ls) >x"),
        bash("cat <<EOF", "<pod-name>", "EOF"),
        bash("echo 1 # <pod-name>"),
        bash('echo "<b>bold</b>"'),
    ],
    "prompt": [bash("echo $ x"), bash("#$ ls"), bash("$HOME/x"), bash("$(ls)")],
    "read": [
        bash("read x <<<a"),
        bash("ls | while read -r x; do echo $x; done"),
        annotated("answer /x/ y", "read x"),
        annotated("only present", "read x"),
    ],
    "shell-file": [bash("$SHELL here.md"), bash("$SHELL -c ls"), bash("$SHELL $FILE")],
    "shown-not-run": [bash("ls") + "\n```console\n$ ls\nx\n```\n"],
    "skip": [bash("ls"), f"<!-- @SKIP -->\n{bash('ls')}"],
    "tall-page": [
        f"<!-- @SHOW -->\n\n{LONG.replace('line', 'line', 1)[:170]}\n{bash('ls')}",
        "\n".join(["<!-- @SHOW -->", *["A.\n\nB.\n\n<!-- @wait -->\n"] * 20]),
    ],
    "unused-macro": [
        "```bash\n#@macro m\nls\n#@end\n```\n",
        "```bash\n#@macro m\nls\n#@end\nx=1\nf() { ls; }\n```\n",
    ],
}


def find(text: str, *, for_demosh: bool = False, strict: bool = False) -> list[Problem]:
    return lint(
        text,
        "w.md",
        str,
        is_command=lambda word: word == "ls",
        exists=lambda path: path.endswith(("here", "here.md")),
        for_demosh=for_demosh,
        strict=strict,
    )


def codes(text: str) -> list[str]:
    return [problem.code for problem in find(text)]


CASES = [(code, text) for code, texts in FOUND.items() for text in texts]
OTHERS = [(code, text) for code, texts in NOT_FOUND.items() for text in texts]


@pytest.mark.parametrize(("code", "text"), CASES)
def test_it_is_found_once_with_a_hint(code: str, text: str) -> None:
    (problem,) = (problem for problem in find(text) if problem.code == code)
    assert problem.hint
    assert problem.is_warning


@pytest.mark.parametrize(("code", "text"), OTHERS)
def test_what_only_looks_like_it_is_not_found(code: str, text: str) -> None:
    assert code not in codes(text)


def test_a_placeholder_that_bash_refuses_is_said_to_be_one() -> None:
    (problem,) = find(bash("kubectl delete pod <pod-name>"))
    assert "`<pod-name>` is a placeholder" in problem.message


def test_there_is_a_case_for_every_code() -> None:
    assert {*FOUND, "demosh-shows", "front-matter", "no-expectation"} == set(FINDINGS)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (bash("ls", "ls -a"), 2),
        (annotated("expect x", "ls"), 0),
        (annotated("reject x", "ls"), 0),
        (annotated("expect-error x", "ls"), 0),
        (annotated("exit 1", "ls"), 0),
        (annotated("exit any", "ls"), 1),
        (annotated("until 5s", "ls"), 1),
        (bash("#@immed", "ls"), 0),
        (bash("#$ ls"), 0),
    ],
)
def test_strict_finds_what_passes_whatever_it_prints(text: str, count: int) -> None:
    found = [problem.code for problem in find(text, strict=True)]
    assert found.count("no-expectation") == count
    assert "no-expectation" not in codes(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<!-- meshpeek: exit 0 -->\n", ["demosh-shows"]),
        ("<!-- A note. -->\n", ["demosh-shows"]),
        ("Words <!-- @# meshpeek: exit 0 --> here.\n\n", ["demosh-shows"]),
        ("  <!-- @# meshpeek: exit 0 -->\n", ["demosh-shows"]),
        ("---\nmeshpeek: {}\n---\n", ["front-matter"]),
        ("---\ntitle: x\n---\n", []),
        ("<!-- meshpeek:\npytest: true\n-->\n", []),
        ("<!-- @# meshpeek: exit 0 -->\n<!-- @# A note. -->\n", []),
        ("```text\n<!-- meshpeek: exit 0 -->\n```\n", []),
        ("`<!-- code -->`\n\n", []),
    ],
)
def test_what_demosh_and_github_show(text: str, expected: list[str]) -> None:
    assert [problem.code for problem in find(text + bash("ls"), for_demosh=True)] == expected
    assert find(text + bash("ls")) == []


@pytest.mark.parametrize("code", ["prompt", "placeholder"])
def test_a_finding_can_be_switched_off(code: str) -> None:
    text = FOUND[code][0]
    assert code in codes(text)
    assert code not in codes(f"<!-- meshpeek:\nlint: {{off: [{code}]}}\n-->\n{text}")
    assert code not in codes(f"<!-- @# meshpeek: allow {code} -->\n{text}")
    assert code not in codes(text.replace("```bash\n", f"```bash\n## meshpeek: allow {code}\n"))
    assert code in codes(f"<!-- @# meshpeek: allow {code} -->\n{bash('ls')}{text}")
    assert code in codes(f"<!-- @# meshpeek: allow read -->\n{text}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- meshpeek:\nlint: {off: [promt]}\n-->\n", "unknown code `promt`"),
        ("<!-- meshpeek:\nlint: {on: [prompt]}\n-->\n", "unknown key `on`"),
        ("# x\n<!-- @# meshpeek: allow promt -->\n", "unknown code `promt`"),
    ],
)
def test_a_code_that_there_is_not_is_an_error(text: str, message: str) -> None:
    assert message in find(text)[0].message


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (bash("$ ls", "$ ls -l"), bash("ls", "ls -l")),
        (bash("echo a \\"), bash("echo a")),
        (bash("$ ls\r", "\r", "echo a\\\r"), bash("ls\r", "\r", "echo a\r")),
        (bash("$ kubectl get ns", "NAME  STATUS"), None),
    ],
)
def test_what_is_safe_is_mended(text: str, mended: str | None) -> None:
    fixed, count = apply_fixes(text, "w.md", find(text))
    assert fixed == (mended or text)
    assert (count > 0) is (mended is not None)
    assert mended is None or find(fixed) == []


def test_the_command_mends_and_says_so(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text(bash("$ ls") + bash("read x"))
    result = meshpeek("lint", "--fix", "w.md")
    assert result.returncode == 1
    assert "w.md: 1 finding mended" in result.stdout
    assert "[read]" in result.stdout
    assert "[prompt]" not in result.stdout
    assert (tmp_path / "w.md").read_text() == bash("ls") + bash("read x")


def test_every_code_has_its_place_in_the_documents() -> None:
    page = (ROOT / "docs" / "lint.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.MULTILINE) == list(FINDINGS.items())
