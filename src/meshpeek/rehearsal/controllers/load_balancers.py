"""LoadBalancer Services: k3s's own load balancer answers on the node's address.

Its DaemonSet and Pods (`svclb-…`) are left out. Two Services cannot both have a port: the later
one stays pending, as on a k3s cluster.
"""

from __future__ import annotations

from collections.abc import Iterable

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import NODES, SERVICES, ResourceKey
from meshpeek.rehearsal.types.objects import Object


class LoadBalancerController:
    """Writes the address of the node into the status of LoadBalancer Services."""

    watches: frozenset[ResourceKey] | None = frozenset({NODES, SERVICES})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the Services whose address an event may change."""
        if event.key == NODES or (event.key == SERVICES and event.type == "DELETED"):
            for service in self._runtime.store.list(SERVICES):
                yield object_key(SERVICES, service)
        elif event.key == SERVICES:
            yield object_key(SERVICES, event.object)

    def reconcile(self, key: ObjectKey) -> None:
        """Give a LoadBalancer Service its address, and take it from any other one."""
        service = self._runtime.get(key)
        if service is None:
            return
        balances = service["spec"]["type"] == "LoadBalancer" and not self._is_taken(service)
        addresses = self._node_addresses() if balances else []
        balancer = {"ingress": [{"ip": each} for each in addresses]} if addresses else {}
        self._runtime.update_status(SERVICES, service, {"loadBalancer": balancer})

    def _is_taken(self, service: Object) -> bool:
        wanted = {port["port"] for port in service["spec"].get("ports", ())}
        return any(
            wanted & {port["port"] for port in other["spec"].get("ports", ())}
            for other in self._runtime.store.list(SERVICES)
            if other["metadata"]["uid"] != service["metadata"]["uid"]
            and other.get("status", {}).get("loadBalancer", {}).get("ingress")
        )

    def _node_addresses(self) -> list[str]:
        return [
            address["address"]
            for node in self._runtime.store.list(NODES)
            for address in node.get("status", {}).get("addresses", ())
            if address["type"] == "InternalIP"
        ]
