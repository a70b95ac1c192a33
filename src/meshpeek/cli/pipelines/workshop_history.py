"""What became of each workshop last time, and how long it took, in a file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_state_path

from meshpeek.errors import InputError
from meshpeek.run.events import Event, RunEnded, RunRefused, RunStarted
from meshpeek.sinks.run_report import RunReport

_PASSED = ("passed", "flaky")


class LastRun(NamedTuple):
    """The outcome of a workshop's last run, and the seconds it took."""

    outcome: str
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether it passed."""
        return self.outcome in _PASSED


class WorkshopHistory:
    """The last run of each workshop, in `path`; None for the file of the working directory.

    A sink: the runs that it sees are written when it is closed. Raises InputError for a file that
    holds something else.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path or _default_path()
        self._is_own = path is None
        self._known = _read(self._path)
        self._new: dict[str, LastRun] = {}
        self._report = RunReport()
        self._workshop = ""

    def last(self, path: str) -> LastRun | None:
        """Return the last run of the workshop at `path`, None if none is known."""
        return self._known.get(path)

    def take(self, event: Event) -> None:
        """Note the end of a run."""
        if isinstance(event, RunStarted):
            self._report = RunReport()
            self._workshop = event.workshop.path
        self._report.take(event)
        if isinstance(event, RunEnded):
            self._new[self._workshop] = LastRun(self._report.outcome, event.duration)
        elif isinstance(event, RunRefused):
            self._new[event.path] = LastRun("could not run", 0.0)

    def close(self) -> None:
        """Write the file. Raises OSError, unless nobody asked for it."""
        if not self._new:
            return
        runs = {**self._known, **self._new}
        document = {
            path: {"outcome": run.outcome, "seconds": round(run.seconds, 3)}
            for path, run in sorted(runs.items())
        }
        text = json.dumps({"workshops": document}, indent=1) + "\n"
        with contextlib.suppress(OSError) if self._is_own else contextlib.nullcontext():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self._path)


def share(paths: Sequence[str], seconds: Mapping[str, float], number: int, count: int) -> list[str]:
    """Return the paths of share `number` of `count` that take about as long, in their order.

    Those of which it is not known how long they take count as an average one.
    """
    known = [seconds[path] for path in paths if path in seconds]
    average = sum(known) / len(known) if known else 1.0
    loads = [0.0] * count
    shares: list[set[int]] = [set() for _ in range(count)]
    costs = [seconds.get(path, average) for path in paths]
    for index in sorted(range(len(paths)), key=lambda i: (-costs[i], paths[i], i)):
        lightest = min(range(count), key=lambda i: (loads[i], len(shares[i]), i))
        loads[lightest] += costs[index]
        shares[lightest].add(index)
    return [path for index, path in enumerate(paths) if index in shares[number - 1]]


def _default_path() -> Path:
    digest = hashlib.sha256(os.fsencode(Path.cwd())).hexdigest()[:16]
    return user_state_path("meshpeek", appauthor=False) / "ci" / f"{digest}.json"


def _read(path: Path) -> dict[str, LastRun]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(name): LastRun(str(run["outcome"]), float(run["seconds"]))
            for name, run in document["workshops"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is not a history of workshops: {error}", hint="remove it, or name another file"
        ) from None
