"""Arguments and options that several commands take, in the same words."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from meshpeek.cli.click_extensions import Duration, OutputPath, Size, StandIns
from meshpeek.errors import InputError, MeshpeekError
from meshpeek.run.settings import RunSettings
from meshpeek.sinks.reports.registry import ReportPaths
from meshpeek.workshop.model import Mode, StandIn

CommandFunction = Callable[..., None]

FILE = click.argument("file", type=click.Path(path_type=Path))
FILES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
ARGUMENTS = click.argument("arguments", nargs=-1)
_CLUSTERS = "--clusters"


def _read_names(
    context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[str, ...]:
    if value is None:
        return ()
    names = tuple(name.strip() for name in value.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise click.BadParameter(f"invalid list `{value}`; example: north,east")
    if not context.params.get("rehearse"):
        raise click.UsageError(f"{_CLUSTERS} needs --rehearse: real clusters are not made")
    return names


def REHEARSE(command: CommandFunction) -> CommandFunction:  # noqa: N802  # as the other options
    """Give a command the options for embedded clusters, `rehearse` and `clusters`."""
    command = click.option(
        _CLUSTERS,
        metavar="NAME,...",
        callback=_read_names,
        help="With --rehearse: the contexts of its clusters, instead of those that FILE lists or "
        "its commands name.",
    )(command)
    return click.option(
        "--rehearse",
        is_flag=True,
        is_eager=True,
        help="Use embedded clusters; no real one is touched.",
    )(command)


SEALED = click.option(
    "--sealed",
    is_flag=True,
    help="With --rehearse: in a network of its own; nothing else can be reached (Linux).",
)
TIMEOUT = click.option(
    "--timeout", type=Duration(), help="How long a command may take that does not say so itself."
)
SIZE = click.option(
    "--size",
    type=Size(),
    help="The columns and rows of the terminal that commands write to.  "
    "[default: what the transcript or the settings say, else 120x24]",
)
STAND_INS = click.option(
    "--stand-ins",
    type=StandIns(),
    help=f"What stand-ins replace: {', '.join(StandIn)}, or none.  "
    "[default: what the settings say, else all]",
)
THEME = click.option(
    "--theme",
    type=click.Choice(["auto", "light", "dark"]),
    default="auto",
    show_default=True,
    help="The terminal's background, to have colours that can be read on it.",
)
NO_INIT = click.option(
    "--no-init",
    "startup",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Read no start-up file (.demoshrc).",
)


def complete_step(_: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the sections and the named steps of the workshop on the command line that begin so."""
    from click.shell_completion import split_arg_string

    from meshpeek.workshop.loading import load_workshop
    from meshpeek.workshop.model import Command

    # click does not parse a command line that ends in an option without its value.
    words = split_arg_string(os.environ.get("COMP_WORDS", ""))
    file = next((word for word in words[1:] if Path(word).is_file()), None)
    try:
        workshop = load_workshop(Path(file), {}) if file else None
    except MeshpeekError:
        workshop = None
    if workshop is None:
        return []
    names = [step.name for step in workshop.steps if isinstance(step, Command) and step.name]
    titles = [section.title for section in workshop.sections if section.title]
    return [each for each in (*names, *titles) if each.lower().startswith(incomplete.lower())]


FROM = click.option(
    "--from",
    "address",
    metavar="STEP",
    help="Begin there: a step's number or name, FILE:LINE, or a section's title.",
    shell_complete=complete_step,
)
SETUP = click.option(
    "--setup", is_flag=True, help="With --from: first run the hidden steps that precede it."
)


_REPORTS = {
    "events": "Write what happens to a file as JSON lines, while it happens.",
    "junit": "Write a report that CI servers read: JUnit XML.",
    "json": "Write all that is known of the run as one JSON document.",
    "html": "Write the run as a page for people: text, commands, output, verdicts.",
    "cast": "Record the run for asciinema (asciicast v2).",
}


_CHOICE = {
    "tags": ("A,B", "Run only commands with one of these tags, and hidden ones before them."),
    "name": ("A,B", "Run only commands with one of these names, and hidden ones before them."),
    "start": ("SECTION", "Run from there: a section's title, or a step as --until takes it."),
    "until": ("SECTION", "Run up to the end of this section, or to this step (NAME, FILE:LINE)."),
}


def gathered(
    name: str, fields: Collection[str], make: Callable[..., object]
) -> Callable[[CommandFunction], CommandFunction]:
    """Give a command those of its options that are in `fields` as one argument, `name`.

    `make` makes it of them.
    """

    def decorate(command: CommandFunction) -> CommandFunction:
        @functools.wraps(command)
        def with_one(**values: Any) -> None:  # noqa: ANN401  # click's
            given = {field: values.pop(field) for field in fields if field in values}
            command(**values, **{name: make(**given)})

        return with_one

    return decorate


def takes_settings(mode: Mode, **fixed: Any) -> Callable[[CommandFunction], CommandFunction]:  # noqa: ANN401  # each field has its own type
    """Give a command the options named for fields of RunSettings as one argument, `settings`."""

    def make(**given: Any) -> RunSettings:  # noqa: ANN401  # each field has its own type
        settings = RunSettings(mode, **fixed, **given)
        return settings if settings.resume else checked(settings)

    return gathered("settings", RunSettings.__match_args__, make)


def checked(settings: RunSettings) -> RunSettings:
    """Return `settings`. Raises InputError if they contradict each other."""
    if settings.sealed and not settings.rehearse:
        raise InputError(
            "--sealed is for rehearsals: real clusters are in other networks",
            hint="add --rehearse, or leave --sealed out",
        )
    return settings


def takes_choice(command: CommandFunction) -> CommandFunction:
    """Give a command the options that choose steps, for `takes_settings` as `choice`."""
    command = gathered("choice", _CHOICE, _choice)(command)
    for name, (metavar, meaning) in reversed(_CHOICE.items()):
        option = f"--{'from' if name == 'start' else name}"
        command = click.option(option, name, metavar=metavar, help=meaning)(command)
    return command


def _choice(tags: str | None, name: str | None, start: str | None, until: str | None) -> object:
    if not any((tags, name, start, until)):
        return None
    from meshpeek.run.step_choice import Choice

    words = [frozenset(filter(None, (text or "").split(","))) for text in (tags, name)]
    return Choice(words[0], words[1], start, until)


def takes_reports(command: CommandFunction) -> CommandFunction:
    """Give a command the options that ask for reports, as one argument, `reports`."""
    command = gathered("reports", _REPORTS, _distinct_reports)(command)
    for name, meaning in reversed(_REPORTS.items()):
        command = click.option(f"--{name}", type=OutputPath(), help=meaning)(command)
    return command


def _distinct_reports(**paths: Path | None) -> ReportPaths:
    given = [path.resolve() for path in paths.values() if path and not path.is_relative_to("/dev")]
    for path in given:
        if given.count(path) > 1:
            raise InputError(f"two reports cannot both go to {path}", hint="name a file for each")
    return ReportPaths(**paths)
