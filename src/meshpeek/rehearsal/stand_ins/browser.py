"""What shows a browser in a rehearsal: a program that names the pages, and opens them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

_BROWSER, _TERMINAL = "DEMO_HOOK_BROWSER", "DEMO_HOOK_TERMINAL"
_PROGRAM = "show-pages"


def default_hooks(environment: Mapping[str, str], *, opens: bool) -> Mapping[str, str]:
    """Return the hooks of a rehearsal by their variables; `opens`: they open a browser.

    There are none if the user's `environment` has one: it says what is to be seen.
    """
    if _BROWSER in environment or _TERMINAL in environment:
        return {}
    return {_BROWSER: f"{_PROGRAM} --open" if opens else _PROGRAM, _TERMINAL: ":"}


def install_page_program(directory: Path, pages: Iterable[tuple[str, str]]) -> None:
    """Put the program that these hooks run into `bin` in a session's `directory`.

    `pages` are the title and the URL of each page that it is to show.
    """
    lines = [f"{title}\t{url}\n" for title, url in pages]
    (directory / "pages").write_text("".join(lines), encoding="utf-8")
    program = directory / "bin" / _PROGRAM
    program.write_bytes(Path(__file__).with_name("show_pages.sh").read_bytes())
    program.chmod(0o755)
