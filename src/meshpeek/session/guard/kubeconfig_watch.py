"""A look, after each step, at whether commands still reach the session's clusters and no others."""

from __future__ import annotations

import contextlib
from pathlib import Path

from meshpeek.session.guard.reachable import describe_new, mark_as_seen, mark_as_unseen
from meshpeek.session.shell.shell import Shell

HINT = "leave KUBECONFIG as it is, and name a cluster with --context"
"""What to do where `KubeconfigWatch.breach` returns something."""

_CONSEQUENCE = "other clusters may be reached from here on"


class KubeconfigWatch:
    """Watches the file `kubeconfig`, and that the session's bash exports it as KUBECONFIG.

    `text` is what the file holds at first: its clusters and users are the session's own, and so
    are clusters whose URL begins with `origin`, if it is not empty.
    """

    def __init__(self, kubeconfig: Path, text: str, shell: Shell, origin: str = "") -> None:
        self._path = kubeconfig
        self._text = text
        self._shell = shell
        self._origin = origin
        self._stamp = self._read_stamp()
        self._breach: str | None = None

    def breach(self) -> str | None:
        """Return why commands may reach other clusters now, or could in the past; None if not."""
        if self._breach is None:
            self._breach = self._look_at_variable() or self._look_at_file()
        return self._breach

    def _look_at_variable(self) -> str | None:
        value = self._shell.exported("KUBECONFIG")
        if value == str(self._path):
            return None
        now = "not exported" if value is None else f"`{value}`" if value else "empty"
        return f"KUBECONFIG is {now}, no longer the session's: {_CONSEQUENCE}"

    def _look_at_file(self) -> str | None:
        if self._read_stamp() == self._stamp:
            return None
        try:
            # First, so that what is written after the file is read makes it newer again.
            mark_as_seen(self._path)
            self._stamp = self._read_stamp()
            fault = describe_new(self._text, self._path.read_text(encoding="utf-8"), self._origin)
        except (OSError, ValueError) as error:
            fault = f"cannot be read ({error})"
        if fault is None:
            return None
        with contextlib.suppress(OSError):
            mark_as_unseen(self._path)
        return f"the session's kubeconfig {fault}: {_CONSEQUENCE}"

    def _read_stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
