"""What `linkerd check` looks at in a cluster's control plane, in the order of stable-2.14.10.

Checked for real is what the objects of a rehearsal cluster can tell. Certificates there are not
looked into, and no version server is asked: those checks end as they do for 2.14.10 today.
"""

from __future__ import annotations

from collections.abc import Callable

from meshpeek.rehearsal.installations.linkerd.cli.checks.control_plane_checks import (
    configuration,
    existence,
    find_missing_configuration,
    installed_values,
    server_version,
)
from meshpeek.rehearsal.installations.linkerd.cli.checks.health import (
    Category,
    Check,
    SkippedError,
    Subject,
)
from meshpeek.rehearsal.installations.linkerd.cli.checks.proxies import (
    control_plane_proxies,
    data_plane_checks,
)
from meshpeek.rehearsal.installations.linkerd.names import LINKERD_VERSION

_UNSUPPORTED = f"unsupported version channel: {LINKERD_VERSION}"

FindFault = Callable[[Subject], str]


def before_installation() -> list[Category]:
    """Return the categories of `check --pre`."""
    creatable = ("ServiceAccounts", "Services", "Deployments", "CronJobs", "ConfigMaps", "Secrets")
    return [
        *_kubernetes(),
        Category(
            "pre-kubernetes-setup",
            [
                Check(
                    "control plane namespace does not already exist", "pre-ns", _find_old_namespace
                ),
                Check("can create non-namespaced resources", "pre-k8s-cluster-k8s"),
                *(Check(f"can create {kind}", "pre-k8s") for kind in creatable),
                Check("can read Secrets", "pre-k8s"),
                Check("can read extension-apiserver-authentication configmap", "pre-k8s"),
                Check("no clock skew detected", "pre-k8s-clock-skew", is_warning=True),
            ],
        ),
        _client_version(),
    ]


def after_installation(*, data_plane: bool = False) -> list[Category]:
    """Return the categories of `check`; with `data_plane` those of `check --proxy`."""
    categories = [*_kubernetes(), existence(), configuration(), _identity(), _webhooks()]
    if data_plane:
        matching = Check(
            "data plane proxies certificate match CA",
            "l5d-identity-data-plane-proxies-certs-match-ca",
            is_warning=True,
        )
        categories.append(Category("linkerd-identity-data-plane", [matching]))
    categories.append(_client_version())
    if not data_plane:
        categories.append(_server_version())
    categories.append(control_plane_proxies())
    if data_plane:
        categories.append(data_plane_checks())
    categories.append(_high_availability())
    return categories


def _kubernetes() -> list[Category]:
    return [
        Category(
            "kubernetes-api",
            [
                Check("can initialize the client", "k8s-api", is_fatal=True),
                Check("can query the Kubernetes API", "k8s-api", _query_version, is_fatal=True),
            ],
        ),
        Category(
            "kubernetes-version",
            [Check("is running the minimum Kubernetes API version", "k8s-version")],
        ),
    ]


def _query_version(subject: Subject) -> str:
    subject.cluster.get("/version")
    return ""


def _find_old_namespace(subject: Subject) -> str:
    exists = subject.cluster.find(f"/api/v1/namespaces/{subject.namespace}")
    return f'The "{subject.namespace}" namespace already exists' if exists else ""


def _identity() -> Category:
    return Category(
        "linkerd-identity",
        [
            Check(
                "certificate config is valid",
                "l5d-identity-cert-config-valid",
                _find_missing_credentials,
                is_fatal=True,
            ),
            *(
                Check(description, f"l5d-identity-{anchor}")
                for description, anchor in (
                    (
                        "trust anchors are using supported crypto algorithm",
                        "trustAnchors-use-supported-crypto",
                    ),
                    (
                        "trust anchors are within their validity period",
                        "trustAnchors-are-time-valid",
                    ),
                    (
                        "trust anchors are valid for at least 60 days",
                        "trustAnchors-not-expiring-soon",
                    ),
                    (
                        "issuer cert is using supported crypto algorithm",
                        "issuer-cert-uses-supported-crypto",
                    ),
                    (
                        "issuer cert is within its validity period",
                        "issuer-cert-is-time-valid",
                    ),
                    (
                        "issuer cert is valid for at least 60 days",
                        "issuer-cert-not-expiring-soon",
                    ),
                    (
                        "issuer cert is issued by the trust anchor",
                        "issuer-cert-issued-by-trust-anchor",
                    ),
                )
            ),
        ],
    )


def _webhooks() -> Category:
    def finder(name: str) -> FindFault:
        def find_fault(subject: Subject) -> str:
            subject.cluster.get(
                f"/api/v1/namespaces/{subject.namespace}/secrets/linkerd-{name}-k8s-tls"
            )
            return ""

        return find_fault

    checks = []
    for name in ("proxy-injector", "sp-validator", "policy-validator"):
        checks += [
            Check(
                f"{name} webhook has valid cert",
                f"l5d-{name}-webhook-cert-valid",
                finder(name),
                is_fatal=True,
            ),
            Check(
                f"{name} cert is valid for at least 60 days",
                f"l5d-{name}-webhook-cert-not-expiring-soon",
                is_warning=True,
            ),
        ]
    return Category("linkerd-webhooks-and-apisvc-tls", checks)


def _client_version() -> Category:
    return Category(
        "linkerd-version",
        [
            Check("can determine the latest version", "l5d-version-latest", is_warning=True),
            Check("cli is up-to-date", "l5d-version-cli", lambda _: _UNSUPPORTED, is_warning=True),
        ],
    )


def _server_version() -> Category:
    return Category(
        "control-plane-version",
        [
            Check(
                "can retrieve the control plane version",
                "l5d-version-control",
                find_missing_configuration,
                is_fatal=True,
            ),
            Check(
                "control plane is up-to-date",
                "l5d-version-control",
                lambda subject: f"unsupported version channel: {server_version(subject)}",
                is_warning=True,
            ),
            Check(
                "control plane and cli versions match",
                "l5d-version-control",
                lambda subject: (
                    ""
                    if server_version(subject) == LINKERD_VERSION
                    else f"control plane running {server_version(subject)} but cli running "
                    f"{LINKERD_VERSION}"
                ),
                is_warning=True,
            ),
        ],
    )


def _high_availability() -> Category:
    return Category(
        "linkerd-ha-checks",
        [
            Check(
                "multiple replicas of control plane pods",
                "l5d-control-plane-replicas",
                _find_single,
                is_warning=True,
            )
        ],
    )


def _find_single(subject: Subject) -> str:
    if not installed_values(subject).get("highAvailability"):
        raise SkippedError
    path = f"/apis/apps/v1/namespaces/{subject.namespace}/deployments"
    single = [
        each["metadata"]["name"] for each in subject.items(path) if each["spec"]["replicas"] < 2
    ]
    return f"not enough replicas available for {single}" if single else ""


def _find_missing_credentials(subject: Subject) -> str:
    path = f"/api/v1/namespaces/{subject.namespace}"
    subject.cluster.get(f"{path}/secrets/linkerd-identity-issuer")
    subject.cluster.get(f"{path}/configmaps/linkerd-identity-trust-roots")
    return ""
