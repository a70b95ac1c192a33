"""The stand-in for minikube 1.32: one cluster a profile."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from meshpeek.rehearsal.kubeconfig_format import KubeconfigContext
from meshpeek.rehearsal.stand_ins.cluster_makers import control
from meshpeek.rehearsal.stand_ins.cluster_makers.command_line import ClusterMaker

_DEFAULT = "minikube"
_NO_CLUSTER = 85
"""The exit status of `minikube status` where the profile has no cluster (1.32)."""


def _start(options: argparse.Namespace) -> None:
    name = options.profile
    print("😄  minikube v1.32.0")
    cluster = control.find(name)
    if cluster is None:
        cluster = control.create(name)
    elif not cluster.running:
        control.set_running(name, running=True)
    print(f"👍  Starting control plane node {name} in cluster {name}")
    control.add_context(KubeconfigContext(name, name, cluster.server, name), is_current=True)
    print(
        f'🏄  Done! kubectl is now configured to use "{name}" cluster and "default" namespace '
        "by default"
    )


def _delete(options: argparse.Namespace) -> None:
    name = options.profile
    if control.find(name) is None:
        print(f'🙄  "{name}" profile does not exist, trying anyways.')
        return
    control.delete(name)
    control.remove_context(name, name, name)
    print(f'💀  Removed all traces of the "{name}" cluster.')


def _stop(options: argparse.Namespace) -> None:
    if control.find(options.profile):
        control.set_running(options.profile, running=False)
    print("🛑  1 node stopped.")


def _status(options: argparse.Namespace) -> int:
    name = options.profile
    cluster = control.find(name)
    if cluster is None:
        print(f'🤷  Profile "{name}" not found. Run "minikube profile list" to view all profiles.')
        print(f'👉  To start a cluster, run: "minikube start -p {name}"')
        return _NO_CLUSTER
    state = "Running" if cluster.running else "Stopped"
    print(name)
    for key, value in {
        "type": "Control Plane",
        "host": state,
        "kubelet": state,
        "apiserver": state,
        "kubeconfig": "Configured" if cluster.running else "Stopped",
    }.items():
        print(f"{key}: {value}")
    print()
    return 0 if cluster.running else 7


def _tool() -> ClusterMaker:
    tool = ClusterMaker("minikube", "❌  ")
    start = tool.command("start")
    start.values("--driver", "--vm-driver", "--memory", "--cpus", "--kubernetes-version", "--cni")
    start.values("--addons", "--nodes", "--container-runtime", "--disk-size", "--extra-config")
    start.flags("--wait", "--force")
    start.runs(_start)
    delete = tool.command("delete")
    delete.runs(_delete)
    stop = tool.command("stop")
    stop.runs(_stop)
    status = tool.command("status")
    status.runs(_status)
    for command in (start, delete, stop, status):
        command.add_argument("--profile", "-p", default=_DEFAULT)
    return tool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status."""
    return _tool().main(arguments)
