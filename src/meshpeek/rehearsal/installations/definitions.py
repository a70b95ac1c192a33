"""The CustomResourceDefinitions that come with meshpeek, by who installs them.

The files hold them as Linkerd stable-2.14.10 and Emissary 3.8.0 have them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from meshpeek.rehearsal.types.objects import Object

EMISSARY_GROUP = "getambassador.io"

_LINKERD = (
    "authorizationpolicies.policy.linkerd.io",
    "httproutes.policy.linkerd.io",
    "meshtlsauthentications.policy.linkerd.io",
    "networkauthentications.policy.linkerd.io",
    "serverauthorizations.policy.linkerd.io",
    "servers.policy.linkerd.io",
    "serviceprofiles.linkerd.io",
    "httproutes.gateway.networking.k8s.io",
)


@cache
def definitions() -> Mapping[str, Object]:
    """Return all of them by name. Their contents are shared, so nobody changes them."""
    folder = Path(__file__).with_name("crds")
    found = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    return {each["metadata"]["name"]: each for each in found}


def linkerd_definitions() -> list[Object]:
    """Return those of `linkerd install --crds`, in its order."""
    return [definitions()[name] for name in _LINKERD]


def link_definition() -> Object:
    """Return that of the multicluster extension."""
    return definitions()["links.multicluster.linkerd.io"]


def emissary_definitions() -> list[Object]:
    """Return those of Emissary."""
    found = definitions().values()
    return [each for each in found if each["spec"]["group"] == EMISSARY_GROUP]
