"""The links that are there from the start."""

from __future__ import annotations

import base64

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installations import k3s
from meshpeek.rehearsal.installations.linkerd_multicluster.links import (
    EXTENSION_NAMESPACE,
    REMOTE_ACCESS_ACCOUNT,
    LinkRequest,
    link_objects,
)
from meshpeek.rehearsal.server_urls import node_server
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import SECRETS
from meshpeek.rehearsal.types.objects import Object


def link_to(target: Cluster) -> list[Object]:
    """Return the objects of a link to `target`, by the address of its node.

    Raises RehearsalError if `target` does not have the extension.
    """
    return link_objects(
        LinkRequest(
            cluster_name=target.name,
            server=node_server(k3s.node_address(target)),
            token=_access_token(target),
            context=target.name,
            kubeconfig_cluster=f"k3d-{target.name}",
        )
    )


def _access_token(target: Cluster) -> str:
    """Return the token of the account with which other clusters' service mirrors come."""
    name = f"{REMOTE_ACCESS_ACCOUNT}-token"
    secret = target.store.get(SECRETS, EXTENSION_NAMESPACE, name)
    if secret is None:
        raise RehearsalError(
            f"the rehearsal cluster {target.name} cannot be linked to: "
            "linkerd-multicluster is not installed there",
            hint=f"add linkerd-multicluster to `install` of {target.name}",
        )
    return base64.b64decode(secret["data"]["token"]).decode()
