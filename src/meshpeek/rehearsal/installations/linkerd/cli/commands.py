"""The commands and flags of the linkerd stand-in, worded as in stable-2.14.10's help."""

from __future__ import annotations

import os

from meshpeek.rehearsal.installations.linkerd.cli import handlers
from meshpeek.rehearsal.installations.linkerd.cli.arguments import CobraCommand, Flag
from meshpeek.rehearsal.installations.linkerd.cli.install_command import INSTALL
from meshpeek.rehearsal.installations.linkerd.cli.multicluster_commands import MULTICLUSTER
from meshpeek.rehearsal.installations.linkerd.cli.shared_flags import (
    CHECK_NAMESPACE,
    CHECK_OUTPUT,
    CHECK_WAIT,
    IGNORE_CLUSTER,
    OUTPUT,
)

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

_ENDPOINTS = CobraCommand(
    "endpoints",
    "Introspect Linkerd's service discovery state",
    aliases=("ep",),
    arguments="authorities",
    minimum_words=1,
    flags=(OUTPUT,),
    run=handlers.run_endpoints,
)

_INJECT = CobraCommand(
    "inject",
    "Add the Linkerd proxy to a Kubernetes config",
    arguments="CONFIG-FILE",
    flags=(IGNORE_CLUSTER,),
    absent_flags=frozenset({"manual", "enable-debug-sidecar", "close-wait-timeout", "ingress"}),
    run=handlers.run_inject,
)

_VERSION = CobraCommand(
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
        Flag("proxy", "Print data-plane versions", "bool", "false"),
        Flag(
            "namespace",
            "Namespace to use for --proxy versions (default: all namespaces)",
            shorthand="n",
        ),
    ),
    run=handlers.run_version,
)

_CHECK = CobraCommand(
    "check",
    "Check the Linkerd installation for potential problems",
    flags=(
        CHECK_OUTPUT,
        CHECK_NAMESPACE,
        Flag(
            "pre",
            "Only run pre-installation checks, to determine if the control plane can be installed",
            "bool",
            "false",
        ),
        Flag(
            "proxy",
            "Only run data-plane checks, to determine if the data plane is healthy",
            "bool",
            "false",
        ),
        CHECK_WAIT,
    ),
    absent_flags=frozenset(
        {"cli-version-override", "crds", "expected-version", "linkerd-cni-enabled"}
    ),
    run=handlers.run_check,
)

LINKERD = CobraCommand(
    "linkerd",
    "linkerd manages the Linkerd service mesh",
    flags=_GLOBAL_FLAGS,
    absent_flags=frozenset({"api-addr", "as", "as-group"}),
    subcommands=(
        _CHECK,
        CobraCommand(
            "diagnostics",
            "Commands used to diagnose Linkerd components",
            aliases=("dg",),
            subcommands=(_ENDPOINTS,),
        ),
        _INJECT,
        INSTALL,
        MULTICLUSTER,
        _VERSION,
    ),
)
