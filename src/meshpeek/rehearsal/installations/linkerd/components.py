"""What runs in Linkerd's control plane: its Services, Deployments and the heartbeat."""

from __future__ import annotations

from collections.abc import Iterator

from meshpeek.rehearsal.installations.linkerd.injection import add_proxy
from meshpeek.rehearsal.installations.linkerd.names import (
    COMPONENT,
    CREATED_BY,
    HOME,
    LINKERD_VERSION,
    about_component,
)
from meshpeek.rehearsal.installations.shapes import container, deployment, service
from meshpeek.rehearsal.types.objects import Object

_CONTROLLER = f"cr.l5d.io/linkerd/controller:{LINKERD_VERSION}"
_POLICY = f"cr.l5d.io/linkerd/policy-controller:{LINKERD_VERSION}"


def identity(replicas: int) -> Iterator[Object]:
    """Yield what issues the proxies' certificates."""
    yield _service("linkerd-identity", "identity", "grpc", 8080, 8080)
    yield _service("linkerd-identity-headless", "identity", "grpc", 8080, 8080, clusterIP="None")
    yield _deployment(
        "identity",
        replicas,
        [
            container(
                "identity",
                _CONTROLLER,
                {"ident-grpc": 8080, "ident-admin": 9990},
                args=["identity"],
            )
        ],
    )


def destination(replicas: int) -> Iterator[Object]:
    """Yield what tells the proxies where requests go, and validates what says so."""
    component = "destination"
    yield _service("linkerd-dst", component, "grpc", 8086, 8086)
    yield _service("linkerd-dst-headless", component, "grpc", 8086, 8086, clusterIP="None")
    yield _service("linkerd-sp-validator", component, "sp-validator", 443, "sp-validator")
    yield _service("linkerd-policy", component, "grpc", 8090, 8090, clusterIP="None")
    yield _service("linkerd-policy-validator", component, "policy-https", 443, "policy-https")
    yield _deployment(
        component,
        replicas,
        [
            container(
                "destination",
                _CONTROLLER,
                {"dest-grpc": 8086, "dest-admin": 9996},
                args=["destination"],
            ),
            container(
                "sp-validator",
                _CONTROLLER,
                {"sp-validator": 8443, "spval-admin": 9997},
                args=["sp-validator"],
            ),
            container(
                "policy",
                _POLICY,
                {"policy-grpc": 8090, "policy-admin": 9990, "policy-https": 9443},
            ),
        ],
    )


def proxy_injector(replicas: int) -> Iterator[Object]:
    """Yield what adds the proxy to Pods."""
    component = "proxy-injector"
    yield _deployment(
        component,
        replicas,
        [
            container(
                component,
                _CONTROLLER,
                {component: 8443, "injector-admin": 9995},
                args=[component],
            )
        ],
    )
    yield _service(f"linkerd-{component}", component, component, 443, component)


def heartbeat() -> Object:
    """Return the CronJob that tells Linkerd's makers what is in use; here nothing runs it."""
    component = "heartbeat"
    name = f"linkerd-{component}"
    labels = {COMPONENT: component, "linkerd.io/workload-ns": HOME}
    pod = {
        "containers": [
            {
                "name": component,
                "image": _CONTROLLER,
                "args": [component, f"-controller-namespace={HOME}", "-log-level=info"],
                "env": [
                    {
                        "name": "LINKERD_DISABLED",
                        "value": "the heartbeat controller does not use the proxy",
                    }
                ],
            }
        ],
        "restartPolicy": "Never",
        "serviceAccountName": name,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": about_component(
            name,
            component,
            **{
                "app.kubernetes.io/name": component,
                "app.kubernetes.io/part-of": "Linkerd",
                "app.kubernetes.io/version": LINKERD_VERSION,
            },
        ),
        "spec": {
            "concurrencyPolicy": "Replace",
            "schedule": "0 0 * * *",
            "successfulJobsHistoryLimit": 0,
            "jobTemplate": {
                "spec": {
                    "template": {
                        "metadata": {"annotations": dict(CREATED_BY), "labels": labels},
                        "spec": pod,
                    }
                }
            },
        },
    }


def _service(
    name: str, component: str, port: str, number: int, target: int | str, **spec: str
) -> Object:
    about = about_component(name, component)
    return service(about, {COMPONENT: component}, [(port, number, target)], **spec)


def _deployment(component: str, replicas: int, containers: list[Object]) -> Object:
    name = f"linkerd-{component}"
    labels = {
        COMPONENT: component,
        "linkerd.io/control-plane-ns": HOME,
        "linkerd.io/proxy-deployment": name,
    }
    made = deployment(
        about_component(
            name,
            component,
            **{
                "app.kubernetes.io/name": component,
                "app.kubernetes.io/part-of": "Linkerd",
                "app.kubernetes.io/version": LINKERD_VERSION,
            },
        ),
        labels,
        containers,
        annotations={**CREATED_BY, "linkerd.io/proxy-version": LINKERD_VERSION},
        labels={"linkerd.io/workload-ns": HOME},
        serviceAccountName=name,
    )
    made["spec"]["replicas"] = replicas
    # The injector does not inject its own namespace: the chart renders these Pods with the proxy.
    add_proxy(made["spec"]["template"]["spec"])
    return made
