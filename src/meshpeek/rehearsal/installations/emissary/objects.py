"""Emissary 3.8.0, as its own manifests leave it, with one replica of each Deployment.

The Namespace `emissary` is not among the objects: Emissary leaves that one to its users.
"""

from __future__ import annotations

from meshpeek.rehearsal.installations.emissary.crds import definitions
from meshpeek.rehearsal.installations.shapes import (
    cluster_access,
    container,
    deployment,
    metadata,
    namespace,
    rule,
    service,
    service_account,
)
from meshpeek.rehearsal.types.objects import Object

HOME = "emissary"
SYSTEM = "emissary-system"
GROUP = "getambassador.io"

_IMAGE = "docker.io/emissaryingress/emissary:3.8.0"
_AGENT_IMAGE = "docker.io/ambassador/ambassador-agent:1.0.14"
_PRODUCT = {"product": "aes"}


def emissary() -> list[Object]:
    """Return the objects of Emissary but for its CRDs."""
    return [*_system(), *_ingress(), *_agent()]


def manifests() -> dict[str, str]:
    """Return the texts that setup-demo.sh applies on rehearsal clusters, by file name.

    They are in k8s/emissary/rehearsal, under the names of Emissary's own manifests.
    """
    from meshpeek.rehearsal.types.yaml_documents import dump_stream

    note = (
        "# What rehearsal clusters have in place of Emissary 3.8.0; `make manifests` writes this.\n"
        "# Real clusters get Emissary's own manifest of this name: see setup-demo.sh.\n"
    )
    objects = {
        "emissary-crds.yaml": [*definitions(), *_system()],
        "emissary-emissaryns.yaml": [*_ingress(), *_agent()],
    }
    return {
        name: note + dump_stream(contents).removesuffix("---\n")
        for name, contents in objects.items()
    }


def _system() -> list[Object]:
    return [namespace(SYSTEM), *_conversion()]


def _conversion() -> list[Object]:
    """Return what converts between the versions of Emissary's resources."""
    name = "emissary-apiext"
    labels = {
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/managed-by": f"kubectl_apply_-f_{name}.yaml",
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": name,
    }
    about = metadata(name, SYSTEM, labels)
    rules = [
        rule("core", "secrets", "create get list patch update watch"),
        rule("apiextensions.k8s.io", "customresourcedefinitions", "get list update watch"),
    ]
    return [
        service_account(about),
        *cluster_access(metadata(name, labels=labels), name, SYSTEM, rules),
        service(dict(about), labels, [("https", 443, "https")]),
        deployment(
            dict(about),
            labels,
            [container(name, _IMAGE, {"http": 8080, "https": 8443}, command=["apiext", name])],
            serviceAccountName=name,
        ),
    ]


def _labels(name: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/component": "emissary-ingress",
        "app.kubernetes.io/instance": "emissary-ingress",
        "app.kubernetes.io/managed-by": "kubectl_apply_-f_emissary-emissaryns.yaml",
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": "emissary-ingress",
        **_PRODUCT,
    }


def _ingress() -> list[Object]:
    name = "emissary-ingress"
    labels = _labels(name)
    selector = {"app.kubernetes.io/instance": name, "app.kubernetes.io/name": name}
    rules = [
        rule("core", "endpoints namespaces secrets services", "get list watch"),
        rule(GROUP, "*", "get list watch update patch create delete"),
    ]
    return [
        service_account(metadata(name, HOME, labels)),
        *cluster_access(metadata(name, labels=labels), name, HOME, rules),
        service(
            metadata(name, HOME, {**labels, "app.kubernetes.io/component": "ambassador-service"}),
            selector,
            [("http", 80, 8080), ("https", 443, 8443)],
            type="LoadBalancer",
        ),
        service(
            metadata(f"{name}-admin", HOME, {**labels, "service": "ambassador-admin"}),
            selector,
            [("ambassador-admin", 8877, "admin"), ("ambassador-snapshot", 8005, 8005)],
            type="NodePort",
        ),
        deployment(
            metadata(name, HOME, labels),
            selector,
            [
                container(
                    "ambassador",
                    _IMAGE,
                    {"http": 8080, "https": 8443, "admin": 8877},
                    resources={
                        "limits": {"cpu": "1", "memory": "400Mi"},
                        "requests": {"cpu": "200m", "memory": "100Mi"},
                    },
                )
            ],
            annotations={
                "consul.hashicorp.com/connect-inject": "false",
                "sidecar.istio.io/inject": "false",
            },
            labels={**_PRODUCT, "profile": "main"},
            serviceAccountName=name,
        ),
    ]


def _agent() -> list[Object]:
    name = "emissary-ingress-agent"
    labels = _labels(name)
    selector = {
        "app.kubernetes.io/instance": "emissary-ingress",
        "app.kubernetes.io/name": name,
    }
    return [
        service_account(metadata(name, HOME, labels)),
        *cluster_access(
            metadata(name, labels=labels),
            name,
            HOME,
            [rule("core", "configmaps namespaces pods services", "get list watch")],
        ),
        service(metadata(name, HOME, labels), selector, [("grpc-api", 80, "grpc-api")]),
        deployment(
            metadata(name, HOME, labels),
            selector,
            [container("agent", _AGENT_IMAGE, {"grpc-api": 8080})],
            labels=_PRODUCT,
            serviceAccountName=name,
        ),
    ]
