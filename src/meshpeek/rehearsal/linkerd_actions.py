"""What the commands of the linkerd stand-in do: each takes its flags and returns a status."""

from __future__ import annotations

import os
import sys

from meshpeek.rehearsal.linkerd_arguments import Invocation
from meshpeek.rehearsal.linkerd_cluster import (
    ApiClient,
    Context,
    LinkerdError,
    known_servers,
    load_context,
)

VERSION = "stable-2.14.10"

_OUTPUTS = ("table", "json")


def _context(invocation: Invocation) -> Context:
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
    return 0


def _server_version(invocation: Invocation) -> str:
    from meshpeek.rehearsal.linkerd_link import linkerd_values

    namespace = invocation.text("linkerd-namespace")
    try:
        cluster = ApiClient(_context(invocation).server)
        path = f"/api/v1/namespaces/{namespace}/configmaps/linkerd-config"
        return str(linkerd_values(cluster.get(path)).get("linkerdVersion") or "unavailable")
    except LinkerdError:
        return "unavailable"


def run_inject(invocation: Invocation) -> int:
    """`inject FILE`: YAML to stdout, what was done to stderr."""
    from meshpeek.rehearsal.linkerd_inject import inject, read_input, render_reports

    if not invocation.words:
        raise LinkerdError("please specify a kubernetes resource file")
    if not invocation.truth("ignore-cluster") and (problem := _find_linkerd(invocation)):
        sys.stderr.write(f"{problem}\nValidate the install with: linkerd check\n")
        return 1
    output, reports = inject(read_input(invocation.words[0]))
    sys.stdout.write(output)
    sys.stdout.flush()
    sys.stderr.write(render_reports(reports))
    return 0


def _find_linkerd(invocation: Invocation) -> str:
    """Return what keeps the control plane from being found, or an empty string."""
    namespace = invocation.text("linkerd-namespace")
    try:
        cluster = ApiClient(_context(invocation).server)
    except LinkerdError as error:
        return f"Cannot connect to Kubernetes: {error}"
    try:
        cluster.get(f"/api/v1/namespaces/{namespace}/configmaps/linkerd-config")
    except LinkerdError as error:
        return f"Cannot find Linkerd: {error}"
    return ""


def run_gateways(invocation: Invocation) -> int:
    """`multicluster gateways`: a table, or JSON."""
    from meshpeek.rehearsal.linkerd_gateways import find_gateways, render_json, render_table

    output = _output(invocation)
    cluster = ApiClient(_context(invocation).server)
    gateways = find_gateways(cluster, invocation.text("cluster-name"))
    sys.stdout.write(render_json(gateways) if output == "json" else render_table(gateways))
    return 0


def run_link(invocation: Invocation) -> int:
    """`multicluster link`: the objects to apply in the other cluster."""
    from meshpeek.rehearsal.linkerd_link import read_request
    from meshpeek.rehearsal.links import link_objects
    from meshpeek.rehearsal.yaml_documents import dump_stream

    _check_cluster_name(invocation)
    context = _context(invocation)
    request = read_request(ApiClient(context.server), context, invocation)
    sys.stdout.write(dump_stream(link_objects(request)))
    return 0


def run_unlink(invocation: Invocation) -> int:
    """`multicluster unlink`: the objects to delete in the cluster that has the link."""
    from meshpeek.rehearsal.linkerd_unlink import find_link_objects
    from meshpeek.rehearsal.yaml_documents import dump_stream

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
    from meshpeek.rehearsal.linkerd_endpoints import (
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
