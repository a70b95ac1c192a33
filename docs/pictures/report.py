"""Take the picture of a report: the page of a rehearsal run of workshop.md. See `make pictures`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser import browser

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PICTURE = HERE / "report.png"


def main() -> None:
    """Rehearse the workshop, open its page at a section that shows much, and take the picture."""
    program = Path(sys.executable).with_name("meshpeek")
    with tempfile.TemporaryDirectory() as folder, browser() as open_page:
        report = Path(folder, "report.html")
        subprocess.run(
            [program, "ci", "--rehearse", "--html", report, "workshop.md"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        page = open_page(width=1200, height=820)
        page.goto(report.as_uri())
        page.locator("h2", has_text="Half of color from west").evaluate(
            "heading => heading.scrollIntoView()"
        )
        page.screenshot(path=PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
