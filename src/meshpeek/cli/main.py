"""The command line: which command is meant, and the place that prints errors."""

from __future__ import annotations

import errno
import sys

import click

from meshpeek import __version__
from meshpeek.cli.click_extensions import CommandOrFile
from meshpeek.cli.standard_streams import flush_output, open_missing_streams
from meshpeek.errors import EnvironmentUnfitError, ExitCode, InputError, MeshpeekError

EXAMPLES = {
    "meshpeek talk.md": "present a workshop",
    "meshpeek run --rehearse talk.md": "watch it play, on embedded clusters",
    "meshpeek ci --junit j.xml talk.md": "test it",
    "meshpeek new talk.md": "write one to begin with",
}
"""Command lines to begin with, and what each does."""

_TOO_MANY_FILES = {errno.EMFILE, errno.ENFILE}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@click.group(
    cls=CommandOrFile,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=False,
    subcommand_metavar="COMMAND | FILE [ARGS]...",
    epilog="\b\nExamples:\n"
    + "\n".join(f"  {example:<34} {meaning}" for example, meaning in EXAMPLES.items()),
)
@click.version_option(__version__, "-V", "--version", message="meshpeek %(version)s")
def cli() -> None:
    """Run executable Markdown workshops across several Kubernetes clusters.

    `meshpeek FILE` is `meshpeek present FILE`.
    """


def main() -> None:
    """Run the command line; print an error for a person, and exit with its code.

    An exception that no code expects goes on to `meshpeek.__main__`.
    """
    open_missing_streams()
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
    except OSError as error:
        if error.errno in _TOO_MANY_FILES:
            _fail(_describe_too_many_files(error), ExitCode.UNFIT_ENVIRONMENT)
        if error.errno not in _NO_ROOM:
            raise
        _fail(_describe_no_room(error), ExitCode.UNFIT_ENVIRONMENT)
    finally:
        lost = flush_output()
        if lost:
            _fail(_describe_no_room(lost), ExitCode.UNFIT_ENVIRONMENT)


def _describe_no_room(error: OSError) -> str:
    place = f" to {error.filename}" if error.filename else ""
    return EnvironmentUnfitError(
        f"what meshpeek writes{place} could not be written: {error.strerror}",
        hint="free some space, or write to another place",
    ).render()


def _describe_too_many_files(error: OSError) -> str:
    return EnvironmentUnfitError(
        f"meshpeek cannot open another file: {error.strerror}",
        hint="raise the limit of open files: `ulimit -n 1024`",
    ).render()


def _describe_usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "meshpeek"
    return InputError(error.format_message(), hint=f"see `{command} --help`").render()


def _fail(message: str, code: ExitCode) -> None:
    from meshpeek.cli.secrecy import mask_text  # a start that goes well has no use for it

    flush_output()
    print(mask_text(message), file=sys.stderr)
    raise SystemExit(code)
