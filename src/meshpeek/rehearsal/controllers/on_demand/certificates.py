"""CertificateSigningRequests: those that are approved get a certificate.

It is a placeholder, as all certificates of rehearsal clusters are.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import CERTIFICATE_REQUESTS, ResourceKey

_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nrehearsal\n-----END CERTIFICATE-----\n"
_SIGNERS = "kubernetes.io/"


class CertificateController:
    """Issues certificates for Kubernetes' own signers."""

    watches: frozenset[ResourceKey] | None = frozenset({CERTIFICATE_REQUESTS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the request of an event."""
        yield object_key(CERTIFICATE_REQUESTS, event.object)

    def reconcile(self, key: ObjectKey) -> None:
        """Issue a certificate for a request that is approved, and not denied."""
        request = self._runtime.get(key)
        if request is None or not request["spec"].get("signerName", "").startswith(_SIGNERS):
            return
        status = request.get("status") or {}
        kinds = [each.get("type") for each in status.get("conditions", ())]
        if "Approved" in kinds and "Denied" not in kinds and "certificate" not in status:
            certificate = base64.b64encode(_CERTIFICATE.encode()).decode()
            self._runtime.update_status(
                CERTIFICATE_REQUESTS, request, {**status, "certificate": certificate}
            )
