"""The stand-in for Civo's CLI 1.0: `civo kubernetes create` and what belongs to it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from meshpeek.rehearsal.kubeconfig_format import KubeconfigContext, dump_kubeconfig
from meshpeek.rehearsal.stand_ins.cluster_makers import control
from meshpeek.rehearsal.stand_ins.cluster_makers.command_line import ClusterMaker
from meshpeek.rehearsal.stand_ins.cluster_makers.control import MadeCluster, ToolError


def _context(cluster: MadeCluster) -> KubeconfigContext:
    return KubeconfigContext(cluster.name, cluster.name, cluster.server, cluster.name)


def _find(name: str) -> MadeCluster:
    cluster = control.find(name)
    if cluster is None:
        raise ToolError(f"No Kubernetes clusters found for '{name}'")
    return cluster


def _create(options: argparse.Namespace) -> None:
    cluster = control.create(options.name)
    if options.save:
        control.add_context(_context(cluster), is_current=bool(options.switch))
    print(f"The cluster {options.name} has been created")


def _remove(options: argparse.Namespace) -> None:
    name = _find(options.name).name
    control.delete(name)
    control.remove_context(name, name, name)
    print(f"The Kubernetes cluster ({name}) has been deleted")


def _config(options: argparse.Namespace) -> None:
    cluster = _find(options.name)
    if options.save:
        control.add_context(_context(cluster), is_current=bool(options.switch))
        print(f"Merged with the main kubernetes config: {control.kubeconfig_path()}")
    else:
        print(dump_kubeconfig([_context(cluster)], cluster.name), end="")


def _list(_options: argparse.Namespace) -> None:
    for name, cluster in control.clusters().items():
        print(f"{name}\t{'ACTIVE' if cluster.running else 'INACTIVE'}")


def _tool() -> ClusterMaker:
    tool = ClusterMaker("civo", "Error: ")
    for group in ("kubernetes", "k8s", "k3s"):
        create = tool.command(group, "create")
        create.values("--nodes -n", "--size -s", "--version -v", "--network -t", "--region")
        create.values("--applications -a", "--remove-applications -r", "--cni-plugin -p")
        create.values("--firewall", "--create-firewall -c", "--cluster-type")
        create.runs(_create)
        config = tool.command(group, "config")
        config.values("--region", "--local-path -p")
        config.runs(_config)
        for command in (create, config):
            command.flags(
                "--save", "--merge -m", "--switch", "--wait -w", "--yes -y", "--overwrite"
            )
            command.add_argument("name")
        for word in ("remove", "rm", "delete"):
            remove = tool.command(group, word)
            remove.flags("--yes -y")
            remove.values("--region")
            remove.add_argument("name")
            remove.runs(_remove)
        for word in ("list", "ls"):
            listing = tool.command(group, word)
            listing.values("--region")
            listing.runs(_list)
    return tool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status."""
    return _tool().main(arguments)
