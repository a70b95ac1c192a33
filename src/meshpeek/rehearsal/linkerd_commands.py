"""The commands and flags of the linkerd stand-in, worded as in stable-2.14.10's help."""

from __future__ import annotations

import os

from meshpeek.rehearsal import linkerd_actions
from meshpeek.rehearsal.linkerd_arguments import Command, Flag

_DISCOVERY_LABEL = "mirror.linkerd.io/exported"

_GLOBAL_FLAGS = (
    Flag("context", "Name of the kubeconfig context to use"),
    Flag("kubeconfig", "Path to the kubeconfig file to use for CLI requests"),
    Flag(
        "linkerd-namespace",
        "Namespace in which Linkerd is installed ($LINKERD_NAMESPACE)",
        default=os.environ.get("LINKERD_NAMESPACE") or "linkerd",
        shorthand="L",
    ),
    Flag("verbose", "Turn on debug logging", "bool", "false"),
)

_ENDPOINTS = Command(
    "endpoints",
    "Introspect Linkerd's service discovery state",
    aliases=("ep",),
    arguments="authorities",
    minimum_words=1,
    flags=(
        Flag("output", 'Output format; one of: "table" or "json"', default="table", shorthand="o"),
    ),
    run=linkerd_actions.run_endpoints,
)

_INJECT = Command(
    "inject",
    "Add the Linkerd proxy to a Kubernetes config",
    arguments="CONFIG-FILE",
    flags=(
        Flag(
            "ignore-cluster",
            "Ignore the current Kubernetes cluster when checking for existing cluster "
            "configuration (default false)",
            "bool",
            "false",
        ),
    ),
    absent_flags=frozenset({"manual", "enable-debug-sidecar", "close-wait-timeout", "ingress"}),
    run=linkerd_actions.run_inject,
)

_GATEWAYS = Command(
    "gateways",
    "Display stats information about the gateways in target clusters",
    flags=(
        Flag("cluster-name", "the name of the target cluster"),
        Flag("output", 'Output format; one of: "table" or "json"', default="table", shorthand="o"),
        Flag("wait", "time allowed to fetch diagnostics", "duration", "30s", "w"),
    ),
    run=linkerd_actions.run_gateways,
)

_LINK = Command(
    "link",
    "Outputs resources that allow another cluster to mirror services from this one",
    flags=(
        Flag("api-server-address", "The api server address of the target cluster"),
        Flag("cluster-name", "Cluster name"),
        Flag(
            "gateway",
            "If false, allows a link to be created against a cluster that does not have a "
            "gateway service",
            "bool",
            "true",
        ),
        Flag(
            "gateway-addresses",
            "If specified, overwrites gateway addresses when gateway service is not type "
            "LoadBalancer (comma separated list)",
        ),
        Flag("gateway-name", "The name of the gateway service", default="linkerd-gateway"),
        Flag(
            "gateway-namespace",
            "The namespace of the gateway service",
            default="linkerd-multicluster",
        ),
        Flag(
            "gateway-port",
            "If specified, overwrites gateway port when gateway service is not type LoadBalancer",
            "uint32",
            "0",
        ),
        Flag("log-format", "Log format for the Multicluster components", default="plain"),
        Flag("log-level", "Log level for the Multicluster components", default="info"),
        Flag("namespace", "The namespace for the service account", default="linkerd-multicluster"),
        Flag(
            "registry",
            "Docker registry to pull service mirror controller image from "
            "($LINKERD_DOCKER_REGISTRY)",
            default=os.environ.get("LINKERD_DOCKER_REGISTRY") or "cr.l5d.io/linkerd",
        ),
        Flag(
            "remote-discovery-selector",
            "Selector (label query) to filter which services in the target cluster to mirror in "
            "remote discovery mode",
            default=f"{_DISCOVERY_LABEL}=remote-discovery",
        ),
        Flag(
            "selector",
            "Selector (label query) to filter which services in the target cluster to mirror",
            default=f"{_DISCOVERY_LABEL}=true",
            shorthand="l",
        ),
        Flag(
            "service-account-name",
            "The name of the service account associated with the credentials",
            default="linkerd-service-mirror-remote-access-default",
        ),
        Flag(
            "service-mirror-retry-limit",
            "The number of times a failed update from the target cluster is allowed to be retried",
            "uint32",
            "3",
        ),
    ),
    absent_flags=frozenset({"ha", "set", "set-file", "set-string", "values"}),
    run=linkerd_actions.run_link,
)

_UNLINK = Command(
    "unlink",
    "Outputs link resources for deletion",
    flags=(
        Flag("cluster-name", "Cluster name"),
        Flag("namespace", "The namespace for the service account", default="linkerd-multicluster"),
    ),
    run=linkerd_actions.run_unlink,
)

_VERSION = Command(
    "version",
    "Print the client and server version information",
    flags=(
        Flag("client", "Print the client version only", "bool", "false"),
        Flag(
            "short",
            "Print the version number(s) only, with no additional output",
            "bool",
            "false",
        ),
    ),
    absent_flags=frozenset({"proxy", "namespace"}),
    run=linkerd_actions.run_version,
)

LINKERD = Command(
    "linkerd",
    "linkerd manages the Linkerd service mesh",
    flags=_GLOBAL_FLAGS,
    absent_flags=frozenset({"api-addr", "as", "as-group"}),
    subcommands=(
        Command(
            "diagnostics",
            "Commands used to diagnose Linkerd components",
            aliases=("dg",),
            subcommands=(_ENDPOINTS,),
        ),
        _INJECT,
        Command(
            "multicluster",
            "Manages the multicluster setup for Linkerd",
            aliases=("mc",),
            subcommands=(_GATEWAYS, _LINK, _UNLINK),
        ),
        _VERSION,
    ),
)
