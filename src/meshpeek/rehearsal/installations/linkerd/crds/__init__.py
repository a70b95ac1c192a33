"""The CRDs of Linkerd stable-2.14.10."""

from __future__ import annotations

from pathlib import Path

from meshpeek.rehearsal.installations.bundled_crds import read_crds
from meshpeek.rehearsal.installations.gateway_api import crds as gateway_api
from meshpeek.rehearsal.types.objects import Object

_ORDER = (
    "authorizationpolicies.policy.linkerd.io",
    "httproutes.policy.linkerd.io",
    "meshtlsauthentications.policy.linkerd.io",
    "networkauthentications.policy.linkerd.io",
    "serverauthorizations.policy.linkerd.io",
    "servers.policy.linkerd.io",
    "serviceprofiles.linkerd.io",
)


def definitions() -> list[Object]:
    """Return those of `linkerd install --crds` in its order; the Gateway API's come last."""
    found = read_crds(Path(__file__).parent)
    return [*(found[name] for name in _ORDER), *gateway_api.definitions()]
