"""setup-demo.sh: the calls it makes and their order, second runs, and what may go wrong."""

from __future__ import annotations

import pytest

from tests.scripts.scripts_machine import Machine, Result

SCRIPT = "setup-demo.sh"
CLUSTERS = ("north", "east", "west")
Run = tuple[Machine, Result]

KNOWN_FAILURE = """\
linkerd-multicluster
--------------------
√ Link CRD exists
√ service mirror controllers are running
\t* east
\t* west
× probe services able to communicate with all gateway mirrors
        wrong number (0) of probe gateways for target cluster east
    see https://linkerd.io/2.14/checks/#l5d-multicluster-gateways-endpoints for hints
√ all mirror services are part of a Link

Status check results are ×
"""


@pytest.fixture(scope="module")
def first_run(module_machine: Machine) -> Run:
    result = module_machine.run(SCRIPT)
    assert result.returncode == 0, result.stdout
    return module_machine, result


def position(machine: Machine, beginning: str) -> int:
    """Return where in the record the only call with this beginning is."""
    (found,) = (n for n, call in enumerate(machine.calls) if call.startswith(beginning))
    return found


class TestInstalling:
    def test_everything_is_applied_where_it_belongs_and_in_order(self, first_run: Run) -> None:
        machine, _ = first_run
        applied = [call for call in machine.calls_of("kubectl") if " apply " in call]
        per_cluster = [
            f"kubectl --context {name} apply -f - < linkerd --context {name} {what}"
            for name in CLUSTERS
            for what in ("install --crds", "install --identity")
        ]
        expected = [
            *per_cluster,
            *(
                f"kubectl --context {name} apply -f - < linkerd --context {name} multicluster "
                "install --gateway=false"
                for name in CLUSTERS
            ),
            "kubectl --context north apply -f - < linkerd --context east multicluster link",
            "kubectl --context north apply -f - < linkerd --context west multicluster link",
            "kubectl --context north apply -f k8s/emissary/emissary-namespace.yaml",
            "kubectl --context north apply -f - < emissary-crds.yaml: replicas: 1",
            "kubectl --context north apply -f - < emissary-emissaryns.yaml: replicas: 1",
            "kubectl --context north apply -f k8s/north",
            "kubectl --context east apply -f k8s/east",
            "kubectl --context west apply -f k8s/west",
            "kubectl --context north apply -f k8s/emissary",
        ]
        assert len(applied) == len(expected)
        for call, beginning in zip(applied, expected, strict=True):
            assert call.startswith(beginning)

    def test_linkerd_is_ready_before_anything_that_it_must_inject(self, first_run: Run) -> None:
        machine, _ = first_run
        for name in CLUSTERS:
            ready = position(machine, f"kubectl --context {name} -n linkerd wait deployment --all")
            assert ready < position(machine, f"linkerd --context {name} multicluster install")
            assert ready < position(machine, f"kubectl --context {name} apply -f k8s/{name}")

    @pytest.mark.parametrize(("name", "address"), [("east", "172.18.0.5"), ("west", "172.18.0.7")])
    def test_a_link_is_flat_and_leads_to_the_node_itself(
        self, first_run: Run, name: str, address: str
    ) -> None:
        machine, _ = first_run
        assert machine.calls_of(f"linkerd --context {name} multicluster link") == [
            f"linkerd --context {name} multicluster link --gateway=false --cluster-name {name} "
            f"--api-server-address https://{address}:6443"
        ]

    def test_nothing_links_to_north(self, first_run: Run) -> None:
        machine, _ = first_run
        assert machine.calls_of("linkerd --context north multicluster link") == []
        for name in ("east", "west"):
            assert not [
                call
                for call in machine.calls_of(f"kubectl --context {name} apply")
                if "multicluster link" in call
            ]

    def test_one_trust_anchor_serves_all_and_each_cluster_has_its_issuer(
        self, first_run: Run
    ) -> None:
        machine, _ = first_run
        kept = machine.certificates
        for name in CLUSTERS:
            (install,) = machine.calls_of(f"linkerd --context {name} install --identity")
            assert f"--identity-trust-anchors-file {kept}/anchor.crt" in install
            assert f"--identity-issuer-certificate-file {kept}/issuer-{name}.crt" in install
            assert f"--identity-issuer-key-file {kept}/issuer-{name}.key" in install
        signed = machine.calls_of("step certificate create")
        assert [call.split()[4] for call in signed] == [
            "anchor.crt",
            "issuer-north.crt",
            "issuer-east.crt",
            "issuer-west.crt",
        ]
        assert all("--ca anchor.crt --ca-key anchor.key" in call for call in signed[1:])

    def test_private_keys_are_kept_from_others_and_from_git(self, first_run: Run) -> None:
        machine, _ = first_run
        assert machine.certificates.stat().st_mode & 0o077 == 0
        assert (machine.certificates / ".gitignore").read_text() == "*\n"

    def test_every_wait_has_a_bound(self, first_run: Run) -> None:
        machine, _ = first_run
        waits = [call for call in machine.calls_of("kubectl") if " wait " in call]
        assert len(waits) == 3 + 2 + 2 + 3
        assert all("--timeout=300s" in call for call in waits)
        assert all("--max-time " in call for call in machine.calls_of("curl"))
        assert all("--wait 300s" in c for c in machine.calls_of("linkerd") if " check" in c)

    def test_it_ends_with_the_checks_and_says_where_the_page_is(self, first_run: Run) -> None:
        machine, result = first_run
        assert [call.split(" --wait")[0] for call in machine.calls[-3:]] == [
            f"linkerd --context {name} check" for name in CLUSTERS
        ]
        assert all(line.startswith("==> ") for line in result.stdout.splitlines())
        assert "http://localhost/faces/" in result.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def second_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    machine = Machine(tmp_path_factory.mktemp("again"))
    machine.run(SCRIPT)
    machine.forget_calls()
    result = machine.run(SCRIPT)
    assert result.returncode == 0, result.stdout
    return machine, result


class TestRunningAgain:
    def test_certificates_and_linkerd_are_kept(self, second_run: Run) -> None:
        machine, _ = second_run
        assert machine.calls_of("step certificate create") == []
        for name in CLUSTERS:
            assert machine.calls_of(f"linkerd --context {name} install") == []

    @pytest.mark.parametrize("name", ["east", "west"])
    def test_an_old_link_goes_before_the_new_one_comes(self, second_run: Run, name: str) -> None:
        machine, _ = second_run
        old = position(
            machine,
            "kubectl --context north delete --ignore-not-found -f - < "
            f"linkerd --context north multicluster unlink --cluster-name {name}",
        )
        assert old < position(machine, f"linkerd --context {name} multicluster link")

    def test_what_the_workshop_changed_is_put_back(self, second_run: Run) -> None:
        machine, _ = second_run
        canary = position(
            machine, "kubectl --context north delete --ignore-not-found -f k8s/canary"
        )
        label = position(
            machine,
            "kubectl --context west -n faces label service/color2 mirror.linkerd.io/exported-",
        )
        assert position(machine, "kubectl --context north apply -f k8s/north") < canary < label


def test_a_new_anchor_signs_new_issuers(machine: Machine) -> None:
    machine.run(SCRIPT, WAIT_SECONDS="0")
    (machine.certificates / "anchor.crt").unlink()
    machine.forget_calls()
    machine.run(SCRIPT, WAIT_SECONDS="0")

    signed = [call.split()[4] for call in machine.calls_of("step certificate create")]
    assert signed == ["anchor.crt", *(f"issuer-{name}.crt" for name in CLUSTERS)]


def test_certificates_that_end_soon_are_made_anew(machine: Machine) -> None:
    machine.run(SCRIPT, WAIT_SECONDS="0")
    machine.answer("step certificate needs-renewal *issuer-east.crt --expires-in 1440h")
    machine.forget_calls()
    machine.run(SCRIPT, WAIT_SECONDS="0")

    assert [call.split()[4] for call in machine.calls_of("step certificate create")] == [
        "issuer-east.crt"
    ]


def test_clusters_of_another_trust_anchor_are_not_joined(machine: Machine) -> None:
    machine.run(SCRIPT)
    machine.forget_calls()
    (machine.root / "state" / "anchor-west").write_text("certificate of somebody else\n")
    result = machine.run(SCRIPT)

    assert result.returncode == 1
    assert "the cluster 'west' has a Linkerd with another trust anchor" in result.stdout
    assert "bash create-clusters.sh" in result.stdout
    assert not [call for call in machine.calls if " apply " in call]


class TestWaiting:
    def test_a_deployment_that_never_gets_ready_ends_it_with_kubectls_words(
        self, machine: Machine
    ) -> None:
        machine.answer(
            "kubectl --context east -n linkerd wait *",
            "error: timed out waiting for the condition on deployments/linkerd-identity\n",
            1,
        )
        result = machine.run(SCRIPT, WAIT_SECONDS="7")

        assert result.returncode == 1
        assert "timed out waiting for the condition on deployments/linkerd-identity" in (
            result.stdout
        )
        assert "--timeout=7s" in machine.calls[-1]

    def test_emissary_may_refuse_its_configuration_at_first(self, machine: Machine) -> None:
        machine.act("sleep*", 'touch "$STATE/slept"')
        machine.act("'kubectl --context north apply -f k8s/emissary'", 'test -e "$STATE/slept"')
        result = machine.run(SCRIPT)

        assert result.returncode == 0, result.stdout
        assert machine.calls_of("sleep") == ["sleep 1"]

    @pytest.mark.parametrize(
        ("call", "reason"),
        [
            ("kubectl --context north -n faces get service smiley-east", "the mirror smiley-east"),
            ("curl *http://localhost/faces/", "the page http://localhost/faces/ answers"),
        ],
    )
    def test_what_never_comes_ends_it_within_the_bound(
        self, machine: Machine, call: str, reason: str
    ) -> None:
        machine.answer(call, "no such thing\n", 7)
        result = machine.run(SCRIPT, WAIT_SECONDS="0")

        assert result.returncode == 1
        assert "no such thing\nerror: waited 0 seconds in vain: " in result.stdout
        assert reason in result.stdout


class TestChecking:
    def test_the_known_failure_of_2_14_is_let_pass(self, machine: Machine) -> None:
        machine.answer("linkerd --context north check *", KNOWN_FAILURE, 1)
        result = machine.run(SCRIPT)

        assert result.returncode == 0, result.stdout
        assert "north: one check failed, as it does in Linkerd 2.14" in result.stdout
        assert machine.calls_of("linkerd --context west check")

    @pytest.mark.parametrize(
        "output",
        [
            pytest.param(
                KNOWN_FAILURE.replace(
                    "√ service mirror controllers are running",
                    "× service mirror controllers are running",
                ),
                id="another failure before it",
            ),
            pytest.param(
                KNOWN_FAILURE.replace("√ all mirror", "× all mirror"),
                id="another failure after it",
            ),
            pytest.param(
                KNOWN_FAILURE.replace(
                    "wrong number (0) of probe gateways for target cluster east",
                    "liveness checks failed for east",
                ),
                id="the same check for another reason",
            ),
            pytest.param(
                KNOWN_FAILURE.replace(
                    "× probe services able to communicate with all gateway mirrors\n", ""
                ),
                id="the reason without the check",
            ),
            pytest.param("Cannot connect to Kubernetes: refused\n", id="no check at all"),
            pytest.param("", id="not a word"),
        ],
    )
    def test_any_other_failure_ends_it_and_is_shown(self, machine: Machine, output: str) -> None:
        machine.answer("linkerd --context north check *", output, 1)
        result = machine.run(SCRIPT)

        assert result.returncode == 1
        assert output in result.stdout
        assert "error: north: linkerd check failed" in result.stdout


class TestFailing:
    def test_all_missing_tools_are_named_at_once(self, machine: Machine) -> None:
        machine.remove("kubectl", "linkerd", "curl", "step")
        result = machine.run(SCRIPT)

        assert result.returncode == 1
        for entry in (
            "kubectl: https://kubernetes.io/docs/tasks/tools/",
            "linkerd: curl -sL https://run.linkerd.io/install | LINKERD2_VERSION=stable-2.14.10 sh",
            "curl: https://curl.se/download.html",
            "step or openssl: https://smallstep.com/docs/step-cli/installation",
        ):
            assert f"  {entry}\n" in result.stdout
        assert machine.calls == []

    @pytest.mark.parametrize("version", ["edge-25.4.4", "stable-2.13.7", "enterprise-2.17.0"])
    def test_another_linkerd_is_refused(self, machine: Machine, version: str) -> None:
        machine.answer("linkerd version *", f"{version}\n")
        result = machine.run(SCRIPT)

        assert result.returncode == 1
        assert f"this one is {version}" in result.stdout
        assert "LINKERD2_VERSION=stable-2.14.10" in result.stdout
        assert machine.calls_of("linkerd") == ["linkerd version --client --short"]
        assert not [call for call in machine.calls if " apply " in call]

    def test_a_cluster_that_is_not_there_is_named_before_anything_is_done(
        self, machine: Machine
    ) -> None:
        machine.answer("kubectl --context west *get nodes", "context was not found\n", 1)
        result = machine.run(SCRIPT)

        assert result.returncode == 1
        assert "the cluster 'west' does not answer" in result.stdout
        assert "bash create-clusters.sh" in result.stdout
        assert not [call for call in machine.calls if " apply " in call]

    @pytest.mark.parametrize(
        ("call", "where"),
        [
            ("linkerd --context east install --crds", "east: "),
            ("linkerd --context west multicluster link *", "north: "),
            ("curl *emissary-emissaryns.yaml", "north: "),
            ("step certificate create identity*", "north: "),
        ],
    )
    def test_a_failure_at_the_head_of_a_pipe_is_a_failure(
        self, machine: Machine, call: str, where: str
    ) -> None:
        machine.answer(call, "it went wrong\n", 1)
        result = machine.run(SCRIPT)

        assert result.returncode == 1
        assert f"it went wrong\nerror: {where}this command failed: " in result.stdout

    def test_a_wrong_command_line_does_nothing(self, machine: Machine) -> None:
        result = machine.run(SCRIPT, "again")

        assert result.returncode == 1
        assert "setup-demo.sh --help" in result.stdout
        assert machine.calls == []


def test_help_needs_no_tools(machine: Machine) -> None:
    machine.remove("kubectl", "linkerd", "curl", "step")
    result = machine.run(SCRIPT, "--help")

    assert result.returncode == 0
    assert "WAIT_SECONDS" in result.stdout
    assert "CERTIFICATES" in result.stdout


class TestWithoutNetwork:
    def test_emissarys_manifests_may_be_in_a_folder(self, machine: Machine) -> None:
        for name in ("emissary-crds.yaml", "emissary-emissaryns.yaml"):
            (machine.root / name).write_text(f"saved {name}: replicas: 3\n")
        result = machine.run(SCRIPT, EMISSARY_MANIFESTS=str(machine.root))

        assert result.returncode == 0, result.stdout
        assert "kubectl --context north apply -f - < saved emissary-crds.yaml: replicas: 1" in (
            machine.calls
        )
        assert not [call for call in machine.calls_of("curl") if "getambassador" in call]

    def test_a_folder_that_lacks_one_is_named(self, machine: Machine) -> None:
        result = machine.run(SCRIPT, EMISSARY_MANIFESTS="/no/such/folder")

        assert result.returncode == 1
        assert "/no/such/folder/emissary-crds.yaml" in result.stdout

    def test_rehearsal_clusters_need_no_curl(self, machine: Machine) -> None:
        machine.remove("curl")
        machine.answer("kubectl --context north *kubeletVersion*", "v1.27.4+rehearsal")
        result = machine.run(SCRIPT)

        assert result.returncode == 0, result.stdout
        applied = [call for call in machine.calls_of("kubectl") if " < # What rehearsal" in call]
        assert len(applied) == 2
        assert "rehearsal clusters" in result.stdout.splitlines()[-1]
        assert "localhost" not in result.stdout
