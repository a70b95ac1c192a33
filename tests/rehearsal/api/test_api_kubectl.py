"""The API as the real kubectl uses it, against a real server with seeded clusters."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshpeek.rehearsal.launch import ClusterSeed, kubeconfig_text, start

pytestmark = pytest.mark.slow

MANIFESTS = Path(__file__).parents[3] / "k8s"
KUBECTL = Path(sys.executable).parent / "kubectl"
ROUTE = "httproute.policy.linkerd.io"
WAIT = 20

Environment = dict[str, str]
Result = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Serve north and east, seeded, and return what kubectl needs to find them."""
    home = tmp_path_factory.mktemp("home")
    seeds = {
        "north": ClusterSeed((MANIFESTS / "north",), ("east",)),
        "east": ClusterSeed((MANIFESTS / "east",)),
    }
    log = home / "log"
    with start(seeds, log=log) as running:
        config = home / "config"
        config.write_text(kubeconfig_text(running.servers))
        yield {
            "PATH": os.environ["PATH"],
            "TMPDIR": os.environ["TMPDIR"],
            "HOME": str(home),
            "KUBECONFIG": str(config),
            "KUBECACHEDIR": str(home / "cache"),
            "KUBERC": "off",
        }
    assert log.read_text() == ""


class Kubectl:
    """The real kubectl, for one cluster and, where it is named, one namespace."""

    def __init__(self, environment: Environment, namespace: str = "") -> None:
        self.environment = environment
        self.command = [str(KUBECTL), "--context", "north"]
        if namespace:
            self.command += ["--namespace", namespace]

    def __call__(self, *arguments: str, text: str | None = None, **variables: str) -> Result:
        return subprocess.run(
            [*self.command, *arguments],
            input=text if text is not None else "",
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=WAIT,
        )

    def says(self, *arguments: str, text: str | None = None, **variables: str) -> str:
        """Return what a command prints that must succeed without a complaint."""
        result = self(*arguments, text=text, **variables)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    def fails(self, *arguments: str, text: str | None = None, **variables: str) -> str:
        """Return the complaint of a command that must fail with exit status 1."""
        result = self(*arguments, text=text, **variables)
        assert result.returncode == 1, result
        return result.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self.says(*arguments, "-o", "json"))

    def apply(self, *objects: Any) -> str:
        return self.says("apply", "-f", "-", text=yaml.safe_dump_all(objects))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self.command, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )


@pytest.fixture
def kubectl(environment: Environment, request: pytest.FixtureRequest) -> Iterator[Kubectl]:
    """Give each test a namespace of its own."""
    namespace = "test-" + request.node.name.partition("[")[0].replace("_", "-")[5:60].strip("-")
    anywhere = Kubectl(environment)
    anywhere.says("create", "namespace", namespace)
    yield Kubectl(environment, namespace)
    anywhere.says("delete", "namespace", namespace)


@pytest.fixture
def faces(environment: Environment) -> Kubectl:
    return Kubectl(environment, "faces")


def read_until(process: subprocess.Popen[bytes], text: str) -> str:
    """Return what a process has printed once `text` is in it."""
    assert process.stdout
    deadline = time.monotonic() + WAIT
    seen = b""
    while text.encode() not in seen:
        ready, _, _ = select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"{text!r} did not come: {seen!r}"
        chunk = os.read(process.stdout.fileno(), 65536)
        assert chunk, f"{text!r} did not come: {seen!r}"
        seen += chunk
    return seen.decode()


def route(**timeouts: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"backendRefs": [{"name": "smiley-east", "port": 80}]}
    if timeouts:
        rule["timeouts"] = timeouts
    parent = {"group": "core", "kind": "Service", "name": "smiley", "port": 80}
    return {
        "apiVersion": "policy.linkerd.io/v1beta3",
        "kind": "HTTPRoute",
        "metadata": {"name": "smiley-router"},
        "spec": {"parentRefs": [parent], "rules": [rule]},
    }


def service(name: str, **more: Any) -> dict[str, Any]:
    spec = {"ports": [{"port": 80}], "selector": {"app": name}, **more}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def test_it_tells_where_it_is_and_what_it_has(faces: Kubectl) -> None:
    info = faces.says("cluster-info")
    assert "Kubernetes control plane" in info
    assert "http://127.0.0.1:" in info
    versions = faces("version", "-o", "json").stdout
    assert json.loads(versions)["serverVersion"]["gitVersion"] == "v1.27.4+rehearsal"
    resources = faces.says("api-resources", "--no-headers").splitlines()
    rows = [row.split() for row in resources]
    assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in rows
    assert ["httproutes", "policy.linkerd.io/v1beta3", "true", "HTTPRoute"] in rows
    assert "policy.linkerd.io/v1beta2" in faces.says("api-versions").split()
    assert faces.says("get", "--raw", "/readyz") == "ok"


def test_creating_and_deleting_a_namespace(environment: Environment) -> None:
    kubectl = Kubectl(environment)
    assert kubectl.says("create", "ns", "short-lived") == "namespace/short-lived created\n"
    complaint = kubectl.fails("create", "ns", "short-lived")
    assert complaint == (
        'Error from server (AlreadyExists): namespaces "short-lived" already exists\n'
    )
    kubectl.says("create", "configmap", "inside", "-n", "short-lived")
    assert kubectl.says("delete", "ns", "short-lived") == 'namespace "short-lived" deleted\n'
    complaint = kubectl.fails("get", "cm", "inside", "-n", "short-lived")
    assert complaint == 'Error from server (NotFound): namespaces "short-lived" not found\n'


CREATED = [
    "configmap settings --from-literal=a=b",
    "secret generic keys --from-literal=a=b",
    "secret docker-registry registry --docker-username=a --docker-password=b",
    "serviceaccount robot",
    "service clusterip web --tcp=80:8080",
    "service externalname elsewhere --external-name=example.com",
    "deployment web --image=faces:0.8.0 --replicas=0 --port=80",
    "role reader --verb=get,list --resource=pods --resource-name=one",
    "rolebinding readers --role=reader --serviceaccount=default:robot",
    "job once --image=busybox -- true",
    "cronjob nightly --image=busybox --schedule=@daily",
    "ingress door --rule=example.com/path*=web:80,tls=secret",
    "quota few --hard=pods=2,requests.cpu=500m",
    "poddisruptionbudget most --selector=app=web --min-available=50%",
]


def is_part(part: Any, whole: Any) -> bool:
    """Return whether all that `part` says is in `whole`; empty means left out."""
    if isinstance(part, dict):
        return all(not part[key] or is_part(part[key], whole.get(key)) for key in part)
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(is_part, part, whole))
    return part == whole


@pytest.mark.parametrize("command", CREATED)
def test_what_kubectl_create_means_arrives(kubectl: Kubectl, command: str) -> None:
    words = ["create", *command.split()]
    at = words.index("--") if "--" in words else len(words)
    meant = json.loads(kubectl.says(*words[:at], "--dry-run=client", "-o", "json", *words[at:]))
    result = kubectl(*words[:at], "-o", "json", *words[at:])
    # Of some kinds the server says that it only stores them.
    assert re.fullmatch(r"(Warning: meshpeek rehearsal: .* only stored\n)?", result.stderr)
    made = json.loads(result.stdout)
    assert is_part(meant, made), (meant, made)


def test_a_zero_arrives_as_a_zero(kubectl: Kubectl) -> None:
    kubectl.says("create", "deployment", "web", "--image=web:a", "--replicas=0")
    assert kubectl.json("get", "deploy", "web")["spec"]["replicas"] == 0


def test_applying_new_existing_and_unchanged_objects(kubectl: Kubectl) -> None:
    for obj, name in ((service("smiley"), "service/smiley"), (route(), f"{ROUTE}/smiley-router")):
        assert kubectl.apply(obj) == f"{name} created\n"
        changed = {**obj, "metadata": {**obj["metadata"], "labels": {"a": "b"}}}
        assert kubectl.apply(changed) == f"{name} configured\n"
    # A custom resource is compared as a whole, and its defaults are no part of the manifest.
    assert kubectl.apply(service("smiley", type="ClusterIP")).endswith("configured\n")
    assert kubectl.apply(service("smiley", type="ClusterIP")) == "service/smiley unchanged\n"
    assert kubectl.apply(route()) == f"{ROUTE}/smiley-router configured\n"
    assert kubectl.json("get", ROUTE, "smiley-router")["metadata"].get("labels", {}) == {}


def test_applying_leaves_alone_what_others_set(kubectl: Kubectl) -> None:
    kubectl.apply(service("smiley"))
    kubectl.says("label", "svc/smiley", "mirror.linkerd.io/exported=remote-discovery")
    kubectl.apply(service("smiley", sessionAffinity="ClientIP"))
    stored = kubectl.json("get", "svc", "smiley")
    assert stored["metadata"]["labels"] == {"mirror.linkerd.io/exported": "remote-discovery"}
    assert stored["spec"]["sessionAffinity"] == "ClientIP"


def test_a_manifest_with_an_unknown_field_is_refused(kubectl: Kubectl) -> None:
    bad = route()
    bad["spec"]["bogus"] = 1
    text = yaml.safe_dump(bad)
    complaint = kubectl.fails("apply", "-f", "-", text=text)
    assert complaint == (
        'Error from server (BadRequest): error when creating "STDIN": HTTPRoute in version '
        '"v1beta3" cannot be handled as a HTTPRoute: strict decoding error: '
        'unknown field "spec.bogus"\n'
    )
    warned = kubectl("apply", "--validate=warn", "-f", "-", text=text)
    assert warned.returncode == 0
    assert warned.stderr == 'Warning: unknown field "spec.bogus"\n'


def test_dry_runs_leave_no_trace(kubectl: Kubectl) -> None:
    text = yaml.safe_dump(route())
    said = kubectl.says("apply", "--dry-run=server", "-f", "-", text=text)
    assert said == f"{ROUTE}/smiley-router created (server dry run)\n"
    said = kubectl.says("create", "ns", "never", "--dry-run=server")
    assert said == "namespace/never created (server dry run)\n"
    assert "not found" in kubectl.fails("get", ROUTE, "smiley-router")
    assert "not found" in kubectl.fails("get", "ns", "never")
    kubectl.apply(route())
    kubectl.says("delete", ROUTE, "smiley-router", "--dry-run=server")
    assert kubectl.json("get", ROUTE, "smiley-router")


def test_diff_shows_what_apply_would_do(kubectl: Kubectl) -> None:
    kubectl.apply(route(request="5s"))
    result = kubectl("diff", "-f", "-", text=yaml.safe_dump(route(request="300ms")))
    assert result.returncode == 1
    assert "-      request: 5s\n+      request: 300ms\n" in result.stdout


def test_an_edit_arrives(kubectl: Kubectl) -> None:
    kubectl.apply(route(request="5s"), service("smiley"))
    said = kubectl.says("edit", ROUTE, "smiley-router", KUBE_EDITOR="sed -i s/5s/300ms/")
    assert said == f"{ROUTE}/smiley-router edited\n"
    rules = kubectl.json("get", ROUTE, "smiley-router")["spec"]["rules"]
    assert rules[0]["timeouts"] == {"request": "300ms"}
    said = kubectl.says("edit", "svc", "smiley", KUBE_EDITOR="sed -i 's/port: 80/port: 81/'")
    assert said == "service/smiley edited\n"
    # A Service's ports are merged by their number: one is deleted here, another added.
    ports = kubectl.json("get", "svc", "smiley")["spec"]["ports"]
    assert [port["port"] for port in ports] == [81]


def test_an_edit_that_changes_nothing_is_cancelled(kubectl: Kubectl) -> None:
    kubectl.apply(route())
    result = kubectl("edit", ROUTE, "smiley-router", KUBE_EDITOR="true")
    assert (result.returncode, result.stderr) == (0, "Edit cancelled, no changes made.\n")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (
            's/request: 5s/request: "300"/',
            '# * spec.rules[0].timeouts.request: Invalid value: "300": '
            'spec.rules[0].timeouts.request in body must be of type duration: "300"',
        ),
        ("s/timeouts:/timeoutz:/", 'strict decoding error: unknown field "spec.rules[0].timeoutz"'),
        ("s/port: 80/port: eighty/", 'in body must be of type integer: "string"'),
    ],
)
def test_an_invalid_edit_is_opened_again(
    kubectl: Kubectl, tmp_path: Path, wrong: str, reason: str
) -> None:
    kubectl.apply(route(request="5s"))
    editor = tmp_path / "editor"
    second = tmp_path / "second"
    editor.write_text(
        "#!/bin/bash\n"
        f'if [ -e {tmp_path}/once ]; then cp "$1" {second}; exit; fi\n'
        f"touch {tmp_path}/once; sed -i '{wrong}' \"$1\"\n"
    )
    editor.chmod(0o755)
    # kubectl leaves in TMPDIR what it could not apply.
    variables = {"KUBE_EDITOR": str(editor), "TMPDIR": str(tmp_path)}
    complaint = kubectl.fails("edit", ROUTE, "smiley-router", **variables)
    assert "error: Edit cancelled, no valid changes were saved." in complaint
    assert "A copy of your changes has been stored to " in complaint
    shown = second.read_text()
    assert "was not valid:" in shown
    assert reason in shown.replace('\\"', '"')
    rules = kubectl.json("get", ROUTE, "smiley-router")["spec"]["rules"]
    assert rules[0]["timeouts"] == {"request": "5s"}


def test_labels(kubectl: Kubectl) -> None:
    kubectl.apply(service("color2"))
    set_label = ("label", "svc/color2", "mirror.linkerd.io/exported=remote-discovery")
    assert kubectl.says(*set_label) == "service/color2 labeled\n"
    assert kubectl.says(*set_label) == "service/color2 not labeled\n"
    complaint = kubectl.fails("label", "svc/color2", "mirror.linkerd.io/exported=true")
    assert complaint == (
        "error: 'mirror.linkerd.io/exported' already has a value (remote-discovery), "
        "and --overwrite is false\n"
    )
    assert kubectl.says("get", "svc", "-l", "mirror.linkerd.io/exported", "-o", "name") == (
        "service/color2\n"
    )
    said = kubectl.says("label", "svc/color2", "mirror.linkerd.io/exported-")
    assert said == "service/color2 unlabeled\n"


PATCHES = [
    (
        "strategic",
        '{"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:b"}]}}}}',
    ),
    (
        "json",
        '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "web:b"}]',
    ),
    (
        "merge",
        '{"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:b"}]}}}}',
    ),
]


@pytest.mark.parametrize(("kind", "patch"), PATCHES)
def test_patches(kubectl: Kubectl, kind: str, patch: str) -> None:
    kubectl.says("create", "deployment", "web", "--image=web:a", "--replicas=0")
    words = ("patch", "deploy", "web", "--type", kind, "-p", patch)
    assert kubectl.says(*words) == "deployment.apps/web patched\n"
    assert kubectl.says(*words) == "deployment.apps/web patched (no change)\n"
    template = kubectl.json("get", "deploy", "web")["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "web:b"


def test_replace_notices_a_stale_version(kubectl: Kubectl) -> None:
    kubectl.apply(service("smiley"))
    old = kubectl.json("get", "svc", "smiley")
    kubectl.says("annotate", "svc/smiley", "a=b")
    complaint = kubectl.fails("replace", "-f", "-", text=json.dumps(old))
    assert "Error from server (Conflict)" in complaint
    assert "the object has been modified; please apply your changes to the latest" in complaint
    del old["metadata"]["resourceVersion"]
    said = kubectl.says("replace", "-f", "-", text=json.dumps(old))
    assert said == "service/smiley replaced\n"


def test_a_deployment_from_its_creation_to_its_end(kubectl: Kubectl) -> None:
    kubectl.says("create", "deployment", "web", "--image=faces:0.8.0")
    said = kubectl.says("wait", "--for=condition=available", "deploy/web", "--timeout=15s")
    assert said == "deployment.apps/web condition met\n"
    assert kubectl.says("scale", "deploy/web", "--replicas=2") == "deployment.apps/web scaled\n"
    status = kubectl.says("rollout", "status", "deploy/web", "--timeout=15s")
    assert status.endswith('deployment "web" successfully rolled out\n')
    assert len(kubectl.json("get", "pods", "-l", "app=web")["items"]) == 2
    said = kubectl.says("delete", "deployment", "web")
    assert said.startswith('deployment.apps "web" deleted')
    kubectl.says("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=15s")
    assert kubectl.json("get", "pods")["items"] == []


def test_waiting_for_what_does_not_come_ends_in_time(kubectl: Kubectl) -> None:
    kubectl.says("create", "deployment", "web", "--image=a", "--replicas=0")
    complaint = kubectl.fails("wait", "--for=condition=Ready", "deploy/web", "--timeout=1s")
    assert complaint == "error: timed out waiting for the condition on deployments/web\n"


def test_watching_shows_what_happens(kubectl: Kubectl) -> None:
    kubectl.says("create", "configmap", "first")
    process = kubectl.start("get", "configmaps", "-w", "--no-headers")
    try:
        read_until(process, "first")
        kubectl.says("create", "configmap", "second", "--from-literal=a=b")
        assert "second" in read_until(process, "second")
        kubectl.says("delete", "configmap", "first")
        read_until(process, "first")
    finally:
        process.terminate()
        process.communicate(timeout=WAIT)


def test_waiting_for_a_deletion_sees_it(kubectl: Kubectl) -> None:
    kubectl.says("create", "configmap", "first")
    process = kubectl.start("wait", "--for=delete", "configmap/first", "-v=6", "--timeout=15s")
    read_until(process, "watch=true")
    kubectl.says("delete", "configmap", "first")
    output = process.communicate(timeout=WAIT)[0].decode()
    assert process.returncode == 0
    assert "configmap/first condition met" in output


def test_what_is_missing_is_said_as_a_cluster_says_it(faces: Kubectl) -> None:
    assert faces.fails("get", "endpoints", "smiley-east") == (
        'Error from server (NotFound): endpoints "smiley-east" not found\n'
    )
    assert faces.fails("get", "svc", "x", "-n", "nowhere") == (
        'Error from server (NotFound): namespaces "nowhere" not found\n'
    )
    result = faces("get", ROUTE, "-n", "default")
    assert (result.returncode, result.stderr) == (0, "No resources found in default namespace.\n")
    assert faces.fails("get", "nonsense") == (
        'error: the server doesn\'t have a resource type "nonsense"\n'
    )
    complaint = faces.fails("logs", "deploy/face")
    assert "no container runs, so there are no logs" in complaint


def test_ways_to_print(faces: Kubectl) -> None:
    assert faces.says("get", "deploy", "face", "-o", "name") == "deployment.apps/face\n"
    assert faces.says("get", "deploy", "face", "-o", "jsonpath={.spec.replicas}") == "2"
    wide = faces.says("get", "pods", "-o", "wide", "--show-labels").splitlines()
    assert wide[0].split()[:6] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP"]
    assert wide[0].split()[-1] == "LABELS"
    columns = faces.says("get", "svc", "face", "-o", "custom-columns=N:.metadata.name")
    assert columns == "N\nface\n"
    everything = faces.says("get", "all", "-o", "name")
    assert "deployment.apps/face\n" in everything
    assert "service/smiley-east\n" in everything


def test_long_lists_are_put_together(kubectl: Kubectl) -> None:
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{number}"}}
        for number in range(7)
    ]
    kubectl.apply(*objects)
    listed = kubectl.says("get", "cm", "--chunk-size=2", "-o", "name").split()
    assert [f"configmap/c{number}" for number in range(7)] == [
        name for name in listed if "/c" in name
    ]


EXPLAINED: list[tuple[str, list[str]]] = [
    ("httproutes.policy.linkerd.io", ["GROUP:      policy.linkerd.io", "VERSION:    v1beta3"]),
    ("httproutes.policy.linkerd.io.spec.rules.timeouts", ["backendRequest\t<string>"]),
    ("pods.spec.containers.image", ["FIELD: image <string>"]),
    ("deployment.spec.strategy", ["rollingUpdate\t<RollingUpdateDeployment>"]),
]


@pytest.mark.parametrize(("field", "said"), EXPLAINED)
def test_explain(faces: Kubectl, field: str, said: list[str]) -> None:
    text = faces.says("explain", field)
    assert [part for part in said if part not in text] == []


def test_everything_is_permitted(faces: Kubectl) -> None:
    assert faces.says("auth", "can-i", "delete", "pods") == "yes\n"
    assert "meshpeek:rehearsal" in faces.says("auth", "whoami")


def test_an_older_version_can_be_asked_for(faces: Kubectl) -> None:
    view = faces.json("get", "httproutes.v1beta2.policy.linkerd.io", "smiley-router")
    assert view["apiVersion"] == "policy.linkerd.io/v1beta2"
    assert "timeouts" not in view["spec"]["rules"][0]


TUNES = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: tunes.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: tunes, kind: Tune, shortNames: [tn]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Key, type: string, jsonPath: .spec.key}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [title]
            properties:
              title: {type: string, description: What it is called.}
              key: {type: string, default: C}
"""
TUNE = """
apiVersion: example.com/v1
kind: Tune
metadata: {name: first}
spec: {title: Here}
"""


def test_a_definition_of_ones_own(kubectl: Kubectl, environment: Environment) -> None:
    kubectl.says("apply", "-f", "-", text=TUNES)
    kubectl.says("wait", "--for=condition=established", "crd/tunes.example.com")
    assert kubectl.says("apply", "-f", "-", text=TUNE) == "tune.example.com/first created\n"
    table = kubectl.says("get", "tn")
    assert table.splitlines()[0].split() == ["NAME", "KEY"]
    assert table.splitlines()[1].split() == ["first", "C"]
    assert "What it is called." in kubectl.says("explain", "tune.spec.title")
    complaint = kubectl.fails("apply", "-f", "-", text=TUNE.replace("title: Here", "key: D"))
    assert "spec.title: Required value" in complaint
    Kubectl(environment).says("delete", "crd", "tunes.example.com")
    complaint = kubectl.fails("get", "tunes")
    assert "the server could not find the requested resource" in complaint
