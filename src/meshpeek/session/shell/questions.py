"""What meshpeek asks of the session's shell beside the steps: values, and no pagers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from meshpeek.session.shell.shell import Shell

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_PAGERS = ("PAGER", "BAT_PAGER", "GIT_PAGER", "KUBE_PAGER", "MANPAGER", "SYSTEMD_PAGER")


def fill_in(shell: Shell, text: str) -> str:
    """Return `text` with the values that `$NAME` and `${NAME}` have in the session."""
    names = [match[1] or match[2] for match in _VARIABLE.finditer(text)]
    if not names:
        return text
    values = " ".join(f'"${{{name}-}}"' for name in names)
    filled = iter(shell.ask(f"builtin printf '%s\\0' {values}").split("\0"))
    return _VARIABLE.sub(lambda _: next(filled), text)


@contextlib.contextmanager
def without_pagers(shell: Shell) -> Iterator[None]:
    """Have programs open no pager: nobody sees it, and it would wait for a key."""
    before = {name: shell.ask(f"builtin declare -p {name} 2>/dev/null") for name in _PAGERS}
    shell.ask(f"builtin export {'=cat '.join(_PAGERS)}=cat")
    try:
        yield
    finally:
        # What has been set meanwhile stays.
        restored = (
            f"[[ ${{{name}-}} != cat ]] || {{ builtin unset {name}; {value or ':'}; }}"
            for name, value in before.items()
        )
        shell.ask("\n".join(restored))
