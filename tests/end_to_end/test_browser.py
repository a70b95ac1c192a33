"""The browser that tests look at pages with is there, and sees what a person would."""

from __future__ import annotations

import pytest

from tests.browser import OpenPage, accessibility_violations


@pytest.mark.slow
def test_a_page_is_seen_and_its_poor_contrast_found(open_page: OpenPage) -> None:
    page = open_page()
    page.set_content(
        "<!doctype html><html lang=en><title>t</title><main><h1>Faces</h1>"
        "<p id=faint style='color: #ccc; background: #fff'>hardly to be read</p></main>"
    )
    assert page.inner_text("h1") == "Faces"
    assert [found["id"] for found in accessibility_violations(page)] == ["color-contrast"]
