"""The commands of `linkerd multicluster` and their flags, worded as in stable-2.14.10's help."""

from __future__ import annotations

import os

from meshpeek.rehearsal.installations.linkerd.cli import handlers
from meshpeek.rehearsal.installations.linkerd.cli.arguments import CobraCommand, Flag
from meshpeek.rehearsal.installations.linkerd.cli.shared_flags import (
    CHECK_NAMESPACE,
    CHECK_OUTPUT,
    CHECK_WAIT,
    IGNORE_CLUSTER,
    OUTPUT,
)

_DISCOVERY_LABEL = "mirror.linkerd.io/exported"

_CHECK = CobraCommand(
    "check",
    "Check the multicluster extension for potential problems",
    flags=(CHECK_OUTPUT, CHECK_NAMESPACE, CHECK_WAIT),
    run=handlers.run_multicluster_check,
)

_GATEWAYS = CobraCommand(
    "gateways",
    "Display stats information about the gateways in target clusters",
    flags=(
        Flag("cluster-name", "the name of the target cluster"),
        OUTPUT,
        Flag("wait", "time allowed to fetch diagnostics", "duration", "30s", "w"),
    ),
    run=handlers.run_gateways,
)

_INSTALL = CobraCommand(
    "install",
    "Output Kubernetes configs to install the Linkerd multicluster add-on",
    flags=(
        Flag("gateway", "If the gateway component should be installed", "bool", "true"),
        IGNORE_CLUSTER,
        Flag("wait", "Wait for core control-plane components to be available", "duration", "5m0s"),
    ),
    absent_flags=frozenset(
        {
            "gateway-nginx-image",
            "gateway-port",
            "gateway-probe-port",
            "ha",
            "namespace",
            "registry",
            "remote-mirror-credentials",
            "service-mirror-service-account-name",
            "set",
            "set-file",
            "set-string",
            "values",
        }
    ),
    run=handlers.run_multicluster_install,
)

_LINK = CobraCommand(
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
    run=handlers.run_link,
)

_UNLINK = CobraCommand(
    "unlink",
    "Outputs link resources for deletion",
    flags=(
        Flag("cluster-name", "Cluster name"),
        Flag("namespace", "The namespace for the service account", default="linkerd-multicluster"),
    ),
    run=handlers.run_unlink,
)

MULTICLUSTER = CobraCommand(
    "multicluster",
    "Manages the multicluster setup for Linkerd",
    aliases=("mc",),
    subcommands=(_CHECK, _GATEWAYS, _INSTALL, _LINK, _UNLINK),
)
