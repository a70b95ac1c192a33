"""What is told to the CI server that meshpeek runs on, beside the log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from meshpeek.sinks import Sink


def server_sinks(environment: Mapping[str, str]) -> list[tuple[str, Sink]]:
    """Return the sinks for the server that `environment` tells of, with their names, if any."""
    from meshpeek.sinks.log.server_groups import ServerGroups, find_style

    sinks: list[tuple[str, Sink]] = []
    write: Callable[[str], None] = _write_line
    if environment.get("GITHUB_ACTIONS") == "true":
        from meshpeek.sinks.reports.github import GitHub

        github = GitHub(sys.stdout.buffer, environment)
        write = github.say
        sinks.append(("the summary for GitHub", github))
    if style := find_style(environment):
        sinks.insert(0, ("groups in the log", ServerGroups(write, style)))
    return sinks


def _write_line(line: str) -> None:
    sys.stdout.buffer.write(f"{line}\n".encode(errors="replace"))
    sys.stdout.buffer.flush()
