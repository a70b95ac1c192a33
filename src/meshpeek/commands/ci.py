"""`meshpeek ci`: workshops as tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshpeek.arguments import FilesThenArguments
from meshpeek.commands.options import FILES, NO_INIT, REHEARSE, TIMEOUT, takes_reports
from meshpeek.commands.workshops import load, noting_errors
from meshpeek.errors import ExitCode
from meshpeek.load import read_text
from meshpeek.model import Mode, Workshop
from meshpeek.play import Options, play, worst_of
from meshpeek.sinks import Sink
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.reports import ReportPaths, open_reports, refusal_reported

if TYPE_CHECKING:
    from meshpeek.recording.recording import Recording
    from meshpeek.sinks.recording import Recorder


@click.command(cls=FilesThenArguments)
@FILES
@REHEARSE
@takes_reports
@TIMEOUT
@NO_INIT
@click.option("--keep-going", is_flag=True, help="Run the rest when a step has failed.")
@click.option(
    "--against", type=click.Path(path_type=Path), help="Compare each step with a transcript."
)
@click.option("--update", is_flag=True, help="Bring the transcript up to date instead.")
def command(
    files: tuple[Path, ...],
    arguments: tuple[str, ...],
    rehearse: bool,
    timeout: float | None,
    no_init: bool,
    keep_going: bool,
    against: Path | None,
    update: bool,
    reports: ReportPaths,
) -> None:
    """Replay each FILE headless and judge every step; stop a workshop at the first that fails.

    The workshops run one after the other, each in a session of its own.
    """
    options = Options(
        Mode.CI,
        rehearse,
        stop_on_failure=not keep_going,
        timeout=timeout,
        arguments=arguments,
        startup=not no_init,
    )
    recording, recorder = _open_transcript(against, files, update=update)
    more = _github() + ([(str(against), recorder)] if recorder else [])
    codes: list[ExitCode] = []
    with noting_errors(codes), open_reports(reports, more) as opened:
        codes += _play_all(files, options, opened, recording)
    if recorder:
        click.echo(recorder.describe())
    raise SystemExit(worst_of(codes))


def _open_transcript(
    path: Path | None, files: Sequence[Path], *, update: bool
) -> tuple[Recording | None, Recorder | None]:
    """Return the transcript to compare with, or what brings it up to date; neither without one."""
    if path is None:
        if update:
            raise click.UsageError("--update is for the transcript that --against names")
        return None, None
    if len(files) != 1:
        raise click.UsageError("a transcript is that of one workshop: name one file")
    from meshpeek.recording.recording import read_recording
    from meshpeek.sinks.recording import Recorder

    text = read_text(str(path))
    recording = read_recording(text, str(path))
    return (None, Recorder(path, text, recording)) if update else (recording, None)


def _github() -> list[tuple[str, Sink]]:
    """Return the sink that tells GitHub Actions, where that is what runs us."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return []
    from meshpeek.sinks.github import GitHub

    return [("the summary for GitHub", GitHub(sys.stdout.buffer, os.environ))]


def _play_all(
    files: Sequence[Path], options: Options, reports: Fanout, recording: Recording | None
) -> list[ExitCode]:
    """Play several workshops, once all of them have been read; return the code of each."""
    workshops: list[Workshop] = []
    codes: list[ExitCode] = []
    for file in files:
        with noting_errors(codes), refusal_reported(str(file), reports):
            workshops.append(load(file, options))
    if codes:
        return codes
    for index, workshop in enumerate(workshops):
        if index > 0:
            click.echo()
        with noting_errors(codes):
            codes.append(play(workshop, options, os.environ, reports, recording))
        if codes[-1] is ExitCode.INTERRUPTED:
            break
    return codes
