"""The guard of a session's clusters: wrappers of tools, and the watch after steps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from meshpeek.session.guard.kubeconfig_watch import KubeconfigWatch
from meshpeek.session.guard.reachable import describe_new
from meshpeek.session.guard.wrappers import install_wrappers, without_wrappers
from meshpeek.session.shell.shell import Shell

OWN = "https://north.example:6443"
CONFIG = f"""apiVersion: v1
clusters:
- cluster:
    server: {OWN}
  name: north
contexts:
- context:
    cluster: north
    user: north
  name: north
current-context: ""
kind: Config
users:
- name: north
  user:
    token: secret
"""


class Guarded:
    """A session's folder with wrappers around tools that print what they are given."""

    def __init__(self, folder: Path) -> None:
        real = folder / "real"
        real.mkdir()
        for name in ("kubectl", "helm", "linkerd"):
            (real / name).write_text(f'#!/bin/sh\necho "{name} $KUBECONFIG" "$@"\n')
            (real / name).chmod(0o755)
        self.kubeconfig = folder / "the session's" / "kubeconfig"
        self.kubeconfig.parent.mkdir()
        self.kubeconfig.write_text(CONFIG)
        self.path = install_wrappers(
            folder / "guard",
            self.kubeconfig,
            ["north", "east"],
            f"{real}:/usr/bin:/bin",
        )
        self.environment = {"PATH": self.path, "KUBECONFIG": str(self.kubeconfig)}

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", command],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path)


class TestWrappers:
    @pytest.mark.parametrize(
        "command",
        [
            "kubectl",
            "kubectl --context north -n faces get pods -o wide",
            "kubectl apply -f - --server-side",
            "kubectl exec pod -- sh -s --kubeconfig x --server y",
            'kubectl get --kubeconfig "$KUBECONFIG" pods',
            'kubectl get --kubeconfig="$KUBECONFIG" pods',
            "kubectl config set-cluster mine --server https://x --kubeconfig new",
            "kubectl create secret generic s --from-literal='a= b  c'",
            "helm template -s templates/x.yaml .",
            "linkerd --context north check -s 5",
        ],
    )
    def test_what_stays_in_the_session_is_handed_on_as_it_is(
        self, guarded: Guarded, command: str
    ) -> None:
        program, _, arguments = command.partition(" ")
        shown = guarded.run(f"echo {program} $KUBECONFIG {arguments}").stdout.replace("  ", " ")
        result = guarded.run(command)
        assert result.stdout.replace("  ", " ") == shown
        assert (result.returncode, result.stderr) == (0, "")

    @pytest.mark.parametrize(
        ("command", "refused"),
        [
            ("kubectl --kubeconfig x get pods", "`--kubeconfig`"),
            ("kubectl get pods --kubeconfig=x", "`--kubeconfig`"),
            ("kubectl --context north --kubeconfig= get pods", "`--kubeconfig`"),
            ("kubectl -s https://x get pods", "`-s`"),
            ("kubectl get pods -shttps://x", "`-shttps://x`"),
            ("kubectl -s=https://x get pods", "`-s`"),
            ("kubectl get pods -As https://x", "`-As`"),
            ("kubectl --server https://x get pods", "`--server`"),
            ("kubectl --server=https://x get pods", "`--server`"),
            ("helm --kubeconfig x list", "`--kubeconfig`"),
            ("helm --kube-apiserver https://x list", "`--kube-apiserver`"),
            ("helm --kube-apiserver=https://x list", "`--kube-apiserver`"),
            ("HELM_KUBEAPISERVER=https://x helm list", "HELM_KUBEAPISERVER"),
            ("linkerd --kubeconfig=x check", "`--kubeconfig`"),
            ("linkerd --api-addr x:8085 check", "`--api-addr`"),
            ("KUBECONFIG=x kubectl get pods", "KUBECONFIG is x"),
            ("KUBECONFIG= helm list", "KUBECONFIG is unset"),
            ('KUBECONFIG="$KUBECONFIG:x" linkerd check', "KUBECONFIG is "),
            ("unset KUBECONFIG; kubectl get pods", "KUBECONFIG is unset"),
            ('env -i PATH="$PATH" kubectl get pods', "KUBECONFIG is unset"),
            ('rm "$KUBECONFIG"; kubectl get pods', "the session's kubeconfig is gone"),
        ],
    )
    def test_what_leads_elsewhere_is_refused(
        self, guarded: Guarded, command: str, refused: str
    ) -> None:
        result = guarded.run(command)
        assert (result.returncode, result.stdout) == (1, "")
        message, hint = result.stderr.splitlines()
        assert refused in message
        assert message.endswith("commands reach only north, east")
        assert hint.startswith("  hint: ")

    @pytest.mark.parametrize(
        ("old", "new", "fault"),
        [
            (OWN, "https://other.example", "has another cluster"),
            (f"    server: {OWN}", f'    "server": "{OWN}/"', "has another cluster"),
            (f"    server: {OWN}", "    server : https://other.example", "has another cluster"),
            (
                f"    server: {OWN}",
                f"    server: {OWN}\n    proxy-url: http://x",
                "another cluster",
            ),
            (CONFIG, '{"clusters": [{"cluster": {"server": "https://x"}}]}', "another cluster"),
            (CONFIG, CONFIG.rstrip().replace(OWN, "https://other.example"), "another cluster"),
            ("token: secret", "token: other", "has another user"),
            ("user:\n    token: secret", "user: {exec: {command: x}}", "has another user"),
            (CONFIG, "[", "cannot be read"),
            (OWN, f'"{OWN}"', None),
            ('current-context: ""', "current-context: server", None),
            ("  name: north\n", "  name: server\n", None),
        ],
    )
    def test_a_kubeconfig_that_was_changed_is_looked_at(
        self, guarded: Guarded, old: str, new: str, fault: str | None
    ) -> None:
        guarded.kubeconfig.write_text(CONFIG.replace(old, new))
        for _ in range(2):
            result = guarded.run("kubectl get pods", PYTHONPATH="x", PYTHONHOME="x")
            assert result.returncode == bool(fault)
            assert (fault or "") in result.stderr

    def test_a_change_that_leads_nowhere_new_is_looked_at_once(self, guarded: Guarded) -> None:
        guarded.kubeconfig.write_text(CONFIG)
        guarded.run("kubectl get pods")
        (guarded.kubeconfig.parent.parent / "guard" / ".first").unlink()
        assert guarded.run("kubectl get pods").returncode == 0
        guarded.kubeconfig.write_text(CONFIG)
        assert "the session's kubeconfig cannot be read" in guarded.run("kubectl get pods").stderr

    def test_a_tool_that_is_missing_stays_so(self, tmp_path: Path) -> None:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.touch()
        install_wrappers(tmp_path / "guard", kubeconfig, [], str(tmp_path))
        assert not list((tmp_path / "guard").glob("[a-z]*"))

    def test_a_session_inside_another_does_without_its_wrappers(self, guarded: Guarded) -> None:
        assert without_wrappers(guarded.path) == guarded.path.partition(":")[2]
        assert (
            without_wrappers(f"/bin:{guarded.path}:") == f"/bin:{guarded.path.partition(':')[2]}:"
        )

    def test_they_are_correct_sh(self, tmp_path: Path, guarded: Guarded) -> None:
        shellcheck = Path(sys.executable).with_name("shellcheck")
        wrappers = list((tmp_path / "guard").glob("[a-z]*"))
        assert len(wrappers) == 3
        subprocess.run([shellcheck, *wrappers], check=True)


@pytest.fixture
def run(guarded: Guarded, tmp_path: Path) -> Iterator[Callable[[str], str | None]]:
    """Return a function that runs a step, and returns what the watch says of it."""
    folder = tmp_path / "session"
    folder.mkdir()
    with closing(Shell(folder, guarded.environment | {"TERM": "xterm"})) as shell:
        guard = KubeconfigWatch(guarded.kubeconfig, CONFIG, shell)
        assert guard.breach() is None

        def run_step(command: str) -> str | None:
            for _ in shell.run(command, timeout=30):
                pass
            return guard.breach()

        yield run_step


class TestWatch:
    @pytest.mark.parametrize(
        ("command", "told"),
        [
            ("export KUBECONFIG=~/x", "KUBECONFIG is `"),
            ('KUBECONFIG="$KUBECONFIG:x"', "KUBECONFIG is `"),
            ("unset KUBECONFIG", "KUBECONFIG is not exported"),
            ("export -n KUBECONFIG", "KUBECONFIG is not exported"),
            ("KUBECONFIG=", "KUBECONFIG is empty"),
            ("export KUBECONFIG=x; exit", "KUBECONFIG is `x`"),
            ('rm "$KUBECONFIG"', "the session's kubeconfig cannot be read"),
            ('echo "[" >"$KUBECONFIG"', "the session's kubeconfig cannot be read"),
            ('sed -i s/north.example/x/ "$KUBECONFIG"', "kubeconfig has another cluster:"),
            ('sed -i s/secret/other/ "$KUBECONFIG"', "kubeconfig has another user:"),
            (
                'sed -i "s/north.example/x/; s/secret/other/" "$KUBECONFIG"',
                "has another cluster and another user:",
            ),
            (
                """sed -i 's|^\\( *\\)server:|\\1proxy-url: http://x\\n&|' "$KUBECONFIG\"""",
                "kubeconfig has another cluster:",
            ),
        ],
    )
    def test_a_way_elsewhere_is_told_of_for_good(
        self, run: Callable[[str], str | None], command: str, told: str
    ) -> None:
        breach = run(command)
        assert breach
        assert told in breach
        assert run("true") == breach

    @pytest.mark.parametrize(
        "command",
        [
            "readonly KUBECONFIG",
            "(unset KUBECONFIG); KUBECONFIG=x true",
            "exit",
            'touch "$KUBECONFIG"',
            """sed -i 's/^current-context:.*/current-context: north/' "$KUBECONFIG\"""",
            """sed -i 's/name: north/name: renamed/' "$KUBECONFIG\"""",
            """sed -i '/^users:/,$d' "$KUBECONFIG\"""",
        ],
    )
    def test_what_leads_nowhere_new_is_fine(
        self, run: Callable[[str], str | None], command: str
    ) -> None:
        assert run(command) is None
        assert run("true") is None

    def test_a_value_may_be_quoted_by_bash(self, tmp_path: Path) -> None:
        values = ["a b'c\"d$e`f\\g", "tab\tnewline\nesc\x1b", "ü"]
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm"}
        environment |= {f"V{index}": value for index, value in enumerate(values)}
        with closing(Shell(tmp_path, environment)) as shell:
            assert [shell.exported(f"V{index}") for index in range(3)] == values


def test_a_wrapper_costs_less_than_three_milliseconds(guarded: Guarded) -> None:
    def cost(command: str) -> float:
        before = os.times()
        guarded.run(f"for i in 1 2 3 4 5 6 7 8 9 10; do {command} >/dev/null; done")
        after = os.times()
        used = after.children_user + after.children_system
        return (used - before.children_user - before.children_system) / 10

    kubectl = guarded.path.split(":")[1] + "/kubectl"
    least = min(cost("kubectl get pods") - cost(f"{kubectl} get pods") for _ in range(5))
    assert least < 0.003


@pytest.mark.parametrize(
    ("cluster", "is_new"),
    [
        ({"server": "http://127.0.0.1:1/secret/made"}, False),
        ({"server": "http://127.0.0.1:1/secretive"}, True),
        ({"server": "https://prod"}, True),
        ({"server": "http://127.0.0.1:1/secret/made", "proxy-url": "http://elsewhere"}, True),
    ],
)
def test_clusters_that_the_session_makes_may_come(cluster: dict[str, str], is_new: bool) -> None:
    now = json.dumps({"clusters": [{"name": "c", "cluster": cluster}]})
    assert bool(describe_new("{}", now, "http://127.0.0.1:1/secret")) is is_new
    assert describe_new("{}", now)
