"""What the command line has beyond click: durations, `meshpeek FILE`, arguments after `--`."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshpeek.cli.commands import COMMANDS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
from meshpeek.workshop.model import StandIn

_ASKED = {"help": "--help", "version": "--version"}
_MEANT = {
    "init": "new",
    "create": "new",
    "start": "present",
    "show": "present",
    "play": "run",
    "test": "ci",
    "check": "lint",
    "validate": "lint",
    "list": "steps",
    "convert": "migrate",
    "watch": "present",
}
"""Other programs' words for what a command does."""

WORKSHOP_SUFFIXES = (".md", ".sh")
"""Names that end so are taken for workshops, even if there is no such file."""


class OutputPath(click.Path):
    """A file to write. A name with control characters is refused, as it is for workshops."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Return the path."""
        from meshpeek.workshop.loading import refuse_controls

        refuse_controls(os.fspath(value))
        return super().convert(value, param, ctx)


class Duration(click.ParamType[float]):
    """A duration as in annotations, `90s` or `2m`; a number alone is seconds."""

    name = "duration"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return `value` in seconds."""
        from meshpeek.workshop.parse.durations import parse_duration

        seconds = parse_duration(value if value[-1:].isalpha() else f"{value}s")
        if seconds is None:
            self.fail(f"invalid duration `{value}`; examples: 30s, 5m, 1m30s", param, ctx)
        return seconds


class StandIns(click.ParamType[frozenset[StandIn]]):
    """Kinds of stand-ins, with commas between them, or `none`."""

    name = "none|list"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[StandIn]:
        """Return the kinds."""
        words = [] if value == "none" else value.split(",")
        for word in words:
            if word not in list(StandIn):
                from meshpeek.workshop.parse.suggestions import suggest

                self.fail(f"unknown stand-in `{word}`; {suggest(word, StandIn)}", param, ctx)
        return frozenset(map(StandIn, words))


class CommandOrFile(click.Group):
    """The commands, each loaded when it is used; a file in place of a command is presented."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's
        """Return the commands, the most needed first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load the command of this name, None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"meshpeek.cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` begin with, and the arguments after it."""
        word = args[0]
        if word not in COMMANDS:
            if not word.endswith(WORKSHOP_SUFFIXES) and not Path(word).is_file():
                raise self._unknown(ctx, word)
            args = ["present", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line; `help`, `help COMMAND` and `version` are what they look like."""
        if args and args[0] in _ASKED and not Path(args[0]).is_file():
            args = [*args[1:2], _ASKED[args[0]]] if args[0] == "help" else [_ASKED[args[0]]]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin so, and have the shell add files."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=meaning)
            for name, meaning in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [*commands, CompletionItem(incomplete, type="file")]

    def _unknown(self, ctx: click.Context, word: str) -> click.UsageError:
        from meshpeek.workshop.parse.suggestions import suggest

        meant = _MEANT.get(word)
        hint = f"did you mean `{meant}`?" if meant else suggest(word, COMMANDS)
        return click.UsageError(f"`{word}` is neither a command nor a file; {hint}", ctx)


class Size(click.ParamType[tuple[int, int]]):
    """The size of a terminal: `120x40`."""

    name = "size"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return columns and rows."""
        from meshpeek.workshop.parse.sizes import SIZE_EXAMPLE, parse_size

        size = parse_size(value)
        if size is None:
            self.fail(f"invalid size `{value}`; example: {SIZE_EXAMPLE}", param, ctx)
        return size


class FilesThenArguments(click.Command):
    """A command with several files; what follows `--` are the workshops' own arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what precedes `--`, and keep the rest for the workshops."""
        end = args.index("--") if "--" in args else len(args)
        ctx.params["arguments"] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the parts of the usage line."""
        return [*super().collect_usage_pieces(ctx), "[-- ARG...]"]


class FileThenCommand(click.Command):
    """A command with a file; what follows `--` is another program's command line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what precedes `--`, and keep the rest: None without `--`."""
        end = args.index("--") if "--" in args else len(args)
        ctx.params["arguments"] = tuple(args[end + 1 :]) if end < len(args) else None
        return super().parse_args(ctx, args[:end])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the parts of the usage line."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND [ARG...]]"]
