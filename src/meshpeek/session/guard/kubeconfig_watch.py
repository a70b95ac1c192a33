"""A look, after each step, at whether commands still reach the session's clusters and no others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from meshpeek.session.guard.wrappers import mark_as_seen, mark_as_unseen
from meshpeek.session.shell.shell import Shell

HINT = "leave KUBECONFIG as it is, and name a cluster with --context"
"""What to do where `KubeconfigWatch.breach` returns something."""

_CONSEQUENCE = "other clusters may be reached from here on"


class KubeconfigWatch:
    """Watches the file `kubeconfig`, and that the session's bash exports it as KUBECONFIG.

    `text` is what the file holds at first: its clusters and users are the session's own.
    """

    def __init__(self, kubeconfig: Path, text: str, shell: Shell) -> None:
        self._path = kubeconfig
        self._text = text
        self._shell = shell
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
            found = set(_reachable(_load(self._path.read_text(encoding="utf-8"))))
        except (OSError, ValueError) as error:
            fault = f"cannot be read ({error})"
        else:
            added = found.difference(_reachable(_load(self._text)))
            if not added:
                return None
            fault = f"has another {' and another '.join(sorted({kind for kind, _ in added}))}"
        with contextlib.suppress(OSError):
            mark_as_unseen(self._path)
        return f"the session's kubeconfig {fault}: {_CONSEQUENCE}"

    def _read_stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def read_servers(text: str) -> list[str]:
    """Return the URLs of the clusters in the text of a kubeconfig; raises ValueError."""
    clusters = (entry["cluster"] for entry in _entries(_load(text), "clusters", "cluster"))
    return list(dict.fromkeys(str(each["server"]) for each in clusters if each.get("server")))


def _load(text: str) -> dict[str, Any]:
    import json  # a session without clusters needs neither

    try:
        loaded = json.loads(text)  # as a session on real clusters has it at first
    except ValueError:
        import yaml

        try:
            loaded = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from None
    return loaded if isinstance(loaded, dict) else {}


def _entries(config: Mapping[str, Any], section: str, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the entries of a section that have a mapping as their `kind`."""
    given = config.get(section)
    for entry in given if isinstance(given, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get(kind), dict):
            yield entry


def _reachable(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the clusters and users of a kubeconfig, whatever they are called."""
    import json

    for section, kind in (("clusters", "cluster"), ("users", "user")):
        for entry in _entries(config, section, kind):
            essence = _essence(entry[kind])
            if essence:
                yield kind, json.dumps(essence, sort_keys=True, default=str)


def _essence(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return `value` without what clients leave out, add or renew by themselves."""
    if not isinstance(value, dict):
        return value
    kept = {key: _essence(each) for key, each in value.items() if key != "extensions"}
    if isinstance(kept.get("auth-provider"), dict):
        kept["auth-provider"].pop("config", None)  # where tokens are cached
    return {key: each for key, each in kept.items() if each}
