"""Take the picture of the presenter's page, in the middle of a rehearsal. See `make pictures`."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from tests.browser import browser
from tests.pty_terminal import Terminal

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PICTURE = HERE / "console.png"
SECTION = "Endpoints that are not there"


def main() -> None:
    """Present the workshop from a section with a note on, and look at the presenter's page."""
    program = Path(sys.executable).with_name("meshpeek")
    options = ["--rehearse", "--typing", "0", "--console", "--no-journal", "--from", SECTION]
    with tempfile.TemporaryDirectory() as home, browser() as open_page:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8"}
        command = [program, "present", *options, "workshop.md"]
        with Terminal(command, environment, ROOT, rows=50, columns=120) as show:
            show.wait_for("the presenter's page: http://")
            found = re.search(r"page: (http://\S+)", show.text)
            if found is None:
                raise AssertionError(show.text)
            page = open_page(width=1200, height=640, color_scheme="dark")
            page.goto(found[1])
            page.get_by_text("waiting for you").wait_for()
            page.get_by_role("button", name="Next").click()
            page.get_by_text("The error is meant to happen").wait_for()
            page.get_by_text("waiting for you").wait_for()
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
