"""The linkerd stand-in, against an API server that answers with recorded objects."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshpeek.rehearsal.installations.linkerd.cli import main
from meshpeek.rehearsal.installations.linkerd_multicluster.links import LinkRequest, link_objects
from tests.rehearsal.recorded_api import serve, write_kubeconfig

FACES = "/api/v1/namespaces/faces"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/faces/endpointslices"
SECRETS = "/api/v1/namespaces/linkerd/secrets"
LINKS = "/apis/multicluster.linkerd.io/v1alpha1/links"
EXTENSION = "/api/v1/namespaces/linkerd-multicluster"
ACCOUNT = "linkerd-service-mirror-remote-access-default"

Recorded = dict[str, Any]
Start = Callable[..., str]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Serve recorded objects as clusters and make them the contexts of KUBECONFIG."""
    with contextlib.ExitStack() as stack:
        servers: dict[str, str] = {}

        def start_cluster(name: str, recorded: Mapping[str, Any]) -> str:
            servers[name] = stack.enter_context(serve(recorded))
            path = write_kubeconfig(tmp_path / "kubeconfig", servers)
            monkeypatch.setenv("KUBECONFIG", str(path))
            return servers[name]

        yield start_cluster


def service(name: str, labels: dict[str, str] | None = None, **spec: Any) -> Recorded:
    ports = [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]
    return {
        "metadata": {"name": name, "namespace": "faces", "labels": labels or {}},
        "spec": {"type": "ClusterIP", "ports": ports, **spec},
    }


def endpoint_slice(service_name: str, *endpoints: Recorded, port: int = 8000) -> Recorded:
    return {
        "metadata": {"labels": {"kubernetes.io/service-name": service_name}},
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }


def endpoint(ip: str, pod: str, *, ready: bool = True) -> Recorded:
    return {
        "addresses": [ip],
        "conditions": {"ready": ready},
        "targetRef": {"kind": "Pod", "name": pod},
    }


def east() -> Recorded:
    return {
        f"{FACES}/services/smiley": service("smiley"),
        SLICES: [
            endpoint_slice(
                "smiley",
                endpoint("10.23.1.12", "smiley-6bf9f47bd5-jjcrl"),
                endpoint("10.23.1.3", "smiley-6bf9f47bd5-x2n9z"),
            ),
            endpoint_slice("smiley2", endpoint("10.23.1.4", "smiley2-57cfd5b9f8-kk8fr")),
        ],
    }


def north(east_server: str) -> Recorded:
    labels = {
        "multicluster.linkerd.io/remote-discovery": "east",
        "multicluster.linkerd.io/remote-service": "smiley",
    }
    return {
        f"{FACES}/services/smiley-east": service("smiley-east", labels),
        SECRETS: link_objects(LinkRequest("east", east_server))[1:2],
    }


@pytest.fixture
def clusters(start: Start) -> None:
    """A north whose smiley-east mirrors smiley of an east."""
    start("north", north(start("east", east())))


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_linkerd(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        return status, *capsys.readouterr()

    return run_linkerd


MIRROR = "smiley-east.faces.svc.cluster.local:80"


class TestEndpoints:
    @pytest.mark.usefixtures("clusters")
    def test_a_mirror_shows_the_pods_of_the_remote_service(self, run: Run) -> None:
        assert run("--context", "north", "diagnostics", "endpoints", MIRROR) == (
            0,
            "NAMESPACE   IP           PORT   POD                       SERVICE\n"
            "faces       10.23.1.3    8000   smiley-6bf9f47bd5-x2n9z   smiley.faces\n"
            "faces       10.23.1.12   8000   smiley-6bf9f47bd5-jjcrl   smiley.faces\n",
            "",
        )

    @pytest.mark.usefixtures("clusters")
    def test_as_json(self, run: Run) -> None:
        status, output, _ = run("dg", "ep", "-o", "json", "--context=north", MIRROR)
        assert status == 0
        assert output.startswith('[\n  {\n    "namespace": "faces",\n    "ip": "10.23.1.3",')
        assert [entry["port"] for entry in json.loads(output)] == [8000, 8000]

    @pytest.mark.usefixtures("clusters")
    def test_a_local_service(self, run: Run) -> None:
        _, output, _ = run("--context=east", "dg", "ep", "smiley.faces.svc.cluster.local:80")
        assert output.count("smiley.faces\n") == 2

    @pytest.mark.usefixtures("clusters")
    def test_without_a_port_it_is_80(self, run: Run) -> None:
        asked = MIRROR.removesuffix(":80")
        assert "10.23.1.12   8000" in run("--context=north", "dg", "ep", asked)[1]

    @pytest.mark.usefixtures("clusters")
    def test_a_port_the_service_lacks_is_taken_as_it_is(self, run: Run) -> None:
        asked = MIRROR.replace(":80", ":9999")
        assert "10.23.1.12   9999" in run("--context=north", "dg", "ep", asked)[1]

    def test_pods_that_are_not_ready_are_left_out(self, start: Start, run: Run) -> None:
        recorded = east()
        recorded[SLICES][0]["endpoints"][0]["conditions"]["ready"] = False
        start("east", recorded)
        _, output, _ = run("--context=east", "dg", "ep", "smiley.faces.svc.cluster.local:80")
        assert "10.23.1.12" not in output
        assert "10.23.1.3 " in output

    def test_one_table_for_each_namespace(self, start: Start, run: Run) -> None:
        recorded = east()
        recorded["/api/v1/namespaces/a-long-namespace/services/web"] = service("web")
        recorded[SLICES.replace("faces", "a-long-namespace")] = [
            endpoint_slice("web", endpoint("10.23.1.200", "web-1"))
        ]
        start("east", recorded)
        names = ["web.a-long-namespace", "smiley.faces"]
        _, output, _ = run("--context=east", "dg", "ep", *(f"{n}.svc.cluster.local" for n in names))
        assert output == (
            "NAMESPACE          IP            PORT   POD                       SERVICE\n"
            "a-long-namespace   10.23.1.200   8000   web-1                     "
            "web.a-long-namespace\n"
            "\n"
            "NAMESPACE          IP           PORT   POD                       SERVICE\n"
            "faces              10.23.1.3    8000   smiley-6bf9f47bd5-x2n9z   smiley.faces\n"
            "faces              10.23.1.12   8000   smiley-6bf9f47bd5-jjcrl   smiley.faces\n"
        )

    def test_no_endpoints_is_no_failure(self, start: Start, run: Run) -> None:
        start("east", {f"{FACES}/services/smiley": service("smiley"), SLICES: []})
        asked = ("--context=east", "dg", "ep", "smiley.faces.svc.cluster.local:80")
        assert run(*asked) == (0, "", "No endpoints found.\n")
        assert run(*asked, "-o=json") == (0, "[]\n", "")

    @pytest.mark.parametrize(
        ("authority", "message"),
        [
            ("x.faces.svc.cluster.local:80", "Service x.faces not found"),
            ("smiley", "Invalid authority: smiley"),
            ("smiley.faces:80", "Invalid authority: smiley.faces:80"),
            ("a.b.c.d.svc.cluster.local", "Invalid authority: a.b.c.d.svc.cluster.local"),
            (
                "smiley.faces.svc.cluster.local:http",
                "Invalid authority: smiley.faces.svc.cluster.local:http",
            ),
            (
                "smiley.faces.svc.cluster.local:1:2",
                "Invalid authority: smiley.faces.svc.cluster.local:1:2",
            ),
            ("10.23.1.12:80", "IP queries not supported by Get API: host=10.23.1.12"),
        ],
    )
    @pytest.mark.usefixtures("clusters")
    def test_what_cannot_be_resolved(self, run: Run, authority: str, message: str) -> None:
        status, output, errors = run("--context=east", "dg", "ep", authority)
        assert (status, output) == (1, "")
        assert errors.startswith(f"Error: Destination API error: {message}\nUsage:\n")

    def test_a_mirror_without_credentials(self, start: Start, run: Run) -> None:
        start("north", north("http://127.0.0.1:9") | {SECRETS: []})
        status, _, errors = run("--context=north", "dg", "ep", MIRROR)
        assert status == 1
        assert "Destination API error: Remote cluster not found: east\n" in errors

    def test_credentials_with_a_nodes_address_are_followed(self, start: Start, run: Run) -> None:
        node: Recorded = {"metadata": {}}
        node["status"] = {"addresses": [{"type": "InternalIP", "address": "172.18.0.4"}]}
        start("east", east() | {"/api/v1/nodes": [node]})
        start("north", north("https://172.18.0.4:6443"))
        assert "10.23.1.12   8000" in run("--context=north", "dg", "ep", MIRROR)[1]

    @pytest.mark.parametrize("server", ["https://172.18.0.9:6443", "https://0.0.0.0:41001"])
    def test_credentials_that_lead_nowhere(self, start: Start, run: Run, server: str) -> None:
        start("east", east())
        start("north", north(server))
        assert "Remote cluster not found: east" in run("--context=north", "dg", "ep", MIRROR)[2]

    def test_credentials_that_are_no_kubeconfig(self, start: Start, run: Run) -> None:
        recorded = north("http://127.0.0.1:9")
        recorded[SECRETS][0]["data"]["kubeconfig"] = base64.b64encode(b"[]").decode()
        start("north", recorded)
        assert "Remote cluster not found" in run("--context=north", "dg", "ep", MIRROR)[2]

    def test_an_external_name(self, start: Start, run: Run) -> None:
        start("east", {f"{FACES}/services/smiley": service("smiley", type="ExternalName")})
        asked = "smiley.faces.svc.cluster.local"
        assert f"Invalid authority: {asked}" in run("--context=east", "dg", "ep", asked)[2]


def gateway_link(**spec: str) -> Recorded:
    return {
        "metadata": {"name": "east", "namespace": "linkerd-multicluster"},
        "spec": {"targetClusterName": "east", "gatewayAddress": "172.18.0.4", **spec},
    }


class TestGateways:
    HEADER = "CLUSTER  ALIVE    NUM_SVC      LATENCY  \n"

    def test_flat_links_have_none(self, start: Start, run: Run) -> None:
        start("north", {LINKS: [gateway_link(gatewayAddress="")]})
        assert run("--context=north", "mc", "gateways") == (0, self.HEADER, "")
        assert run("--context=north", "mc", "gateways", "-o", "json") == (0, "null\n", "")

    def test_a_gateway_with_its_mirrored_services(self, start: Start, run: Run) -> None:
        mirrored = {
            "mirror.linkerd.io/mirrored-service": "true",
            "mirror.linkerd.io/cluster-name": "east",
        }
        flat = mirrored | {"multicluster.linkerd.io/remote-discovery": "east"}
        mirror = "/apis/apps/v1/namespaces/linkerd-multicluster/deployments"
        start(
            "north",
            {
                LINKS: [gateway_link()],
                "/api/v1/services": [service("a", mirrored), service("b", flat), service("c")],
                f"{mirror}/linkerd-service-mirror-east": {"status": {"availableReplicas": 1}},
            },
        )
        assert run("--context=north", "mc", "gateways")[1] == (
            f"{self.HEADER}east     True           1          1ms  \n"
        )
        assert json.loads(run("--context=north", "mc", "gateways", "-ojson")[1]) == [
            {"clusterName": "east", "alive": True, "numberOfServices": 1, "latency": 1}
        ]
        assert run("--context=north", "mc", "gateways", "--cluster-name=west")[1] == self.HEADER

    def test_a_gateway_without_its_service_mirror_is_dead(self, start: Start, run: Run) -> None:
        start("north", {LINKS: [gateway_link()], "/api/v1/services": []})
        assert run("--context=north", "mc", "gateways")[1] == (
            f"{self.HEADER}east     False          0            -  \n"
        )

    def test_the_output_format_is_checked(self, run: Run) -> None:
        status, _, errors = run("mc", "gateways", "-o", "yaml")
        assert status == 1
        assert errors.startswith("Error: --output currently only supports table and json\nUsage:")


def linked_target() -> Recorded:
    token = base64.b64encode(b"t0ken").decode()
    annotations = {"kubernetes.io/service-account.name": ACCOUNT}
    return {
        "/api/v1/namespaces/linkerd/configmaps/linkerd-config": {
            "data": {"values": "linkerdVersion: stable-2.14.10\nclusterDomain: cluster.local\n"}
        },
        "/api/v1/namespaces/linkerd/pods": [
            {"metadata": {"name": f"linkerd-{component}-1"}, "status": {"phase": "Running"}}
            for component in ("destination", "identity", "proxy-injector")
        ],
        f"{EXTENSION}/serviceaccounts/{ACCOUNT}": {"metadata": {"name": ACCOUNT}},
        f"{EXTENSION}/secrets": [
            {"metadata": {"name": "other"}},
            {"metadata": {"name": "t", "annotations": annotations}, "data": {"token": token}},
        ],
    }


FLAT_LINK = ("--context=east", "multicluster", "link", "--gateway=false", "--cluster-name", "east")


class TestLink:
    def test_it_prints_the_link_to_the_context_it_runs_in(self, start: Start, run: Run) -> None:
        server = start("east", linked_target())
        status, output, errors = run(*FLAT_LINK)
        assert (status, errors) == (0, "")
        assert output.endswith("\n---\n")
        request = LinkRequest(
            "east", server, token="t0ken", context="east", kubeconfig_cluster="k3d-east"
        )
        assert [o for o in yaml.safe_load_all(output) if o] == link_objects(request)

    def test_the_address_can_be_given(self, start: Start, run: Run) -> None:
        start("east", linked_target())
        _, output, _ = run(*FLAT_LINK, "--api-server-address", "https://172.18.0.3:6443")
        secret = next(yaml.safe_load_all(output))
        assert b"https://172.18.0.3:6443" in base64.b64decode(secret["data"]["kubeconfig"])

    def test_label_queries_become_selectors(self, start: Start, run: Run) -> None:
        start("east", linked_target())
        query = "a=b,tier in(web, api),!old,new"
        _, output, _ = run(*FLAT_LINK, "--remote-discovery-selector", query)
        link = list(yaml.safe_load_all(output))[2]
        assert link["spec"]["remoteDiscoverySelector"] == {
            "matchLabels": {"a": "b"},
            "matchExpressions": [
                {"key": "new", "operator": "Exists"},
                {"key": "old", "operator": "DoesNotExist"},
                {"key": "tier", "operator": "In", "values": ["api", "web"]},
            ],
        }

    def test_a_link_with_a_gateway(self, start: Start, run: Run) -> None:
        gateway = service("linkerd-gateway")
        gateway["metadata"]["annotations"] = {
            "mirror.linkerd.io/gateway-identity": "linkerd-gateway.example",
            "mirror.linkerd.io/probe-path": "/ready",
            "mirror.linkerd.io/probe-period": "3",
        }
        gateway["spec"]["ports"] = [
            {"name": "mc-gateway", "port": 4143},
            {"name": "mc-probe", "port": 4191},
        ]
        gateway["status"] = {"loadBalancer": {"ingress": [{"ip": "172.18.0.4"}]}}
        start("east", linked_target() | {f"{EXTENSION}/services/linkerd-gateway": gateway})
        _, output, _ = run("--context=east", "mc", "link", "--cluster-name=east")
        objects = [o for o in yaml.safe_load_all(output) if o]
        assert objects[2]["spec"]["gatewayAddress"] == "172.18.0.4"
        assert objects[2]["spec"]["gatewayPort"] == "4143"
        assert objects[2]["spec"]["probeSpec"] == {"path": "/ready", "period": "3s", "port": "4191"}
        assert objects[2]["spec"]["selector"] == {
            "matchLabels": {"mirror.linkerd.io/exported": "true"}
        }
        assert objects[-1]["metadata"]["name"] == "probe-gateway-east"

    @pytest.mark.parametrize(
        ("absent", "arguments", "message"),
        [
            ("", ("--gateway=false",), "You need to specify cluster name"),
            ("", ("--cluster-name=east",), 'services "linkerd-gateway" not found'),
            (
                "/api/v1/namespaces/linkerd/configmaps/linkerd-config",
                ("--cluster-name=east", "--gateway=false"),
                "you need Linkerd to be installed on a cluster in order to get its credentials",
            ),
            (
                f"{EXTENSION}/serviceaccounts/{ACCOUNT}",
                ("--cluster-name=east", "--gateway=false"),
                f'serviceaccounts "{ACCOUNT}" not found',
            ),
            (
                f"{EXTENSION}/secrets",
                ("--cluster-name=east", "--gateway=false"),
                f"could not find service account token secret for {ACCOUNT}",
            ),
            (
                "",
                ("--cluster-name=east", "--gateway=false", "-l", "a=b"),
                "--selector and --gateway=false are mutually exclusive, received selector: a=b",
            ),
            (
                "",
                ("--cluster-name=east", "--gateway=false", "--gateway-port=4143"),
                "--gateway-port and --gateway=false are mutually exclusive, "
                "received selector: mirror.linkerd.io/exported=true",
            ),
            (
                "",
                (*FLAT_LINK[3:], "--remote-discovery-selector", "a=b,,c=d"),
                'couldn\'t parse the selector string "a=b,,c=d": '
                "found ',', expected: identifier after ','",
            ),
            (
                "",
                (*FLAT_LINK[3:], "--remote-discovery-selector", "a!=b"),
                '"!=" is not a valid label selector operator',
            ),
            (
                "",
                ("--cluster-name=east", "--gateway=false", "--log-format=xml"),
                "--log-format must be one of: plain, json",
            ),
        ],
    )
    def test_what_keeps_a_link_from_being_made(
        self, start: Start, run: Run, absent: str, arguments: tuple[str, ...], message: str
    ) -> None:
        start("east", {path: o for path, o in linked_target().items() if path != absent})
        status, output, errors = run("--context=east", "mc", "link", *arguments)
        assert (status, output) == (1, "")
        assert errors.startswith(f"Error: {message}\nUsage:\n  linkerd multicluster link [flags]\n")


class TestUnlink:
    LINK = "/apis/multicluster.linkerd.io/v1alpha1/namespaces/linkerd-multicluster/links/east"

    def test_it_names_all_that_belongs_to_the_link(self, start: Start, run: Run) -> None:
        mirrored = {
            "mirror.linkerd.io/mirrored-service": "true",
            "mirror.linkerd.io/cluster-name": "east",
        }
        made = link_objects(LinkRequest("east", "http://127.0.0.1:9"))
        start(
            "north",
            {
                self.LINK: made[2],
                SECRETS: made[1:2],
                "/api/v1/services": [service("smiley-east", mirrored), service("face")],
            },
        )
        status, output, _ = run("--context=north", "mc", "unlink", "--cluster-name", "east")
        named = [o for o in yaml.safe_load_all(output) if o]
        expected = [*made, service("smiley-east")]
        assert status == 0
        assert {
            (o["kind"], o["metadata"]["name"], o["metadata"].get("namespace")) for o in named
        } == {
            *(
                (o.get("kind", "Service"), o["metadata"]["name"], o["metadata"].get("namespace"))
                for o in expected
            ),
            ("Lease", "service-mirror-write-east", "linkerd-multicluster"),
        }
        assert all(set(o) == {"apiVersion", "kind", "metadata"} for o in named)

    def test_a_link_with_a_gateway_has_a_probe_too(self, start: Start, run: Run) -> None:
        link = gateway_link() | {"spec": {"probeSpec": {"path": "/ready"}}}
        start("north", {self.LINK: link})
        _, output, _ = run("--context=north", "mc", "unlink", "--cluster-name=east")
        assert "name: probe-gateway-east\n" in output

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((), "You need to specify cluster name"),
            (("--cluster-name=west",), 'links "west" not found'),
        ],
    )
    def test_what_cannot_be_unlinked(
        self, start: Start, run: Run, arguments: tuple[str, ...], message: str
    ) -> None:
        start("north", {})
        status, output, errors = run("--context=north", "mc", "unlink", *arguments)
        assert (status, output) == (1, "")
        assert errors.startswith(f"Error: {message}\nUsage:")


class TestVersion:
    def test_client_and_server(self, start: Start, run: Run) -> None:
        start("east", linked_target())
        both = "Client version: stable-2.14.10\nServer version: stable-2.14.10\n"
        assert run("--context=east", "version") == (0, both, "")
        short = "stable-2.14.10\nstable-2.14.10\n"
        assert run("version", "--short", "--context=east") == (0, short, "")

    def test_the_client_alone_asks_no_cluster(self, run: Run) -> None:
        assert run("version", "--client") == (0, "Client version: stable-2.14.10\n", "")

    def test_without_linkerd_the_server_is_unavailable(self, start: Start, run: Run) -> None:
        start("east", {})
        assert run("--context=east", "version")[1].endswith("Server version: unavailable\n")


WORKLOADS = """\
# Two objects and a comment.
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: face}
spec:
  template:
    metadata: {labels: {app: face}}
    spec: {containers: [{name: face, image: faces, args: ["on", "1"]}]}
---
apiVersion: v1
kind: Service
metadata: {name: face}
---
apiVersion: v1
kind: Namespace
metadata: {name: faces}
---
# only a comment
"""


class TestInject:
    def test_it_marks_pod_templates_and_namespaces(
        self, tmp_path: Path, start: Start, run: Run
    ) -> None:
        start("east", linked_target())
        (tmp_path / "faces.yaml").write_text(WORKLOADS)
        status, output, errors = run("--context=east", "inject", str(tmp_path / "faces.yaml"))
        deployment, face, namespace = [o for o in yaml.safe_load_all(output) if o]
        assert status == 0
        template = deployment["spec"]["template"]
        assert template["metadata"]["annotations"] == {"linkerd.io/inject": "enabled"}
        assert template["spec"]["containers"][0]["args"] == ["on", "1"]
        assert "annotations" not in deployment["metadata"]
        assert face == {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "face"}}
        assert namespace["metadata"]["annotations"] == {"linkerd.io/inject": "enabled"}
        assert output.count("---\n") == 3
        assert errors == (
            "\n"
            'deployment "face" injected\n'
            'service "face" skipped\n'
            'namespace "faces" annotated\n'
            'document missing "kind" field, skipped\n'
            "\n"
        )

    def test_what_is_not_injected_is_said(self, tmp_path: Path, run: Run) -> None:
        path = tmp_path / "pods.yaml"
        path.write_text(
            "kind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\n---\n"
            "kind: Pod\nmetadata: {name: b, annotations: {linkerd.io/inject: disabled}}\n"
        )
        status, output, errors = run("inject", "--ignore-cluster", str(path))
        assert status == 0
        assert "enabled" not in output
        assert errors == (
            "\n"
            '‼ "hostNetwork: true" detected in pod/a\n'
            '‼ "linkerd.io/inject: disabled" annotation set on pod/b\n'
            "‼ no supported objects found\n"
            "\n"
            'pod "a" skipped\n'
            'pod "b" skipped\n'
            "\n"
        )

    def test_it_needs_a_control_plane(self, start: Start, run: Run) -> None:
        start("east", {})
        status, output, errors = run("--context=east", "inject", "-")
        assert (status, output) == (1, "")
        assert errors == (
            'Cannot find Linkerd: configmaps "linkerd-config" not found\n'
            "Validate the install with: linkerd check\n"
        )

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "no such file or directory"),
            (b"a: [", "error converting YAML to JSON"),
            (b"\xff\xfe", "cannot read"),
        ],
    )
    def test_input_that_cannot_be_read(
        self, tmp_path: Path, run: Run, content: bytes | None, message: str
    ) -> None:
        path = tmp_path / "input.yaml"
        if content is not None:
            path.write_bytes(content)
        status, output, errors = run("inject", "--ignore-cluster", str(path))
        assert (status, output) == (1, "")
        assert message in errors


class TestCommandLine:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("--context", "north", "diagnostics", "endpoints", MIRROR),
            ("diagnostics", "endpoints", MIRROR, "--context", "north"),
            ("diagnostics", "--context=north", "-Llinkerd", "endpoints", MIRROR),
            ("dg", "-L", "linkerd", "ep", "--context", "north", "--", MIRROR),
        ],
    )
    @pytest.mark.usefixtures("clusters")
    def test_global_flags_may_stand_anywhere(self, run: Run, arguments: tuple[str, ...]) -> None:
        status, output, _ = run(*arguments)
        assert status == 0
        assert output.count("smiley.faces\n") == 2

    @pytest.mark.usefixtures("clusters")
    def test_another_control_plane_namespace(self, run: Run) -> None:
        errors = run("--context=north", "-L", "mesh", "dg", "ep", MIRROR)[2]
        assert "Remote cluster not found: east" in errors

    @pytest.mark.parametrize(
        ("arguments", "asked"),
        [
            (("viz", "stat", "deploy", "-n", "faces"), "linkerd viz"),
            (("--context", "north", "mc", "allow"), "linkerd multicluster allow"),
            (("inject", "--manual", "-"), "linkerd inject --manual"),
            (("--as", "root", "version"), "linkerd version --as"),
        ],
    )
    def test_what_rehearsal_lacks_is_said(
        self, run: Run, arguments: tuple[str, ...], asked: str
    ) -> None:
        status, output, errors = run(*arguments)
        assert (status, output) == (1, "")
        assert errors.startswith(f'Error: rehearsal does not have "{asked}')
        assert "\n  linkerd multicluster link\n" in errors

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("version", "--frob"), "unknown flag: --frob"),
            (("version", "-x"), "unknown shorthand flag: 'x' in -x"),
            (("version", "now"), 'unknown command "now" for "linkerd version"'),
            (("mc", "gateways", "-o"), "flag needs an argument: 'o' in -o"),
            (("mc", "link", "--cluster-name"), "flag needs an argument: --cluster-name"),
            (
                ("mc", "link", "--gateway=no"),
                'invalid argument "no" for "--gateway" flag: '
                'strconv.ParseBool: parsing "no": invalid syntax',
            ),
            (
                ("mc", "link", "--gateway-port", "x"),
                'invalid argument "x" for "--gateway-port" flag: '
                'strconv.ParseUint: parsing "x": invalid syntax',
            ),
            (
                ("mc", "gateways", "--wait=soon"),
                'invalid argument "soon" for "-w, --wait" flag: time: invalid duration "soon"',
            ),
            (("dg", "ep"), "requires at least 1 arg(s), only received 0"),
        ],
    )
    def test_wrong_command_lines(self, run: Run, arguments: tuple[str, ...], message: str) -> None:
        status, output, errors = run(*arguments)
        assert (status, output) == (1, "")
        assert errors.startswith(f"Error: {message}\nUsage:\n  linkerd ")

    def test_help_names_the_flags(self, run: Run) -> None:
        status, output, errors = run("mc", "link", "--help")
        assert (status, errors) == (0, "")
        assert "      --cluster-name string                 Cluster name\n" in output
        assert "Global Flags:\n      --context string             Name of" in output

    @pytest.mark.parametrize("arguments", [(), ("multicluster",), ("-h",)])
    def test_a_group_of_commands_shows_its_help(self, run: Run, arguments: tuple[str, ...]) -> None:
        status, output, _ = run(*arguments)
        assert status == 0
        assert "\nAvailable Commands:\n" in output


class TestContexts:
    def gateways(self, run: Run, *arguments: str) -> str:
        status, output, errors = run(*arguments, "mc", "gateways")
        assert (status, output) == (1, "")
        return errors.splitlines()[0].removeprefix("Error: ")

    def test_an_unknown_context(self, start: Start, run: Run) -> None:
        start("north", {})
        assert self.gateways(run, "--context", "nrth") == (
            'error configuring Kubernetes API client: context "nrth" does not exist'
        )

    def test_a_forgotten_context(self, start: Start, run: Run) -> None:
        start("north", {})
        assert self.gateways(run).endswith('context "none" does not exist')

    def test_no_context_at_all(self, tmp_path: Path, run: Run) -> None:
        (tmp_path / "empty").write_text("apiVersion: v1\nkind: Config\n")
        assert self.gateways(run, "--kubeconfig", str(tmp_path / "empty")).endswith(
            "invalid configuration: no configuration has been provided, "
            "try setting KUBERNETES_MASTER environment variable"
        )

    def test_a_kubeconfig_that_is_not_there(self, run: Run) -> None:
        assert "stat /nowhere: no such file" in self.gateways(run, "--kubeconfig", "/nowhere")

    def test_a_kubeconfig_that_is_none(self, tmp_path: Path, run: Run) -> None:
        (tmp_path / "broken").write_text("contexts: [")
        errors = self.gateways(run, "--kubeconfig", str(tmp_path / "broken"))
        assert f'error loading config file "{tmp_path / "broken"}"' in errors

    def test_a_cluster_that_is_not_rehearsed_is_left_alone(self, tmp_path: Path, run: Run) -> None:
        path = write_kubeconfig(tmp_path / "real", {"prod": "https://10.0.0.1:6443"})
        errors = self.gateways(run, "--kubeconfig", str(path), "--context=prod")
        assert errors.startswith("https://10.0.0.1:6443 is no rehearsal cluster")

    def test_a_server_that_is_gone(self, tmp_path: Path, run: Run) -> None:
        with serve({}) as server:
            path = write_kubeconfig(tmp_path / "gone", {"north": server})
        errors = self.gateways(run, "--kubeconfig", str(path), "--context=north")
        assert errors.startswith(f'Get "{server}{LINKS}": dial tcp 127.0.0.1:')
        assert errors.endswith("connect: connection refused")

    def test_several_kubeconfigs_are_one(
        self, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with serve({LINKS: []}) as server:
            first = write_kubeconfig(tmp_path / "first", {"east": "http://127.0.0.1:9"})
            second = write_kubeconfig(tmp_path / "second", {"north": server})
            monkeypatch.setenv("KUBECONFIG", f"{first}:{second}")
            assert run("--context=north", "mc", "gateways")[0] == 0

    def test_proxies_are_not_asked(
        self, start: Start, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        start("north", {LINKS: []})
        assert run("--context=north", "mc", "gateways")[0] == 0
