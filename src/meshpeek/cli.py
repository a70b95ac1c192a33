"""The command line: arguments, the wiring of a run, and the only place that prints errors."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshpeek import __version__
from meshpeek.arguments import CommandOrFile, Duration, FilesThenArguments
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
    "--timeout", type=Duration(), help="How long a command may take that does not say so itself."
)
_NO_INIT = click.option("--no-init", is_flag=True, help="Read no start-up file (.demoshrc).")
_EVENTS = click.option(
    "--events", type=click.Path(path_type=Path), help="Write what happens to a file, as JSON lines."
)


@click.group(
    cls=CommandOrFile,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=False,
    subcommand_metavar="COMMAND | FILE [ARGS]...",
)
@click.version_option(__version__, message="meshpeek %(version)s")
def cli() -> None:
    """Run executable Markdown workshops across several Kubernetes clusters.

    `meshpeek FILE` is `meshpeek present FILE`.
    """


@cli.command()
@_FILE
@_ARGUMENTS
@_REHEARSE
@_EVENTS
@_NO_INIT
@click.option(
    "--typing",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Factor on the time between typed characters; 0 shows commands at once.",
)
def present(
    file: Path,
    arguments: tuple[str, ...],
    rehearse: bool,
    events: Path | None,
    no_init: bool,
    typing: float,
) -> None:
    """Present FILE live: RETURN runs, SPACE finishes typing, + skips, - goes back, Q quits."""
    from meshpeek.model import Mode
    from meshpeek.play import Options

    _play(
        file,
        Options(
            Mode.PRESENT,
            rehearse,
            typing=typing,
            events=events,
            arguments=arguments,
            startup=not no_init,
        ),
    )


@cli.command()
@_FILE
@_ARGUMENTS
@_REHEARSE
@_EVENTS
@_TIMEOUT
@_NO_INIT
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
    no_init: bool,
    pace: float,
) -> None:
    """Play FILE by itself, at a reader's pace, and sum up what passed."""
    from meshpeek.model import Mode
    from meshpeek.play import Options

    _play(
        file,
        Options(
            Mode.RUN,
            rehearse,
            pace=pace,
            timeout=timeout,
            events=events,
            arguments=arguments,
            startup=not no_init,
        ),
    )


@cli.command(cls=FilesThenArguments)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@_REHEARSE
@_EVENTS
@_TIMEOUT
@_NO_INIT
@click.option("--keep-going", is_flag=True, help="Run the rest when a step has failed.")
def ci(
    files: tuple[Path, ...],
    arguments: tuple[str, ...],
    rehearse: bool,
    events: Path | None,
    timeout: float | None,
    no_init: bool,
    keep_going: bool,
) -> None:
    """Replay each FILE headless and judge every step; stop a workshop at the first that fails.

    The workshops run one after the other, each in a session of its own.
    """
    from meshpeek.model import Mode
    from meshpeek.play import Options

    options = Options(
        Mode.CI,
        rehearse,
        stop_on_failure=not keep_going,
        timeout=timeout,
        events=events,
        arguments=arguments,
        startup=not no_init,
    )
    _play_all(files, options)


@cli.command()
@_FILE
@_NO_INIT
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a list to read.")
def steps(file: Path, no_init: bool, as_json: bool) -> None:
    """List the steps of FILE; run nothing."""
    from meshpeek.load import find_startup, load_workshop
    from meshpeek.reports.steps import list_steps, steps_document

    startup = () if no_init else find_startup(os.environ.get("HOME"))
    workshop = load_workshop(file, os.environ, startup=startup)
    click.echo(steps_document(workshop) if as_json else list_steps(workshop))


@cli.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@_NO_INIT
def lint(files: tuple[Path, ...], no_init: bool) -> None:
    """Say what is wrong in each FILE, and what would surprise; run nothing.

    Exit codes: 0 for nothing at all, 1 for warnings, 2 for errors.
    """
    import shutil

    from meshpeek.lint import lint as find_problems
    from meshpeek.load import find_startup, read_text

    startup = () if no_init else find_startup(None)
    codes: list[ExitCode] = []
    for file in files:
        with _reporting(codes):
            problems = find_problems(
                read_text(str(file)),
                str(file),
                read_text,
                is_command=lambda word: shutil.which(word) is not None,
                startup=startup,
            )
            for problem in problems:
                click.echo(f"{problem.render()}\n")
                code = ExitCode.STEP_FAILED if problem.is_warning else ExitCode.WRONG_INPUT
                codes.append(code)
    raise SystemExit(max(codes, default=ExitCode.PASSED))


def _load(file: Path, options: Options) -> Workshop:
    from meshpeek.load import find_startup, load_workshop
    from meshpeek.model import Mode

    is_test = options.mode is Mode.CI
    # A person's own start-up file must not change what a test does.
    home = None if is_test else os.environ.get("HOME")
    return load_workshop(
        file,
        os.environ,
        startup=find_startup(home) if options.startup else (),
        keep_going=is_test and not options.stop_on_failure,
    )


def _play(file: Path, options: Options) -> None:
    from meshpeek.play import play

    raise SystemExit(play(_load(file, options), options, os.environ))


def _play_all(files: Sequence[Path], options: Options) -> None:
    """Play several workshops, once all of them have been read; exit with the worst code."""
    from meshpeek.play import play, worst_of

    workshops: list[Workshop] = []
    codes: list[ExitCode] = []
    for file in files:
        with _reporting(codes):
            workshops.append(_load(file, options))
    if not codes:
        for index, workshop in enumerate(workshops):
            if index > 0:
                click.echo()
            with _reporting(codes):
                codes.append(play(workshop, replace(options, append=index > 0), os.environ))
            if codes[-1] is ExitCode.INTERRUPTED:
                break
    raise SystemExit(worst_of(codes))


@contextlib.contextmanager
def _reporting(codes: list[ExitCode]) -> Iterator[None]:
    """Print an error of one of several workshops and note its code, for the others to go on."""
    try:
        yield
    except MeshpeekError as error:
        sys.stdout.flush()
        print(error.render(), file=sys.stderr)
        codes.append(error.exit_code)


def main() -> None:
    """Run the command line, and print whatever goes wrong as one error for a person."""
    try:
        cli.main(sys.argv[1:] or ["--help"], prog_name="meshpeek", standalone_mode=False)
    except MeshpeekError as error:
        _fail(error.render(), error.exit_code)
    except click.ClickException as error:
        _fail(_describe_usage(error), ExitCode.WRONG_INPUT)
    except (KeyboardInterrupt, click.Abort):
        _fail("interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        raise SystemExit(ExitCode.STEP_FAILED) from None
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _fail(
            f"error: meshpeek has a defect: {type(error).__name__}: {error}\n"
            f"  hint: please report it, with what `{DEBUG_VARIABLE}=1 meshpeek …` prints",
            ExitCode.STEP_FAILED,
        )
    finally:
        _let_go_of_output()


def _let_go_of_output() -> None:
    """Write what is left to standard output, unless whoever read it has gone."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter would try once more at its end, and print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _describe_usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "meshpeek"
    return InputError(error.format_message(), hint=f"see `{command} --help`").render()


def _fail(message: str, code: ExitCode) -> None:
    _let_go_of_output()
    print(message, file=sys.stderr)
    raise SystemExit(code)
