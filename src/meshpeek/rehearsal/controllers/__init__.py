"""The control loops of a rehearsal cluster: Kubernetes' own, and those of installed products."""

from __future__ import annotations

from meshpeek.rehearsal.controllers.api_service import ApiServiceController
from meshpeek.rehearsal.controllers.clocks import Clock, RealClock
from meshpeek.rehearsal.controllers.deployments import DeploymentController
from meshpeek.rehearsal.controllers.endpoints import EndpointsController
from meshpeek.rehearsal.controllers.event_expiry import EventExpiry
from meshpeek.rehearsal.controllers.garbage import GarbageCollector
from meshpeek.rehearsal.controllers.kubelet import Kubelet
from meshpeek.rehearsal.controllers.load_balancers import LoadBalancerController
from meshpeek.rehearsal.controllers.namespaces import NamespaceController, TokenController
from meshpeek.rehearsal.controllers.on_demand.starter import WorkloadStarter
from meshpeek.rehearsal.controllers.products import ProductStarter
from meshpeek.rehearsal.controllers.replicasets import ReplicaSetController
from meshpeek.rehearsal.controllers.runtime import Runtime
from meshpeek.rehearsal.controllers.scheduler import Scheduler
from meshpeek.rehearsal.store.cluster import Cluster

_CONTROLLERS = (
    NamespaceController,
    TokenController,
    DeploymentController,
    ReplicaSetController,
    Scheduler,
    Kubelet,
    EndpointsController,
    LoadBalancerController,
    ApiServiceController,
    GarbageCollector,
    EventExpiry,
    ProductStarter,
    WorkloadStarter,
)


def start(cluster: Cluster, clock: Clock | None = None) -> Runtime:
    """Run the controllers of `cluster`, and return them; `stop()` ends them.

    Without a `clock` they run in real time, which needs a running asyncio loop. All clusters of
    the process must exist before, as some controllers work across them.
    """
    runtime = Runtime(cluster, clock or RealClock(cluster.now))
    for controller in _CONTROLLERS:
        runtime.add(controller(runtime))
    return runtime
