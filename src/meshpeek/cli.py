"""The command line: which command is meant, and the only place that prints errors."""

from __future__ import annotations

import os
import sys

import click

from meshpeek import __version__
from meshpeek.arguments import CommandOrFile
from meshpeek.errors import (
    DEBUG_VARIABLE,
    ExitCode,
    InputError,
    MeshpeekError,
    describe_defect,
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
        _fail(describe_defect(error), ExitCode.STEP_FAILED)
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
