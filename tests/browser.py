"""A browser that a test looks at pages with: Debian's Chromium, headless, driven by Playwright."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from tests.tools import find_tool

_QUIET = (
    # Or it looks up hosts of its maker at every start.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    # Containers run tests as root, and give them a small /dev/shm.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
)

OpenPage = Callable[..., Page]
"""Open a page: `open_page(width=…, height=…, javascript=…, **settings of a context)`."""


@contextlib.contextmanager
def browser() -> Iterator[OpenPage]:
    """Run a browser; yield a function that opens an empty page in a profile of its own."""
    program = find_tool("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(_QUIET))

        def open_page(
            *, width: int = 1280, height: int = 800, javascript: bool = True, **settings: object
        ) -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": height},
                java_script_enabled=javascript,
                **settings,  # type: ignore[arg-type]
            )
            return context.new_page()

        yield open_page
        chromium.close()


def accessibility_violations(page: Page) -> list[Mapping[str, object]]:
    """Return what axe-core finds wrong with a page, contrast included."""
    violations: list[Mapping[str, object]] = Axe().run(page).response["violations"]
    return violations
