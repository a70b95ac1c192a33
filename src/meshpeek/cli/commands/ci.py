"""`meshpeek ci`: workshops as tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshpeek.cli.click_extensions import FilesThenArguments
from meshpeek.cli.limits import Limits, takes_limits
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
from meshpeek.cli.play import play
from meshpeek.cli.workshops import load, noting_errors
from meshpeek.errors import ExitCode, InputError, worst_of
from meshpeek.run.events import RunRefused, WorkshopSkipped
from meshpeek.run.settings import RunSettings
from meshpeek.run.step_choice import Choice
from meshpeek.sinks import Sink
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.log.overview import Overview
from meshpeek.sinks.reports.clock import ReportClock
from meshpeek.sinks.reports.registry import (
    ReportPaths,
    open_reports,
    refusal_reported,
    refusing_unwritable,
)
from meshpeek.workshop.folders import expand_folders
from meshpeek.workshop.loading import read_text
from meshpeek.workshop.model import Mode, Workshop
from meshpeek.workshop.parse.sizes import parse_size

if TYPE_CHECKING:
    from meshpeek.sinks.transcripts.transcript import Transcript
    from meshpeek.sinks.transcripts.transcript_sink import TranscriptSink

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
    "--against", type=click.Path(path_type=Path), help="Compare each step with a transcript."
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
@takes_choice
@takes_limits
@takes_settings(Mode.CI)
def command(
    files: tuple[Path, ...],
    settings: RunSettings,
    limits: Limits,
    jobs: int,
    against: Path | None,
    update: bool,
    listing: bool,
    as_json: bool,
    reports: ReportPaths,
) -> None:
    """Run each FILE headless as a test; a workshop stops at its first step that fails.

    A folder stands for the workshops in it: .md files that begin with settings.
    Each has a session of its own and, with --rehearse, its own clusters. The exit code is the
    worst of theirs.
    """
    paths = expand_folders(files)
    if listing:
        raise SystemExit(_list(paths, settings, as_json=as_json))
    settings = settings.replace(ends_at=limits.ends_at())
    transcript, sink = _open_transcript(against, paths, update=update)
    if recorded := transcript or (sink and sink.old):
        size = parse_size(recorded.size) if recorded.size else None
        settings = settings.replace(size=settings.size or size, asks_versions=True)
    overview = Overview(len(paths))
    more = _github() + ([(str(against), sink)] if sink else []) + [("overview", overview)]
    codes: list[ExitCode] = []
    clock = ReportClock()
    with noting_errors(codes), open_reports(reports, more, clock) as opened:
        workshops = _load_all(paths, settings, opened, codes)
        if not codes:
            chosen = _choose(workshops, settings.choice, opened)
            if paths[1:] or limits.retries:
                from meshpeek.cli.parallel.messages import Job
                from meshpeek.cli.parallel.reporting import run_and_report

                queue = [Job(workshop, settings, transcript) for workshop in chosen]
                codes += run_and_report(queue, jobs, opened, clock, limits.gate(settings))
            else:
                codes.append(play(chosen[0], settings, opened, transcript))
    if sink:
        click.echo(sink.describe())
    for line in overview.lines() if paths[1:] else ():
        click.echo(line)
    raise SystemExit(worst_of(codes))


def _list(files: Sequence[Path], settings: RunSettings, *, as_json: bool) -> ExitCode:
    """Print the workshops with the versions to test them with; return the exit code."""
    from meshpeek.workshop.matrix import list_matrix, matrix_document

    codes: list[ExitCode] = []
    workshops = _load_all(files, settings, Fanout([]), codes)
    if not codes:
        click.echo(matrix_document(workshops) if as_json else list_matrix(workshops))
    return worst_of(codes)


def _open_transcript(
    path: Path | None, files: Sequence[Path], *, update: bool
) -> tuple[Transcript | None, TranscriptSink | None]:
    """Return the transcript to compare with, or the sink that updates it; neither without one."""
    if path is None:
        if update:
            raise click.UsageError("--update needs --against, which names the transcript")
        return None, None
    if len(files) != 1:
        raise click.UsageError("a transcript belongs to one workshop: name one file")
    from meshpeek.sinks.transcripts.transcript import read_transcript
    from meshpeek.sinks.transcripts.transcript_sink import TranscriptSink

    text = read_text(str(path))
    transcript = read_transcript(text, str(path))
    if not update:
        return transcript, None
    with refusing_unwritable(path):
        return None, TranscriptSink(path, text, transcript)


def _github() -> list[tuple[str, Sink]]:
    """Return the sink for GitHub Actions, if meshpeek runs there."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return []
    from meshpeek.sinks.reports.github import GitHub

    return [("the summary for GitHub", GitHub(sys.stdout.buffer, os.environ))]


def _choose(
    workshops: Sequence[Workshop], choice: Choice | None, reports: Fanout
) -> list[Workshop]:
    """Return the workshops of which something is chosen; tell of the others that they are skipped.

    Raises InputError if there is none.
    """
    if choice is None:
        return list(workshops)
    chosen: list[Workshop] = []
    errors: list[InputError] = []
    for workshop in workshops:
        try:
            if choice.chooses(workshop):
                chosen.append(workshop)
        except InputError as error:  # one of several may have no such section
            errors.append(error)
    if not chosen:
        refusal = (
            errors[0]
            if errors
            else InputError(
                f"no command is chosen by {choice.told}",
                hint="`meshpeek steps FILE` lists names, tags and sections",
            )
        )
        for workshop in workshops:
            reports.take(RunRefused(workshop.path, refusal.render()))
        raise refusal
    for workshop in workshops:
        if not any(workshop is each for each in chosen):
            reports.take(WorkshopSkipped(workshop.path, f"nothing is chosen by {choice.told}"))
    return chosen


def _load_all(
    files: Sequence[Path], settings: RunSettings, reports: Fanout, codes: list[ExitCode]
) -> list[Workshop]:
    """Read all workshops before any runs; add to `codes` those of workshops that are wrong."""
    workshops: list[Workshop] = []
    for file in files:
        with noting_errors(codes), refusal_reported(str(file), reports.take):
            workshops.append(load(file, settings))
    return workshops
