"""The stand-in for kind 0.20: clusters, and their kubeconfigs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from meshpeek.rehearsal.kubeconfig_format import KubeconfigContext, dump_kubeconfig
from meshpeek.rehearsal.stand_ins.cluster_makers import control
from meshpeek.rehearsal.stand_ins.cluster_makers.command_line import ClusterMaker
from meshpeek.rehearsal.stand_ins.cluster_makers.control import MadeCluster, ToolError

_PREFIX = "kind-"
_STEPS = (
    "Ensuring node image (kindest/node:v1.27.3)",
    "Preparing nodes",
    "Writing configuration",
    "Starting control-plane",
    "Installing CNI",
    "Installing StorageClass",
)


def _own_clusters() -> dict[str, MadeCluster]:
    return {
        name.removeprefix(_PREFIX): cluster
        for name, cluster in control.clusters().items()
        if name.startswith(_PREFIX)
    }


def _name_in(options: argparse.Namespace) -> str:
    if options.name:
        return str(options.name)
    if getattr(options, "config", None) and options.config != "-":
        import yaml

        try:
            config = yaml.safe_load(Path(options.config).read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise ToolError(f"error reading file: {error}") from None
        if isinstance(config, dict) and config.get("name"):
            return str(config["name"])
    elif getattr(options, "config", None) == "-":
        sys.stdin.read()
    return os.environ.get("KIND_CLUSTER_NAME", "kind")


def _context(cluster: MadeCluster) -> KubeconfigContext:
    return KubeconfigContext(cluster.name, cluster.name, cluster.server, cluster.name)


def _create(options: argparse.Namespace) -> None:
    name = _name_in(options)
    if name in _own_clusters():
        raise ToolError(
            f'failed to create cluster: node(s) already exist for a cluster with the name "{name}"'
        )
    cluster = control.create(f"{_PREFIX}{name}")
    print(f'Creating cluster "{name}" ...', file=sys.stderr)
    for step in _STEPS:
        print(f" ✓ {step}", file=sys.stderr)
    control.add_context(_context(cluster), is_current=True)
    print(f'Set kubectl context to "{cluster.name}"', file=sys.stderr)
    print("You can now use your cluster with:\n", file=sys.stderr)
    print(f"kubectl cluster-info --context {cluster.name}", file=sys.stderr)


def _delete(options: argparse.Namespace) -> None:
    name = _name_in(options)
    print(f'Deleting cluster "{name}" ...', file=sys.stderr)
    if cluster := _own_clusters().get(name):
        control.delete(cluster.name)
        control.remove_context(cluster.name, cluster.name, cluster.name)
        print(f'Deleted nodes: ["{name}-control-plane"]', file=sys.stderr)


def _list(_options: argparse.Namespace) -> None:
    names = sorted(_own_clusters())
    if not names:
        print("No kind clusters found.", file=sys.stderr)
    for name in names:
        print(name)


def _nodes(options: argparse.Namespace) -> None:
    if _name_in(options) in _own_clusters():
        print(f"{_name_in(options)}-control-plane")
    else:
        print(f'No kind nodes found for cluster "{_name_in(options)}".', file=sys.stderr)


def _find(options: argparse.Namespace) -> MadeCluster:
    name = _name_in(options)
    cluster = _own_clusters().get(name)
    if cluster is None:
        raise ToolError(f'could not locate any control plane nodes for cluster named "{name}"')
    return cluster


def _print_kubeconfig(options: argparse.Namespace) -> None:
    cluster = _find(options)
    print(dump_kubeconfig([_context(cluster)], cluster.name), end="")


def _export_kubeconfig(options: argparse.Namespace) -> None:
    cluster = _find(options)
    control.add_context(_context(cluster), is_current=True)
    print(f'Set kubectl context to "{cluster.name}"', file=sys.stderr)


def _load_image(options: argparse.Namespace) -> None:
    _find(options)


def _version(_options: argparse.Namespace) -> None:
    print("kind v0.20.0 go1.20.4 linux/amd64")


def _tool() -> ClusterMaker:
    tool = ClusterMaker("kind", "ERROR: ")
    create = tool.command("create", "cluster")
    create.values("--image", "--wait", "--kubeconfig")
    create.flags("--retain", "--quiet -q")
    create.add_argument("--config")
    create.runs(_create)
    delete = tool.command("delete", "cluster")
    delete.runs(_delete)
    tool.command("get", "clusters").runs(_list)
    nodes = tool.command("get", "nodes")
    nodes.runs(_nodes)
    kubeconfig = tool.command("get", "kubeconfig")
    kubeconfig.flags("--internal")
    kubeconfig.runs(_print_kubeconfig)
    export = tool.command("export", "kubeconfig")
    export.runs(_export_kubeconfig)
    load = tool.command("load", "docker-image")
    load.add_argument("images", nargs="+")
    load.values("--nodes")
    load.runs(_load_image)
    for command in (create, delete, nodes, kubeconfig, export, load):
        command.add_argument("--name", "-n")
    tool.command("version").runs(_version)
    return tool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status."""
    return _tool().main(arguments)
