"""The stand-in for docker, as far as scripts that make clusters use it.

There are networks, and a container for each node of a cluster; nothing else can run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from meshpeek.rehearsal.installations.k3s import node_name_for
from meshpeek.rehearsal.stand_ins.cluster_makers import control
from meshpeek.rehearsal.stand_ins.cluster_makers.command_line import ClusterMaker
from meshpeek.rehearsal.stand_ins.cluster_makers.control import ToolError

_BUILT_IN = ("bridge", "host", "none")
_ROUTE = ("add", "change", "replace", "del", "delete", "show", "list")


def _networks_file() -> Path:
    return control.kubeconfig_path().with_name("docker-networks.json")


def _networks() -> list[str]:
    try:
        made: list[str] = json.loads(_networks_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        made = []
    return [*_BUILT_IN, *made]


def _save(networks: Sequence[str]) -> None:
    made = [name for name in networks if name not in _BUILT_IN]
    _networks_file().write_text(json.dumps(made), encoding="utf-8")


def _create_network(options: argparse.Namespace) -> None:
    networks = _networks()
    if options.name in networks:
        raise ToolError(
            f"Error response from daemon: network with name {options.name} already exists"
        )
    _save([*networks, options.name])
    print(options.name)


def _remove_networks(options: argparse.Namespace) -> None:
    networks = _networks()
    for name in options.names:
        if name not in networks:
            raise ToolError(f"Error response from daemon: network {name} not found")
        networks.remove(name)
        print(name)
    _save(networks)


def _inspect_networks(options: argparse.Namespace) -> int:
    networks = _networks()
    found = [{"Name": name, "Driver": "bridge"} for name in options.names if name in networks]
    print(json.dumps(found, indent=4))
    for name in options.names:
        if name not in networks:
            print(f"Error response from daemon: network {name} not found", file=sys.stderr)
    return int(len(found) < len(options.names))


def _list_networks(options: argparse.Namespace) -> None:
    for name in _networks():
        print(name if options.quiet else f"{name}\tbridge\tlocal")


def _containers() -> list[str]:
    return [node_name_for(name) for name in control.clusters()]


def _list_containers(options: argparse.Namespace) -> None:
    names = _containers()
    if not options.quiet and options.format is None:
        print("NAMES")
    for name in names:
        print(name)


def _execute(options: argparse.Namespace) -> None:
    if options.container not in _containers():
        raise ToolError(f"Error response from daemon: No such container: {options.container}")
    command = options.command
    # All clusters are on one flat network, so every route is there.
    if command[:2] == ["ip", "route"] and (not command[2:] or command[2] in _ROUTE):
        return
    raise ToolError(
        f"a node of a rehearsal runs nothing but `ip route`, so not `{' '.join(command)}`"
    )


def _info(_options: argparse.Namespace) -> None:
    print("Server:\n Server Version: 24.0.0 (rehearsal)")


def _tool() -> ClusterMaker:
    tool = ClusterMaker("docker", "")
    create = tool.command("network", "create")
    create.add_argument("name")
    create.values("--driver -d", "--subnet", "--gateway", "--opt -o", "--label", "--ip-range")
    create.flags("--attachable", "--internal", "--ipv6")
    create.runs(_create_network)
    for word in ("rm", "remove"):
        remove = tool.command("network", word)
        remove.add_argument("names", nargs="+")
        remove.runs(_remove_networks)
    inspect = tool.command("network", "inspect")
    inspect.add_argument("names", nargs="+")
    inspect.values("--format -f")
    inspect.runs(_inspect_networks)
    for word in ("ls", "list"):
        networks = tool.command("network", word)
        networks.add_argument("--quiet", "-q", action="store_true")
        networks.values("--filter -f", "--format")
        networks.runs(_list_networks)
    for words in (("ps",), ("container", "ls")):
        containers = tool.command(*words)
        containers.add_argument("--quiet", "-q", action="store_true")
        containers.add_argument("--format")
        containers.flags("--all -a")
        containers.values("--filter -f")
        containers.runs(_list_containers)
    execute = tool.command("exec")
    execute.flags("--interactive -i", "--tty -t")
    execute.add_argument("container")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    execute.runs(_execute)
    tool.command("info").runs(_info)
    tool.command("version").runs(_info)
    return tool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status."""
    return _tool().main(arguments)
