"""`meshpeek ci`: workshops as tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshpeek.cli.click_extensions import FilesThenArguments, OutputPath
from meshpeek.cli.options import (
    FILES,
    NO_INIT,
    REHEARSE,
    SEALED,
    SIZE,
    STAND_INS,
    TIMEOUT,
    takes_choice,
    takes_reports,
    takes_settings,
)
from meshpeek.cli.pipelines.ci_server import server_sinks
from meshpeek.cli.pipelines.run_limits import Limits, takes_limits
from meshpeek.cli.pipelines.selection import (
    WorkshopSelection,
    in_shard,
    select,
    shares_of,
    takes_selection,
)
from meshpeek.cli.play import play
from meshpeek.cli.workshops import load, noting_errors
from meshpeek.errors import ExitCode, worst_of
from meshpeek.run.settings import RunSettings
from meshpeek.sinks import Sink
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.log.overview import Overview
from meshpeek.sinks.reports.clock import ReportClock
from meshpeek.sinks.reports.registry import (
    ReportPaths,
    open_reports,
    refusal_reported,
)
from meshpeek.workshop.folders import expand_folders
from meshpeek.workshop.model import Mode, Workshop

if TYPE_CHECKING:
    from meshpeek.cli.pipelines.golden_transcripts import GoldenTranscripts
    from meshpeek.cli.pipelines.workshop_history import WorkshopHistory
    from meshpeek.sinks.transcripts.transcript import Transcript

_LIST, _JSON, _LIST_JSON = "--list", "--json", "--list-json"


class _Ci(FilesThenArguments):
    """With `--list`, `--json` takes no file: it prints the list as JSON."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        ours = args[:end]
        if _LIST in ours:
            ours = [_LIST_JSON if word == _JSON else word for word in ours]
        return super().parse_args(ctx, [*ours, *args[end:]])


@click.command(cls=_Ci)
@FILES
@REHEARSE
@SEALED
@takes_reports
@TIMEOUT
@SIZE
@STAND_INS
@NO_INIT
@click.option(
    "--keep-going",
    "stop_on_failure",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Continue after a step that failed.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many workshops to run at a time.",
)
@click.option(
    "--scratch", is_flag=True, help="Run each workshop in a copy of its folder, removed afterwards."
)
@click.option(
    "--against",
    type=OutputPath(),
    help="Compare each step with a transcript; a folder has one for each workshop.",
)
@click.option("--update", is_flag=True, help="Update the transcript instead of comparing with it.")
@click.option(
    _LIST,
    "listing",
    is_flag=True,
    help="Run nothing: list the workshops and the versions to test them with, from their front "
    "matter. With --json alone (no file), as the matrix of a CI job.",
)
@click.option(_LIST_JSON, "as_json", is_flag=True, hidden=True)
@click.option(
    "--shards",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --list --json: a job for each of N shards, in place of one for each workshop.",
)
@click.option(
    "--skip-interactive",
    "skips_interactive",
    is_flag=True,
    help="Leave out the commands that need a person: editors and prompts without annotations.",
)
@takes_selection
@takes_choice
@takes_limits
@takes_settings(Mode.CI)
def command(
    files: tuple[Path, ...],
    settings: RunSettings,
    selection: WorkshopSelection,
    limits: Limits,
    jobs: int,
    against: Path | None,
    update: bool,
    listing: bool,
    as_json: bool,
    shards: int | None,
    reports: ReportPaths,
) -> None:
    """Run each FILE headless as a test; a workshop stops at its first step that fails.

    A folder stands for the workshops in it: .md files that begin with settings.
    Each has a session of its own and, with --rehearse, its own clusters. The exit code is the
    worst of theirs.
    """
    paths = expand_folders(files)
    if shards and not (listing and as_json):
        raise click.UsageError("--shards is for --list --json; --shard K/N runs one of them")
    if listing:
        history = _open_history(selection) if shards else None
        raise SystemExit(_list(paths, settings, history, shards, as_json=as_json))
    settings = settings.replace(ends_at=limits.ends_at())
    golden = _open_golden(against, paths, update=update)
    history = _open_history(selection) if paths[1:] or selection.needs_history else None
    overview = Overview(len(paths))
    more: list[tuple[str, Sink]] = [*server_sinks(os.environ), ("overview", overview)]
    more += [("the transcripts", golden)] if golden else []
    more += [("the history", history)] if history else []
    codes: list[ExitCode] = []
    clock = ReportClock()
    with noting_errors(codes), open_reports(reports, more, clock) as opened:
        workshops = _load_all(paths, settings, opened, codes)
        if not codes:
            own = in_shard(workshops, selection, history)
            overview.leave_out(len(workshops) - len(own))
            chosen = select(own, selection, settings.choice, history, opened.take)
            queue = [(each, *_adapted(each, settings, golden)) for each in chosen]
            if not paths[1:] and not limits.retries:
                codes += [play(each, adapted, opened, found) for each, adapted, found in queue]
            elif queue:
                from meshpeek.cli.parallel.messages import Job
                from meshpeek.cli.parallel.reporting import run_and_report

                tasks = [Job(*each) for each in queue]
                codes += run_and_report(tasks, jobs, opened, clock, limits.gate(settings))
    for line in golden.lines() if golden else ():
        click.echo(line)
    for line in overview.lines() if paths[1:] else ():
        click.echo(line)
    raise SystemExit(worst_of(codes))


def _open_golden(
    against: Path | None, paths: Sequence[Path], *, update: bool
) -> GoldenTranscripts | None:
    if against is None and not update:
        return None
    from meshpeek.cli.pipelines.golden_transcripts import open_golden

    return open_golden(against, paths, update=update)


def _open_history(selection: WorkshopSelection) -> WorkshopHistory:
    from meshpeek.cli.pipelines.workshop_history import WorkshopHistory

    return WorkshopHistory(selection.history)


def _adapted(
    workshop: Workshop, settings: RunSettings, golden: GoldenTranscripts | None
) -> tuple[RunSettings, Transcript | None]:
    """Return the settings of one workshop, and the transcript that it is compared with."""
    if golden is None:
        return settings, None
    return golden.settings(workshop.path, settings), golden.of(workshop.path)


def _list(
    files: Sequence[Path],
    settings: RunSettings,
    history: WorkshopHistory | None,
    shards: int | None,
    *,
    as_json: bool,
) -> ExitCode:
    """Print the workshops with the versions to test them with; return the exit code."""
    from meshpeek.workshop.matrix import list_matrix, matrix_document, shards_document

    codes: list[ExitCode] = []
    workshops = _load_all(files, settings, Fanout([]), codes)
    if shards and history and not codes:
        paths = [workshop.path for workshop in workshops]
        click.echo(shards_document(shares_of(paths, shards, history)))
    elif not codes:
        click.echo(matrix_document(workshops) if as_json else list_matrix(workshops))
    return worst_of(codes)


def _load_all(
    files: Sequence[Path], settings: RunSettings, reports: Fanout, codes: list[ExitCode]
) -> list[Workshop]:
    """Read all workshops before any runs; add to `codes` those of workshops that are wrong."""
    workshops: list[Workshop] = []
    for file in files:
        with noting_errors(codes), refusal_reported(str(file), reports.take):
            workshops.append(load(file, settings))
    return workshops
