"""Which clusters and users a kubeconfig leads to, and what has come in since it was written.

`python -m meshpeek.session.guard.reachable FIRST NOW ORIGIN` compares two files: the wrappers of
tools ask it where the session's kubeconfig was changed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_OWN_TIME = 946684800
"""The time of modification of a kubeconfig that has been seen: 2000-01-01, in seconds."""


def describe_new(first: str, now: str, origin: str = "") -> str | None:
    """Return what a kubeconfig has that the `first` one had not, in words; None if nothing.

    Clusters and users count. Contexts may be renamed, and all may go. Clusters of the session's own
    making may come: their URLs begin with `origin`, if that is not empty. Raises ValueError for a
    text that cannot be read.
    """
    new = set(_reachable(_load(now))).difference(_reachable(_load(first)))
    new = {each for each in new if not (origin and _is_below(origin, *each))}
    return f"has another {' and another '.join(sorted({kind for kind, _ in new}))}" if new else None


def mark_as_seen(file: Path, *, by_wrapper: bool = False) -> None:
    """Make `file` so old that every later change makes it newer, in whole seconds too."""
    moment = _OWN_TIME - by_wrapper  # another time than the watch's own, which looks at it, too
    os.utime(file, (moment, moment))


def mark_as_unseen(file: Path) -> None:
    """Make wrappers look into `file` again."""
    os.utime(file)


def main() -> None:
    """Exit with 1, and say why, if the second file leads elsewhere; else mark it as seen."""
    first, now, origin = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    try:
        mark_as_seen(now, by_wrapper=True)  # first: what is written later makes it newer again
        before, after = (file.read_text(encoding="utf-8") for file in (first, now))
        fault = describe_new(before, after, origin)
    except (OSError, ValueError):
        fault = "cannot be read"
    if fault:
        mark_as_unseen(now)
        print(fault)
        raise SystemExit(1)


def _load(text: str) -> dict[str, Any]:
    import json  # a session without clusters has no use for it

    try:
        loaded = json.loads(text)  # as a session on real clusters has it at first
    except ValueError:
        import yaml  # heavy, and needed by those that were changed only

        try:
            loaded = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from None
    return loaded if isinstance(loaded, dict) else {}


def _reachable(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the clusters and users of a kubeconfig, whatever they are called."""
    import json

    for section, kind in (("clusters", "cluster"), ("users", "user")):
        given = config.get(section)
        for entry in given if isinstance(given, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get(kind), dict):
                essence = _essence(entry[kind])
                if essence:
                    yield kind, json.dumps(essence, sort_keys=True, default=str)


def _is_below(origin: str, kind: str, essence: str) -> bool:
    """Tell whether an entry of `_reachable` is a cluster whose URL begins with `origin`."""
    import json

    entry = json.loads(essence)
    return (
        kind == "cluster"
        and set(entry) == {"server"}
        and str(entry["server"]).startswith(f"{origin}/")
    )


def _essence(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return `value` without what clients leave out, add or renew by themselves."""
    if not isinstance(value, dict):
        return value
    kept = {key: _essence(each) for key, each in value.items() if key != "extensions"}
    if isinstance(kept.get("auth-provider"), dict):
        kept["auth-provider"].pop("config", None)  # where tokens are cached
    return {key: each for key, each in kept.items() if each}


if __name__ == "__main__":
    main()
