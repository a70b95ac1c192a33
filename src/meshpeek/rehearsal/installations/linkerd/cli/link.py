"""`linkerd multicluster link`: reads what a link needs from the target, as stable-2.14.10 does."""

from __future__ import annotations

import base64
from typing import Any

from meshpeek.rehearsal.installations.linkerd.cli.api_client import (
    ApiClient,
    LinkerdError,
    NotFoundError,
)
from meshpeek.rehearsal.installations.linkerd.cli.arguments import Invocation
from meshpeek.rehearsal.installations.linkerd_multicluster.links import (
    EXPORTED_LABEL,
    Gateway,
    LinkRequest,
)
from meshpeek.rehearsal.kubeconfig_format import KubeconfigContext
from meshpeek.rehearsal.types.label_selectors import InvalidSelectorError, to_label_selector

_DEFAULT_SELECTOR = f"{EXPORTED_LABEL}=true"
_GATEWAY_IDENTITY = "mirror.linkerd.io/gateway-identity"
_PROBE_PATH = "mirror.linkerd.io/probe-path"
_PROBE_PERIOD = "mirror.linkerd.io/probe-period"
_LOG_LEVELS = ("panic", "fatal", "error", "warn", "info", "debug", "trace")


def read_request(
    cluster: ApiClient, context: KubeconfigContext, invocation: Invocation
) -> LinkRequest:
    """Gather what the link is made from; raises LinkerdError where the real command does."""
    control_plane = invocation.text("linkerd-namespace")
    settings = _linkerd_settings(cluster, control_plane)
    namespace = invocation.text("namespace")
    account = invocation.text("service-account-name")
    token = _account_token(cluster, namespace, account)
    discovery = _label_selector(invocation.text("remote-discovery-selector"))
    gateway = _gateway(cluster, invocation) if invocation.truth("gateway") else None
    selector = _label_selector(invocation.text("selector"))
    _check_options(invocation)
    return LinkRequest(
        cluster_name=invocation.text("cluster-name"),
        server=invocation.text("api-server-address") or context.server,
        token=token,
        context=context.name,
        kubeconfig_cluster=context.cluster,
        gateway=gateway,
        namespace=namespace,
        control_plane_namespace=control_plane,
        service_account=account,
        cluster_domain=str(settings.get("clusterDomain") or "cluster.local"),
        trust_domain=str(settings.get("identityTrustDomain") or "cluster.local"),
        selector=selector,
        remote_discovery_selector=discovery,
        retry_limit=invocation.number("service-mirror-retry-limit"),
        log_level=invocation.text("log-level"),
        log_format=invocation.text("log-format"),
        registry=invocation.text("registry"),
    )


def _label_selector(text: str) -> dict[str, Any]:
    try:
        return to_label_selector(text)
    except InvalidSelectorError as error:
        raise LinkerdError(str(error)) from None


def _linkerd_settings(cluster: ApiClient, namespace: str) -> dict[str, Any]:
    try:
        config_map = cluster.get(f"/api/v1/namespaces/{namespace}/configmaps/linkerd-config")
    except NotFoundError:
        raise LinkerdError(
            "you need Linkerd to be installed on a cluster in order to get its credentials"
        ) from None
    return linkerd_values(config_map)


def linkerd_values(config_map: dict[str, Any]) -> dict[str, Any]:
    """Return the Helm values that the ConfigMap `linkerd-config` keeps, or nothing."""
    from meshpeek.rehearsal.types.yaml_documents import load_documents

    documents = load_documents((config_map.get("data") or {}).get("values") or "{}")
    return documents[0] if documents and isinstance(documents[0], dict) else {}


def _account_token(cluster: ApiClient, namespace: str, account: str) -> str:
    cluster.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}")
    secrets = cluster.items(
        f"/api/v1/namespaces/{namespace}/secrets",
        fieldSelector="type=kubernetes.io/service-account-token",
    )
    for secret in secrets:
        annotations = secret["metadata"].get("annotations") or {}
        if annotations.get("kubernetes.io/service-account.name") == account:
            token = (secret.get("data") or {}).get("token")
            if token is None:
                raise LinkerdError(
                    "could not find the token data in service account secret "
                    f"{secret['metadata']['name']}"
                )
            return base64.b64decode(token).decode(errors="replace")
    raise LinkerdError(f"could not find service account token secret for {account}")


def _gateway(cluster: ApiClient, invocation: Invocation) -> Gateway:
    namespace = invocation.text("gateway-namespace")
    name = invocation.text("gateway-name")
    service = cluster.get(f"/api/v1/namespaces/{namespace}/services/{name}")
    status = service.get("status") or {}
    ingress = (status.get("loadBalancer") or {}).get("ingress") or []
    addresses = [entry.get("ip") or entry.get("hostname") or "" for entry in ingress]
    address = ",".join(filter(None, addresses)) or invocation.text("gateway-addresses")
    if not address:
        raise LinkerdError(f"Gateway {name}.{namespace} has no ingress addresses")
    annotations = service["metadata"].get("annotations") or {}
    identity = annotations.get(_GATEWAY_IDENTITY)
    if not identity:
        raise LinkerdError(f"Gateway {name}.{namespace} has no {_GATEWAY_IDENTITY} annotation")
    if not annotations.get(_PROBE_PATH):
        raise LinkerdError("probe path is empty")
    period = annotations.get(_PROBE_PERIOD, "")
    if not period.isdecimal():
        raise LinkerdError(f'strconv.ParseUint: parsing "{period}": invalid syntax')
    return Gateway(
        address=address,
        identity=identity,
        probe_path=annotations[_PROBE_PATH],
        probe_period=int(period),
        probe_port=_port(service, "mc-probe", "could not find port with name mc-probe"),
        port=invocation.number("gateway-port")
        or _port(
            service, "mc-gateway", f"gateway service {name} has no gateway port named mc-gateway"
        ),
    )


def _port(service: dict[str, Any], name: str, absent: str) -> int:
    key = "nodePort" if service["spec"].get("type") == "NodePort" else "port"
    for port in service["spec"].get("ports") or []:
        if port.get("name") == name:
            return int(port[key])
    raise LinkerdError(absent)


def _check_options(invocation: Invocation) -> None:
    if not invocation.text("namespace"):
        raise LinkerdError("you need to specify a namespace")
    if invocation.text("log-level") not in _LOG_LEVELS:
        raise LinkerdError(f"--log-level must be one of: {', '.join(_LOG_LEVELS)}")
    if invocation.text("log-format") not in ("plain", "json"):
        raise LinkerdError("--log-format must be one of: plain, json")
    if invocation.truth("gateway"):
        return
    selector = invocation.text("selector")
    given = {
        "selector": selector not in ("", _DEFAULT_SELECTOR),
        "gateway-addresses": bool(invocation.text("gateway-addresses")),
        "gateway-port": invocation.number("gateway-port") != 0,
    }
    for flag, present in given.items():
        if present:
            raise LinkerdError(
                f"--{flag} and --gateway=false are mutually exclusive, "
                f"received selector: {selector}"
            )
