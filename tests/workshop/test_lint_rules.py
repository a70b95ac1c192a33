"""What lint says of a workshop: every rule with a case that it is for, and one that it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshpeek.errors import InputError
from meshpeek.workshop.linting import lint
from meshpeek.workshop.problems import Problem
from tests.conftest import ROOT, RunProgram

FRONT_MATTER = "---\nmeshpeek: {contexts: {north: red, east: blue}}\n---\n"


def lint_text(text: str, path: str = "w.md", startup: tuple[str, ...] = (), **files: str) -> str:
    """Lint `text` where only the commands `ls` and `kubectl` exist; `files` are others (a_md)."""

    def read(path: str) -> str:
        try:
            return files[path.replace(".", "_")]
        except KeyError:
            raise InputError(f"{path}: no such file") from None

    problems = lint(
        text, path, read, is_command=lambda word: word in ("ls", "kubectl"), startup=startup
    )
    # The samples here are not shows, but for those in test_lint_codes.
    return "\n".join(
        summary(problem) for problem in problems if problem.code not in ("no-command", "no-show")
    )


def summary(problem: Problem) -> str:
    kind = "warning" if problem.is_warning else "error"
    assert problem.hint
    span = problem.span
    return f"{span.path}:{span.line}:{span.column}: {kind}: {problem.message}"


SKIPPED = "what follows is left out, up to line 3"
AT = "w.md:1:7"
ENDLESS = "nothing after this is ever shown or run: no `@SHOW` follows"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<!-- @SKIP -->\n```bash\nls\n```\n", f"w.md:1:7: warning: {ENDLESS}"),
        ("<!-- @SKIP -->\n\nWords.\n", f"w.md:1:7: warning: {ENDLESS}"),
        (
            "<!-- @SKIP -->\nx\n<!-- @SHOW -->\ny\n\n<!-- @SKIP -->\n",
            f"w.md:1:7: warning: {SKIPPED}",
        ),
        ("<!-- @SKIP -->\nx\n\n<!-- @SKIP -->\ny\n", f"w.md:1:7: warning: {ENDLESS}"),
        ("```bash\n#@macro m\n#@SKIP\nls\n#@end\n#@m\n```\n", f"w.md:3:3: warning: {ENDLESS}"),
    ],
)
def test_a_skip_that_never_ends(text: str, expected: str) -> None:
    assert lint_text(text) == expected


def macro(*uses: str) -> str:
    return "\n".join(("```bash", "#@macro greet", "ls", "#@end", *uses, "```", ""))


@pytest.mark.parametrize(
    "uses",
    [
        ("#@greet",),
        ("greet now",),
        ("#@ifhook show_slides", "#@greet", "#@endif"),
        ("#@macro other", "#@greet", "#@end", "#@other"),
    ],
)
def test_a_macro_that_is_used(uses: tuple[str, ...]) -> None:
    assert lint_text(macro(*uses)) == ""


def test_a_macro_that_is_never_used() -> None:
    assert lint_text(macro("ls")) == "w.md:2:3: warning: macro `greet` is never used"
    assert lint_text(macro().replace("greet", "wait_clear")) == ""


def test_macros_of_other_files_may_be_for_other_workshops() -> None:
    library = "#@macro greet\nls\n#@end\n"
    assert lint_text("<!-- @import lib.sh -->\n", lib_sh=library) == ""


def test_startup_files_are_known_and_not_linted() -> None:
    rc = "#@macro greet\nls\n#@end\n#@show_7\n"
    assert lint_text("<!-- @greet -->\n", startup=(".demoshrc",), _demoshrc=rc) == ""


SHOWN_ONLY = "these commands are shown but never run"


@pytest.mark.parametrize(
    ("fence", "column"),
    [
        ("```console\n$ ls\n```", 1),
        ("~~~shell-session\n$ ls\n~~~", 1),
        ("~~~bash\nls\n~~~", 1),
        (" ```bash\n ls\n ```", 2),
        ("- x\n\n  ```sh\n  ls\n  ```", None),
        ("```zsh title=x\nls\n```", 1),
    ],
)
def test_commands_that_are_shown_and_never_run(fence: str, column: int | None) -> None:
    found = lint_text(f"<!-- @SHOW -->\n\nWords.\n\n{fence}\n")
    place = f"w.md:5:{column}" if column else "w.md:7:3"
    assert found == f"{place}: warning: {SHOWN_ONLY}"
    assert lint_text(f"Before the show.\n\n{fence}\n") == ""


@pytest.mark.parametrize("language", ["shell-session", "sh-session"])
def test_a_transcript_that_is_run(language: str) -> None:
    assert lint_text(f"```{language}\nls\n```\n") == (
        "w.md:1:1: warning: "
        "this fence runs as bash, like every fence that begins with ```bash or ```sh"
    )


@pytest.mark.parametrize(
    "fence",
    ["```yaml\nx: 1\n```", "```text\n$ ls\n```", "```\nls\n```", "````md\n```console\n```\n````"],
)
def test_fences_that_are_nobodys_commands(fence: str) -> None:
    assert lint_text(f"<!-- @SHOW -->\n\n{fence}\n") == ""


def test_a_context_that_the_front_matter_does_not_list() -> None:
    command = "kubectl --context east get pods |\n  kubectl --context=nroth apply -f -"
    found = lint_text(f"{FRONT_MATTER}```bash\n{command}\n```\n")
    assert found == "w.md:6:21: warning: context `nroth` is not in `contexts`"
    assert lint_text(f"```bash\n{command}\n```\n") == ""


SET = "KUBECONFIG is set, and the session stops what uses another one"
REMOVED = "KUBECONFIG is removed, and the session stops what does without it"
REFUSED = "it would reach a cluster that is not listed"
REACHES_NONE = "`kubectl` without `--context` reaches no cluster"
NOT_HELD = "is not the session's kubectl, and may reach any cluster"


@pytest.mark.parametrize(
    ("command", "column", "message"),
    [
        ("export KUBECONFIG=$HOME/.kube/config", 8, SET),
        ("KUBECONFIG=x kubectl --context east get ns", 1, SET),
        ('KUBECONFIG+=":x"', 1, SET),
        ("env KUBECONFIG=x ls", 5, SET),
        ("declare -x KUBECONFIG=x", 12, SET),
        ("ls; unset A KUBECONFIG", 13, REMOVED),
        ("env -u KUBECONFIG ls", 8, REMOVED),
        ("env -uKUBECONFIG ls", 7, REMOVED),
        ("export -n KUBECONFIG", 11, REMOVED),
        (
            "env -i kubectl --context east get ns",
            1,
            "`env -i` removes KUBECONFIG and PATH, so this may reach any cluster",
        ),
        (
            "kubectl --context east --kubeconfig x get ns",
            24,
            f"`kubectl` refuses `--kubeconfig`: {REFUSED}",
        ),
        (
            "kubectl --kubeconfig=x --context=east get ns",
            9,
            f"`kubectl` refuses `--kubeconfig`: {REFUSED}",
        ),
        ("kubectl --context east -s x get ns", 24, f"`kubectl` refuses `-s`: {REFUSED}"),
        (
            "kubectl --context east get ns --server=x",
            31,
            f"`kubectl` refuses `--server`: {REFUSED}",
        ),
        (
            "helm --kube-context east --kube-apiserver x list",
            26,
            f"`helm` refuses `--kube-apiserver`: {REFUSED}",
        ),
        ("kubectl get ns", 1, REACHES_NONE),
        ("watch kubectl get ns", 7, REACHES_NONE),
        ('kubectl get ns -n "$NS"', 1, REACHES_NONE),
        ("kubectl exec x -- ls --context east", 1, REACHES_NONE),
        ("linkerd check", 1, "`linkerd` without `--context` reaches no cluster"),
        ("/usr/bin/kubectl --context east get ns", 1, f"`/usr/bin/kubectl` {NOT_HELD}"),
        (
            "kubectl config set-cluster x --server y",
            16,
            "`kubectl config set-cluster` in the session's kubeconfig stops the run",
        ),
    ],
)
def test_a_way_to_other_clusters(command: str, column: int, message: str) -> None:
    found = lint_text(f"{FRONT_MATTER}```bash\n{command}\n```\n")
    assert found == f"w.md:5:{column}: warning: {message}"
    assert lint_text(f"```bash\n{command}\n```\n") == ""


@pytest.mark.parametrize(
    "command",
    [
        "kubectl --context east get ns",
        "kubectl get ns --context=$CONTEXT",
        "kubectl $OPTIONS get ns",
        'kubectl "$@"',
        'kubectl --context east --kubeconfig "$KUBECONFIG" get ns',
        "kubectl config get-contexts",
        "kubectl config set-cluster x --server y --kubeconfig new",
        "kubectl version --client",
        "kubectl",
        "echo KUBECONFIG=x; export KUBECONFIG; env -i ls; ls -s",
        "linkerd inject x.yaml | kubectl --context east apply -f -",
        "helm template -s x.yaml .",
        "kubectl config use-context east\nkubectl get ns",
        "kubectl() { command kubectl --context east $1; }\nkubectl get ns",
    ],
)
def test_a_command_that_stays_in_the_listed_clusters(command: str) -> None:
    assert lint_text(f"{FRONT_MATTER}```bash\n{command}\n```\n") == ""


def test_what_may_reach_others_is_not_said_to_reach_none() -> None:
    def hints(command: str) -> list[str | None]:
        text = f"{FRONT_MATTER}```bash\n{command} --context prod get ns\n```\n"
        problems = lint(text, "w.md", str, is_command=bool)
        return [problem.hint for problem in problems if "prod" in problem.message]

    assert hints("kubectl") == ["commands can reach only north, east"]
    assert hints("/usr/bin/kubectl") == ["it lists north, east"]


def test_where_one_context_is_listed_none_has_to_be_named() -> None:
    front_matter = FRONT_MATTER.replace(", east: blue", "")
    assert lint_text(f"{front_matter}```bash\nkubectl get ns\n```\n") == ""


@pytest.mark.parametrize(
    "text",
    [
        "<!-- @ls -l -->",
        "<!-- @export X=1 -->",
        "<!-- @show_slides -->",
        "<!-- @$SHELL other.md -->",
        "<!-- @./setup.sh -->",
        "```bash\ngreet() { ls; }\n#@greet\n```",
        "```bash\nalias ll='ls -l' la='ls -a'\n#@la\n```",
    ],
)
def test_a_word_that_is_known(text: str) -> None:
    assert lint_text(f"{text}\n") == ""


IS_NOTHING = "is not a directive, macro, hook or command"


def test_a_word_that_is_nothing() -> None:
    assert lint_text("<!-- @show_6 -->\n<!-- @frobnicate now -->\n") == (
        f"w.md:1:7: warning: `@show_6` {IS_NOTHING}\nw.md:2:7: warning: `@frobnicate` {IS_NOTHING}"
    )


def test_a_directive_with_an_argument_that_it_does_not_take() -> None:
    assert lint_text("```bash\n#@immed ls\n```\n") == (
        "w.md:2:3: warning: `@immed` takes no argument, so this runs a command named `immed`"
    )


def test_errors_of_the_parser_come_along_in_their_places() -> None:
    text = "<!-- @frobnicate -->\n<!-- @hook x -->\n<!-- @wait_claer -->\n<!-- @import b.md -->\n"
    found = lint_text(text, b_md="<!-- @import w.md -->\n<!-- @show_7 -->\n").splitlines()
    assert found == [
        f"w.md:1:7: warning: `@frobnicate` {IS_NOTHING}",
        "w.md:2:7: error: `@hook` needs a name and a variable",
        "w.md:3:7: error: unknown directive `@wait_claer`",
        "b.md:1:7: error: import cycle: w.md → b.md → w.md",
        f"b.md:2:7: warning: `@show_7` {IS_NOTHING}",
    ]


@pytest.mark.parametrize("name", ["workshop.md", "create-clusters.sh", "setup-demo.sh"])
def test_the_repositorys_own_files_are_clean(meshpeek: RunProgram, name: str) -> None:
    result = meshpeek("lint", name, cwd=ROOT)
    assert (result.stdout, result.stderr, result.returncode) == ("", "", 0)


def test_the_command_shows_place_excerpt_and_hint(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text("<!-- @show_6 -->\n<!-- @SHOW -->\n\nText.\n")
    result = meshpeek("lint", "w.md")
    assert result.returncode == 1
    assert result.stdout == (
        f"w.md:1:7: warning: `@show_6` {IS_NOTHING} [unknown-word]\n"
        "  |\n"
        "1 | <!-- @show_6 -->\n"
        "  |       ^^^^^^\n"
        "  hint: define it as a macro or a hook, or import the file that does\n\n"
    )


def test_the_worst_of_several_files_counts(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "clean.md").write_text("<!-- @SHOW -->\n```bash\ntrue\n```\n")
    (tmp_path / "warning.md").write_text("<!-- @show_6 -->\n")
    (tmp_path / "error.md").write_text("```bash\nif\n```\n")
    assert meshpeek("lint", "clean.md").returncode == 0
    result = meshpeek("lint", "error.md", "warning.md", "clean.md")
    assert result.returncode == 2
    assert "error.md:2:" in result.stdout
    assert "warning.md:1:7" in result.stdout
    result = meshpeek("lint", "nope.md", "warning.md")
    assert result.returncode == 2
    assert result.stderr.startswith("error: nope.md: no such file")
    assert "warning.md:1:7" in result.stdout
