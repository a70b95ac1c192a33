"""What the commands of the linkerd stand-in do: each takes its flags and returns a status."""

from __future__ import annotations

import os
import sys

from meshpeek.rehearsal.installations.linkerd.cli.api_client import (
    ApiClient,
    LinkerdError,
    known_servers,
    load_context,
)
from meshpeek.rehearsal.installations.linkerd.cli.arguments import Invocation
from meshpeek.rehearsal.kubeconfig_format import KubeconfigContext

VERSION = "stable-2.14.10"

_OUTPUTS = ("table", "json")


def _context(invocation: Invocation) -> KubeconfigContext:
    return load_context(invocation.text("kubeconfig"), invocation.text("context"), os.environ)


def _output(invocation: Invocation) -> str:
    output = invocation.text("output")
    if output not in _OUTPUTS:
        raise LinkerdError(f"--output currently only supports {' and '.join(_OUTPUTS)}")
    return output


def run_version(invocation: Invocation) -> int:
    """`version`: the stand-in's version, and that of the control plane in the cluster."""
    short = invocation.truth("short")
    print(VERSION if short else f"Client version: {VERSION}")
    if not invocation.truth("client"):
        server = _server_version(invocation)
        print(server if short else f"Server version: {server}")
        if invocation.truth("proxy"):
            _print_proxy_versions(invocation, short=short)
    return 0


def _print_proxy_versions(invocation: Invocation, *, short: bool) -> None:
    """Print which versions of the proxy are running, with how many pods have each."""
    from collections import Counter

    from meshpeek.rehearsal.installations.linkerd.injection import PROXY

    namespace = invocation.text("namespace")
    path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
    try:
        pods = ApiClient(_context(invocation).server).items(path)
    except LinkerdError:
        pods = []
    versions = Counter(
        container["image"].rpartition(":")[2]
        for pod in pods
        for container in pod["spec"]["containers"]
        if container["name"] == PROXY
    )
    if not versions:
        print("unavailable" if short else "Proxy versions: unavailable")
        return
    if not short:
        print("Proxy versions:")
    for version, count in sorted(versions.items()):
        print(version if short else f"\t{version} ({count} pods)")


def _server_version(invocation: Invocation) -> str:
    from meshpeek.rehearsal.installations.linkerd.cli.link import linkerd_values

    namespace = invocation.text("linkerd-namespace")
    try:
        cluster = ApiClient(_context(invocation).server)
        path = f"/api/v1/namespaces/{namespace}/configmaps/linkerd-config"
        return str(linkerd_values(cluster.get(path)).get("linkerdVersion") or "unavailable")
    except LinkerdError:
        return "unavailable"


def run_inject(invocation: Invocation) -> int:
    """`inject FILE`: YAML to stdout, what was done to stderr."""
    from meshpeek.rehearsal.installations.linkerd.cli.inject import (
        inject,
        read_input,
        render_reports,
    )

    if not invocation.words:
        raise LinkerdError("please specify a kubernetes resource file")
    if not invocation.truth("ignore-cluster") and not _has_control_plane(invocation):
        return 1
    output, reports = inject(read_input(invocation.words[0]))
    sys.stdout.write(output)
    sys.stdout.flush()
    sys.stderr.write(render_reports(reports))
    return 0


def _has_control_plane(invocation: Invocation, patience: float = 0.0) -> bool:
    """Tell whether Linkerd is there within `patience` seconds; what is missing goes to stderr."""
    from meshpeek.rehearsal.installations.linkerd.cli.readiness import require_control_plane

    try:
        cluster = ApiClient(_context(invocation).server)
    except LinkerdError as error:
        sys.stderr.write(f"Cannot connect to Kubernetes: {error}\n")
        sys.stderr.write("Validate the install with: linkerd check\n")
        return False
    return require_control_plane(cluster, invocation.text("linkerd-namespace"), patience)


def run_install(invocation: Invocation) -> int:
    """`install`: the control plane's objects; with `--crds` the definitions it needs."""
    from meshpeek.rehearsal.installations.linkerd.cli.install import read_installation
    from meshpeek.rehearsal.installations.linkerd.control_plane import control_plane
    from meshpeek.rehearsal.installations.linkerd.crds import definitions
    from meshpeek.rehearsal.types.yaml_documents import dump_stream

    if not invocation.truth("ignore-cluster") and (refusal := _refuse_install(invocation)):
        sys.stderr.write(f"{refusal}\n")
        return 1
    if invocation.truth("crds"):
        sys.stderr.write(
            "Rendering Linkerd CRDs...\n"
            "Next, run `linkerd install | kubectl apply -f -` to install the control plane.\n\n"
        )
        sys.stdout.write(dump_stream(definitions()))
    else:
        sys.stdout.write(dump_stream(control_plane(read_installation(invocation))))
    return 0


def _refuse_install(invocation: Invocation) -> str:
    from meshpeek.rehearsal.installations.linkerd.cli.install import explain_refusal

    try:
        cluster = ApiClient(_context(invocation).server)
        cluster.get("/version")
    except LinkerdError as error:
        return (
            "Unable to install the Linkerd control plane. Cannot connect to the Kubernetes "
            f"cluster:\n\n{error}\n\nYou can use the --ignore-cluster flag if you just want to "
            "generate the installation config."
        )
    if invocation.truth("crds"):
        return ""
    return explain_refusal(cluster, invocation.text("linkerd-namespace"))


def run_multicluster_install(invocation: Invocation) -> int:
    """`multicluster install`: the extension's objects, once Linkerd is ready."""
    from meshpeek.rehearsal.installations.linkerd_multicluster.extension import extension
    from meshpeek.rehearsal.types.yaml_documents import dump_stream

    if not invocation.truth("ignore-cluster") and not _has_control_plane(
        invocation, invocation.seconds("wait")
    ):
        return 1
    objects = extension(gateway=invocation.truth("gateway"))
    sys.stdout.write(dump_stream(objects))
    return 0


def run_check(invocation: Invocation) -> int:
    """`check`: what is right and what is wrong with Linkerd in a cluster."""
    from meshpeek.rehearsal.installations.linkerd.cli.checks.check import check

    return check(invocation)


def run_multicluster_check(invocation: Invocation) -> int:
    """`multicluster check`: the same for the links."""
    from meshpeek.rehearsal.installations.linkerd.cli.checks.check import check_multicluster

    return check_multicluster(invocation)


def run_gateways(invocation: Invocation) -> int:
    """`multicluster gateways`: a table, or JSON."""
    from meshpeek.rehearsal.installations.linkerd.cli.gateways import (
        find_gateways,
        render_json,
        render_table,
    )

    output = _output(invocation)
    cluster = ApiClient(_context(invocation).server)
    gateways = find_gateways(cluster, invocation.text("cluster-name"))
    sys.stdout.write(render_json(gateways) if output == "json" else render_table(gateways))
    return 0


def run_link(invocation: Invocation) -> int:
    """`multicluster link`: the objects to apply in the other cluster."""
    from meshpeek.rehearsal.installations.linkerd.cli.link import read_request
    from meshpeek.rehearsal.installations.linkerd_multicluster.links import link_objects
    from meshpeek.rehearsal.types.yaml_documents import dump_stream

    _check_cluster_name(invocation)
    context = _context(invocation)
    request = read_request(ApiClient(context.server), context, invocation)
    sys.stdout.write(dump_stream(link_objects(request)))
    return 0


def run_unlink(invocation: Invocation) -> int:
    """`multicluster unlink`: the objects to delete in the cluster that has the link."""
    from meshpeek.rehearsal.installations.linkerd.cli.unlink import find_link_objects
    from meshpeek.rehearsal.types.yaml_documents import dump_stream

    _check_cluster_name(invocation)
    objects = find_link_objects(
        ApiClient(_context(invocation).server),
        invocation.text("cluster-name"),
        invocation.text("namespace"),
        invocation.text("linkerd-namespace"),
    )
    sys.stdout.write(dump_stream(objects))
    return 0


def _check_cluster_name(invocation: Invocation) -> None:
    if not invocation.text("cluster-name"):
        raise LinkerdError("You need to specify cluster name")


def run_endpoints(invocation: Invocation) -> int:
    """`diagnostics endpoints AUTHORITY…`: a table per namespace, or JSON."""
    from meshpeek.rehearsal.installations.linkerd.cli.endpoint_listing import (
        find_endpoints,
        parse_authority,
        render_json,
        render_table,
        sort_endpoints,
    )

    output = _output(invocation)
    cluster = ApiClient(_context(invocation).server)
    namespace = invocation.text("linkerd-namespace")
    servers = known_servers(invocation.text("kubeconfig"), os.environ)
    endpoints = sort_endpoints(
        [
            endpoint
            for text in invocation.words
            for endpoint in find_endpoints(cluster, namespace, parse_authority(text), text, servers)
        ]
    )
    if output == "json":
        sys.stdout.write(render_json(endpoints))
    elif endpoints:
        sys.stdout.write(render_table(endpoints))
    else:
        sys.stderr.write("No endpoints found.\n")
    return 0
