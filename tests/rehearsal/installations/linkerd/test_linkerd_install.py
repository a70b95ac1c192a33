"""`linkerd install` and `linkerd multicluster install`: what they print, and when they do not."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from meshpeek.rehearsal.installations.linkerd.cli import main
from meshpeek.rehearsal.launch import ClusterSeed, kubeconfig_text, start
from meshpeek.rehearsal.types.objects import Object

ANCHOR = "-----BEGIN CERTIFICATE-----\nanchor\n-----END CERTIFICATE-----\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Serve an empty cluster and one with Linkerd."""
    path = tmp_path_factory.mktemp("install") / "kubeconfig"
    meshed = ClusterSeed(install=("linkerd-multicluster",))
    with start({"bare": ClusterSeed(install=()), "meshed": meshed}) as running:
        path.write_text(kubeconfig_text(running.servers))
        yield path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_linkerd(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        return status, *capsys.readouterr()

    return run_linkerd


@pytest.fixture
def on(kubeconfig: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    return run


@pytest.fixture
def credentials(tmp_path: Path) -> list[str]:
    """Write an anchor and an issuer, and return the flags that name them."""
    flags = []
    for flag, text in (
        ("identity-trust-anchors-file", ANCHOR),
        ("identity-issuer-certificate-file", ANCHOR.replace("anchor", "issuer")),
        ("identity-issuer-key-file", "-----BEGIN EC PRIVATE KEY-----\nkey\n"),
    ):
        path = tmp_path / flag
        path.write_text(text)
        flags += [f"--{flag}", str(path)]
    return flags


def objects(output: str) -> list[Object]:
    return [each for each in yaml.safe_load_all(output) if each]


def find(found: list[Object], kind: str, name: str) -> Object:
    (one,) = [each for each in found if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return one


class TestDefinitions:
    def test_all_eight_come_in_the_real_order(self, on: Run) -> None:
        status, output, errors = on("--context=bare", "install", "--crds")
        assert status == 0
        assert [each["metadata"]["name"] for each in objects(output)] == [
            "authorizationpolicies.policy.linkerd.io",
            "httproutes.policy.linkerd.io",
            "meshtlsauthentications.policy.linkerd.io",
            "networkauthentications.policy.linkerd.io",
            "serverauthorizations.policy.linkerd.io",
            "servers.policy.linkerd.io",
            "serviceprofiles.linkerd.io",
            "httproutes.gateway.networking.k8s.io",
        ]
        assert errors == (
            "Rendering Linkerd CRDs...\n"
            "Next, run `linkerd install | kubectl apply -f -` to install the control plane.\n\n"
        )

    def test_they_may_be_printed_again(self, on: Run) -> None:
        assert on("--context=meshed", "install", "--crds")[0] == 0


class TestControlPlane:
    def test_it_wants_the_definitions_first(self, on: Run) -> None:
        assert on("--context=bare", "install") == (
            1,
            "",
            "Linkerd CRDs must be installed first. Run linkerd install with the --crds flag.\n",
        )

    def test_it_is_not_installed_twice(self, on: Run) -> None:
        assert on("--context=meshed", "install") == (
            1,
            "",
            "Can't install the Linkerd control plane in the 'linkerd' namespace. Reason: "
            "ConfigMap/linkerd-config already exists.\n"
            "Run the command `linkerd upgrade`, if you are looking to upgrade Linkerd.\n",
        )

    def test_a_cluster_that_does_not_answer(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "kubeconfig"
        path.write_text(kubeconfig_text({"gone": "http://127.0.0.1:9/x"}))
        monkeypatch.setenv("KUBECONFIG", str(path))
        status, output, errors = run("--context=gone", "install")
        assert (status, output) == (1, "")
        assert errors.startswith("Unable to install the Linkerd control plane. Cannot connect to")
        assert "connection refused" in errors
        assert run("--context=gone", "install", "--ignore-cluster")[0] == 0

    def test_its_objects_are_those_of_the_real_command(self, run: Run) -> None:
        _, output, _ = run("install", "--ignore-cluster")
        names = [f"{each['kind']}/{each['metadata']['name']}" for each in objects(output)]
        assert names[:4] == [
            "Namespace/linkerd",
            "ClusterRole/linkerd-linkerd-identity",
            "ClusterRoleBinding/linkerd-linkerd-identity",
            "ServiceAccount/linkerd-identity",
        ]
        assert names[-4:] == [
            "CronJob/linkerd-heartbeat",
            "Deployment/linkerd-proxy-injector",
            "Service/linkerd-proxy-injector",
            "Secret/linkerd-config-overrides",
        ]
        assert len(names) == len(set(names)) == 42

    def test_credentials_go_where_linkerd_keeps_them(
        self, run: Run, credentials: list[str]
    ) -> None:
        found = objects(run("install", "--ignore-cluster", *credentials)[1])
        roots = find(found, "ConfigMap", "linkerd-identity-trust-roots")
        assert roots["data"] == {"ca-bundle.crt": ANCHOR}
        issuer = find(found, "Secret", "linkerd-identity-issuer")["data"]
        assert b"issuer" in base64.b64decode(issuer["crt.pem"])
        assert b"PRIVATE KEY" in base64.b64decode(issuer["key.pem"])
        values = yaml.safe_load(find(found, "ConfigMap", "linkerd-config")["data"]["values"])
        assert values["identityTrustAnchorsPEM"] == ANCHOR
        assert "tls" not in values["identity"]["issuer"], "the key is in the Secret only"

    @pytest.mark.parametrize(
        ("left_out", "reason"),
        [
            (0, "a trust anchors file must be specified if other credentials are provided"),
            (2, "a certificate file must be specified if other credentials are provided"),
            (4, "a private key file must be specified if other credentials are provided"),
        ],
    )
    def test_credentials_come_together_or_not_at_all(
        self, run: Run, credentials: list[str], left_out: int, reason: str
    ) -> None:
        del credentials[left_out : left_out + 2]
        status, output, errors = run("install", "--ignore-cluster", *credentials)
        assert (status, output) == (1, "")
        assert errors.startswith(f"Error: {reason}\nUsage:\n")

    def test_credentials_that_cannot_be_read(
        self, run: Run, credentials: list[str], tmp_path: Path
    ) -> None:
        key = Path(credentials[5])
        key.write_text("no key")
        assert "not PEM-encoded" in run("install", "--ignore-cluster", *credentials)[2]
        key.unlink()
        status, _, errors = run("install", "--ignore-cluster", *credentials)
        assert status == 1
        assert errors.startswith(f"Error: open {key}: no such file or directory\n")

    def test_high_availability(self, run: Run) -> None:
        found = objects(run("install", "--ignore-cluster", "--ha")[1])
        assert find(found, "Deployment", "linkerd-destination")["spec"]["replicas"] == 3
        injector = find(
            found, "MutatingWebhookConfiguration", "linkerd-proxy-injector-webhook-config"
        )
        assert injector["webhooks"][0]["failurePolicy"] == "Fail"

    def test_helm_values_are_kept(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "values.yaml").write_text("controllerReplicas: 2\nproxy: {cores: 1}\n")
        _, output, _ = run(
            "install",
            "--ignore-cluster",
            *("-f", str(tmp_path / "values.yaml"), "--set", "proxyInit.runAsRoot=true,a\\.b=c"),
            *("--set", "proxy.logLevel=warn", "--set-string", "proxy.cores=2", "--set", "l={1,x}"),
        )
        found = objects(output)
        values = yaml.safe_load(find(found, "ConfigMap", "linkerd-config")["data"]["values"])
        assert values["proxyInit"] == {"runAsRoot": True}
        assert values["a.b"] == "c"
        assert values["proxy"] == {"cores": "2", "logLevel": "warn"}
        assert values["l"] == [1, "x"]
        assert find(found, "Deployment", "linkerd-identity")["spec"]["replicas"] == 2
        overrides = find(found, "Secret", "linkerd-config-overrides")["data"]
        assert b"runAsRoot: true" in base64.b64decode(overrides["linkerd-config-overrides"])

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (("--set", "proxy"), 'failed parsing --set data: key "proxy" has no value'),
            (("--values", "/no/such"), "open /no/such: no such file or directory"),
            (("--controller-replicas", "-1"), 'invalid argument "-1" for "--controller-replicas"'),
        ],
    )
    def test_values_that_cannot_be_read(
        self, run: Run, arguments: tuple[str, ...], reason: str
    ) -> None:
        status, output, errors = run("install", "--ignore-cluster", *arguments)
        assert (status, output) == (1, "")
        assert errors.startswith(f"Error: {reason}")


class TestMulticluster:
    def test_flat_it_is_these_objects(self, on: Run) -> None:
        status, output, errors = on("--context=meshed", "mc", "install", "--gateway=false")
        assert (status, errors) == (0, "")
        assert [(each["kind"], each["metadata"]["name"]) for each in objects(output)] == [
            ("Namespace", "linkerd-multicluster"),
            ("ClusterRole", "linkerd-service-mirror-remote-access-default"),
            ("ServiceAccount", "linkerd-service-mirror-remote-access-default"),
            ("Secret", "linkerd-service-mirror-remote-access-default-token"),
            ("ClusterRoleBinding", "linkerd-service-mirror-remote-access-default"),
            ("CustomResourceDefinition", "links.multicluster.linkerd.io"),
            ("Server", "service-mirror"),
            ("AuthorizationPolicy", "service-mirror"),
        ]

    def test_the_gateway_is_there_unless_it_is_left_out(self, on: Run) -> None:
        found = objects(on("--context=meshed", "mc", "install")[1])
        assert find(found, "Service", "linkerd-gateway")["spec"]["type"] == "LoadBalancer"
        assert find(found, "Deployment", "linkerd-gateway")

    def test_it_waits_for_linkerd_and_gives_up(self, on: Run) -> None:
        assert on("--context=bare", "mc", "install", "--wait=0s") == (
            1,
            "",
            'Cannot find Linkerd: configmaps "linkerd-config" not found\n'
            "Validate the install with: linkerd check\n",
        )

    def test_no_cluster_at_all(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KUBECONFIG", os.devnull)
        status, output, errors = run("mc", "install")
        assert (status, output) == (1, "")
        assert errors.startswith("Cannot connect to Kubernetes: ")
