"""Flags that several commands of the linkerd stand-in take, worded as in stable-2.14.10's help."""

from __future__ import annotations

from meshpeek.rehearsal.installations.linkerd.cli.arguments import Flag

IGNORE_CLUSTER = Flag(
    "ignore-cluster",
    "Ignore the current Kubernetes cluster when checking for existing cluster "
    "configuration (default false)",
    "bool",
    "false",
)
OUTPUT = Flag("output", 'Output format; one of: "table" or "json"', default="table", shorthand="o")
CHECK_OUTPUT = Flag(
    "output", "Output format. One of: basic, json, short", default="table", shorthand="o"
)
CHECK_WAIT = Flag("wait", "Maximum allowed time for all tests to pass", "duration", "5m0s")
CHECK_NAMESPACE = Flag(
    "namespace", "Namespace to use for --proxy checks (default: all namespaces)", shorthand="n"
)
