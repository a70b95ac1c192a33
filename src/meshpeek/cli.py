"""The command line: arguments, the wiring of a run, and the only place that prints errors."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshpeek import __version__
from meshpeek.errors import ExitCode, InputError, MeshpeekError

if TYPE_CHECKING:
    from meshpeek.model import Workshop
    from meshpeek.play import Options

DEBUG_VARIABLE = "MESHPEEK_DEBUG"
"""Set in the environment, it lets a defect of meshpeek show its traceback."""

_FILE = click.argument("file", type=click.Path(path_type=Path))
_ARGUMENTS = click.argument("arguments", nargs=-1)
_REHEARSE = click.option(
    "--rehearse", is_flag=True, help="Use embedded clusters; no real one is touched."
)
_TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds a command may take."
)
_EVENTS = click.option(
    "--events", type=click.Path(path_type=Path), help="Write what happens to a file, as JSON lines."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="meshpeek %(version)s")
def cli() -> None:
    """Run executable Markdown workshops across several Kubernetes clusters."""


@cli.command()
@_FILE
@_ARGUMENTS
@_REHEARSE
@_EVENTS
@click.option(
    "--typing",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Factor on the time between typed characters; 0 shows commands at once.",
)
def present(
    file: Path, arguments: tuple[str, ...], rehearse: bool, events: Path | None, typing: float
) -> None:
    """Present FILE live: RETURN runs, SPACE finishes typing, + skips, - goes back, Q quits."""
    from meshpeek.model import Mode
    from meshpeek.play import Options

    _play(
        file,
        Options(Mode.PRESENT, rehearse, typing=typing, events=events, arguments=arguments),
    )


@cli.command()
@_FILE
@_ARGUMENTS
@_REHEARSE
@_EVENTS
@_TIMEOUT
@click.option(
    "--pace",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Factor on the time that reading takes; 0 does not wait at all.",
)
def run(
    file: Path,
    arguments: tuple[str, ...],
    rehearse: bool,
    events: Path | None,
    timeout: float | None,
    pace: float,
) -> None:
    """Play FILE by itself, at a reader's pace, and sum up what passed."""
    from meshpeek.model import Mode
    from meshpeek.play import Options

    _play(
        file,
        Options(Mode.RUN, rehearse, pace=pace, timeout=timeout, events=events, arguments=arguments),
    )


@cli.command()
@_FILE
@_ARGUMENTS
@_REHEARSE
@_EVENTS
@_TIMEOUT
@click.option("--keep-going", is_flag=True, help="Run the rest when a step has failed.")
def ci(
    file: Path,
    arguments: tuple[str, ...],
    rehearse: bool,
    events: Path | None,
    timeout: float | None,
    keep_going: bool,
) -> None:
    """Replay FILE headless and judge every step; stop at the first that fails."""
    from meshpeek.model import Mode
    from meshpeek.play import Options

    _play(
        file,
        Options(
            Mode.CI,
            rehearse,
            stop_on_failure=not keep_going,
            timeout=timeout,
            events=events,
            arguments=arguments,
        ),
    )


@cli.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a list to read.")
def steps(file: Path, as_json: bool) -> None:
    """List the steps of FILE; run nothing."""
    from meshpeek.reports.steps import list_steps, steps_document

    workshop = _load(file)
    click.echo(steps_document(workshop) if as_json else list_steps(workshop))


def _load(file: Path) -> Workshop:
    from meshpeek.load import load_workshop

    return load_workshop(file, os.environ)


def _play(file: Path, options: Options) -> None:
    from meshpeek.play import play

    raise SystemExit(play(_load(file), options, os.environ))


def main() -> None:
    """Run the command line, and print whatever goes wrong as one error for a person."""
    try:
        cli.main(standalone_mode=False)
    except MeshpeekError as error:
        _fail(error.render(), error.exit_code)
    except click.ClickException as error:
        _fail(_describe_usage(error), ExitCode.WRONG_INPUT)
    except (KeyboardInterrupt, click.Abort):
        _fail("interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not try to flush it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ExitCode.STEP_FAILED) from None
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _fail(
            f"error: meshpeek has a defect: {type(error).__name__}: {error}\n"
            f"  hint: please report it, with what `{DEBUG_VARIABLE}=1 meshpeek …` prints",
            ExitCode.STEP_FAILED,
        )


def _describe_usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "meshpeek"
    return InputError(error.format_message(), hint=f"see `{command} --help`").render()


def _fail(message: str, code: ExitCode) -> None:
    sys.stdout.flush()
    print(message, file=sys.stderr)
    raise SystemExit(code)
