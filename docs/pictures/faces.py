"""Take the pictures of Faces: the workshop's three moments, on rehearsal clusters of their own.

See `make pictures`.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from meshpeek.rehearsal import ClusterSeed, equip, start
from tests.browser import browser

HERE = Path(__file__).parent
MANIFESTS = HERE.parents[1] / "k8s"
SEEDS = {
    "north": ClusterSeed((MANIFESTS / "north", MANIFESTS / "emissary"), ("east", "west")),
    "east": ClusterSeed((MANIFESTS / "east",)),
    "west": ClusterSeed((MANIFESTS / "west",)),
}
ROUTE = "kubectl --context north -n faces patch httproute.policy.linkerd.io"
STEPS = {
    "faces-timeouts": (
        f"{ROUTE} smiley-router --type=json -p "
        """'[{"op": "replace", "path": "/spec/rules/0/timeouts/request", "value": "300ms"}]'"""
    ),
    "faces-canary": (
        "kubectl --context west -n faces label svc/color2 "
        "mirror.linkerd.io/exported=remote-discovery && sleep 1 && "
        f"kubectl --context north apply -f {MANIFESTS}/canary/color-canary.yaml"
    ),
    "faces-moved": (
        f"{ROUTE} color-canary --type=json -p "
        """'[{"op": "remove", "path": "/spec/rules/0/backendRefs/0"}]'"""
    ),
}
SCHEMES = {"faces-canary": ("light", "dark")}
FASTER = 4


def main() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as folder, start(SEEDS) as running, browser() as open_page:
        environment = os.environ | equip(Path(folder), running.servers).environment
        pages = {
            # The page's policy would keep out what the browser is asked to wait for.
            scheme: open_page(width=1280, height=660, color_scheme=scheme, bypass_csp=True)
            for scheme in ("light", "dark")
        }
        for name, command in STEPS.items():
            subprocess.run(["bash", "-c", command], env=environment, check=True)
            for scheme in SCHEMES.get(name, ("light",)):
                page = pages[scheme]
                page.goto(f"{running.pages[0].url}?speed={FASTER}")
                page.wait_for_function("document.getElementById('window').textContent === '160'")
                page.screenshot(path=HERE / f"{name}-{scheme}.png")
                page.goto("about:blank")


if __name__ == "__main__":
    main()
