"""The stand-in for k3d 5: clusters, and their kubeconfigs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from meshpeek.rehearsal.kubeconfig_format import KubeconfigContext, dump_kubeconfig
from meshpeek.rehearsal.stand_ins.cluster_makers import control
from meshpeek.rehearsal.stand_ins.cluster_makers.command_line import ClusterMaker
from meshpeek.rehearsal.stand_ins.cluster_makers.control import MadeCluster, ToolError

_DEFAULT = "k3s-default"
_OTHERS = ("kind-", "minikube")
_VERSION = "k3d version v5.6.0\nk3s version v1.27.4-k3s1 (default)"


def context_of(name: str) -> str:
    """Return the context of the k3d cluster `name`."""
    return f"k3d-{name}"


def own_clusters() -> dict[str, MadeCluster]:
    """Return the clusters that k3d takes for its own, by their k3d names."""
    return {
        name.removeprefix("k3d-"): cluster
        for name, cluster in control.clusters().items()
        if not name.startswith(_OTHERS)
    }


def _say(text: str) -> None:
    print(f"INFO[0000] {text}", file=sys.stderr)


def _name_in(options: argparse.Namespace) -> str:
    if options.config is None:
        return options.name or _DEFAULT
    import yaml

    try:
        config = yaml.safe_load(Path(options.config).read_text(encoding="utf-8"))
        return str(options.name or config["metadata"]["name"])
    except (OSError, yaml.YAMLError, LookupError, TypeError) as error:
        raise ToolError(f"cannot read the name in {options.config}: {error}") from None


def _create(options: argparse.Namespace) -> None:
    name = _name_in(options)
    if name in own_clusters():
        raise ToolError(
            f"Failed to create cluster '{name}' because a cluster with that name already exists"
        )
    context = context_of(name)
    cluster = control.create(context)
    _say("Prep: Network")
    _say(f"Creating node 'k3d-{name}-server-0'")
    _say(f"Starting cluster '{name}'")
    if options.kubeconfig_update_default != "false":
        control.add_context(
            KubeconfigContext(context, context, cluster.server, f"admin@{context}"),
            is_current=options.kubeconfig_switch_context != "false",
        )
    _say(f"Cluster '{name}' created successfully!")
    _say("You can now use it like this:")
    print("kubectl cluster-info")


def _delete(options: argparse.Namespace) -> None:
    there = own_clusters()
    names = list(there) if options.all else (options.names or [_DEFAULT])
    found = [name for name in names if name in there]
    if not found:
        _say("No clusters found")
    for name in found:
        _say(f"Deleting cluster '{name}'")
        control.delete(there[name].name)
        context = context_of(name)
        control.remove_context(context, context, f"admin@{context}")
        _say(f"Successfully deleted cluster {name}!")


def _list(options: argparse.Namespace) -> None:
    there = own_clusters()
    missing = [name for name in options.names if name not in there]
    if missing:
        raise ToolError("No nodes found for given cluster")
    shown = {name: there[name] for name in options.names or there}
    if options.output == "json":
        import json

        rows = [{"name": n, "serversCount": 1, "serversRunning": int(c.running), "agentsCount": 0}
                for n, c in shown.items()]  # fmt: skip
        print(json.dumps(rows))
        return
    width = max((len(name) for name in shown), default=0)
    if not options.no_headers:
        print(f"{'NAME':<{max(width, 4)}}   SERVERS   AGENTS   LOADBALANCER")
    for name, cluster in shown.items():
        print(f"{name:<{max(width, 4)}}   {int(cluster.running)}/1       0/0      true")


def _set_running(options: argparse.Namespace, *, running: bool) -> None:
    there = own_clusters()
    names = list(there) if options.all else (options.names or [_DEFAULT])
    for name in names:
        if name not in there:
            raise ToolError("No nodes found for given cluster")
        control.set_running(there[name].name, running=running)
        _say(f"{'Started' if running else 'Stopped'} cluster '{name}'")


def _kubeconfig(options: argparse.Namespace) -> None:
    there = own_clusters()
    names = list(there) if options.all else (options.names or [_DEFAULT])
    missing = [name for name in names if name not in there]
    if missing:
        raise ToolError(f"No cluster found with name {missing[0]!r}")
    contexts = [
        KubeconfigContext(context_of(n), context_of(n), there[n].server, f"admin@{context_of(n)}")
        for n in names
    ]
    if options.prints:
        print(dump_kubeconfig(contexts, contexts[-1].name if contexts else ""), end="")
        return
    for context in contexts:
        switches = options.kubeconfig_switch_context not in (None, "false")
        control.add_context(context, is_current=switches)
    # A session has one kubeconfig, which its clusters are in.
    print(control.kubeconfig_path())


def _import_image(options: argparse.Namespace) -> None:
    there = own_clusters()
    for name in options.clusters or [_DEFAULT]:
        if name not in there:
            raise ToolError("failed to find specified cluster")
    _say(f"Successfully imported image(s): {', '.join(options.images)}")


def _version(_options: argparse.Namespace) -> None:
    print(_VERSION)


def _tool() -> ClusterMaker:
    tool = ClusterMaker("k3d", "FATA[0000] ")
    create = tool.command("cluster", "create")
    create.add_argument("name", nargs="?")
    create.add_argument("--config", "-c")
    create.flags("--kubeconfig-update-default", "--kubeconfig-switch-context", "--wait", "--no-lb")
    create.flags("--no-rollback", "--no-image-volume")
    create.values("--agents -a", "--servers -s", "--image -i", "--network", "--api-port")
    create.values("--port -p", "--volume -v", "--k3s-arg", "--timeout", "--token", "--env -e")
    create.values("--k3s-node-label", "--runtime-label", "--registry-create", "--registry-use")
    create.values("--registry-config", "--subnet", "--gpus", "--host-alias", "--agents-memory")
    create.values("--servers-memory", "--lb-config-override")
    create.runs(_create)
    delete = tool.command("cluster", "delete")
    delete.add_argument("names", nargs="*")
    delete.add_argument("--all", "-a", action="store_true")
    delete.runs(_delete)
    for word in ("list", "ls", "get"):
        listing = tool.command("cluster", word)
        listing.add_argument("names", nargs="*")
        listing.add_argument("--output", "-o")
        listing.add_argument("--no-headers", action="store_true")
        listing.flags("--token")
        listing.runs(_list)
    for word, running in (("start", True), ("stop", False)):
        switch = tool.command("cluster", word)
        switch.add_argument("names", nargs="*")
        switch.add_argument("--all", "-a", action="store_true")
        switch.flags("--wait")
        switch.values("--timeout")
        switch.set_defaults(running=running)
        switch.runs(lambda options: _set_running(options, running=options.running))
    for word in ("get", "merge", "write"):
        kubeconfig = tool.command("kubeconfig", word)
        kubeconfig.add_argument("names", nargs="*")
        kubeconfig.add_argument("--all", "-a", action="store_true")
        kubeconfig.flags("--kubeconfig-merge-default -d", "--kubeconfig-switch-context -s")
        kubeconfig.values("--output -o")
        kubeconfig.set_defaults(prints=word == "get")
        kubeconfig.runs(_kubeconfig)
    image = tool.command("image", "import")
    image.add_argument("images", nargs="+")
    image.add_argument("--cluster", "-c", dest="clusters", action="append")
    image.values("--mode -m")
    image.runs(_import_image)
    tool.command("version").runs(_version)
    return tool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status."""
    return _tool().main(arguments)
