"""The command lines of these tools: subcommands with options, and an error for all else."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from meshpeek.rehearsal.stand_ins.cluster_makers.control import ToolError

Action = Callable[[argparse.Namespace], int | None]


class ClusterMaker:
    """A stand-in named `name`; `prefix` begins its errors, in the words of the real one."""

    def __init__(self, name: str, prefix: str) -> None:
        self.name = name
        self.prefix = prefix
        self._commands: dict[tuple[str, ...], _Parser] = {}

    def command(self, *words: str) -> _Parser:
        """Add a subcommand; what it takes is added to what this returns, and `run`."""
        parser = _Parser(prog=" ".join((self.name, *words)), add_help=False, allow_abbrev=False)
        self._commands[words] = parser
        return parser

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run one command line (default: the process's own) and return the exit status."""
        given = sys.argv[1:] if arguments is None else list(arguments)
        try:
            words, parser = self._find(given)
            options = parser.parse_args(parser.joined(given[len(words) :]))
            return options.run(options) or 0
        except ToolError as error:
            print(f"{self.prefix}{error}", file=sys.stderr)
            return 1

    def _find(self, given: Sequence[str]) -> tuple[tuple[str, ...], _Parser]:
        for length in (3, 2, 1):
            words = tuple(given[:length])
            if words in self._commands:
                return words, self._commands[words]
        known = ", ".join(" ".join(words) for words in self._commands)
        asked = " ".join(given[:2]) or "nothing"
        raise ToolError(f"a rehearsal has no `{self.name} {asked}`; it has {self.name} {known}")


class _Parser(argparse.ArgumentParser):
    def runs(self, action: Action) -> None:
        """Have `action` run when the command line names this subcommand."""
        self.set_defaults(run=action)

    def values(self, *options: str) -> None:
        """Take options with a value that changes nothing in a rehearsal."""
        for names in options:
            self.add_argument(*names.split(), action="append")

    def flags(self, *options: str) -> None:
        """Take options that may have a value, after `=`, which changes nothing in a rehearsal."""
        for names in options:
            self.add_argument(*names.split(), nargs="?", const=True)

    def joined(self, given: Sequence[str]) -> list[str]:
        """Return the arguments with each option joined to its value, as Go's pflag takes them.

        That is the next word, whatever it looks like; only after `=` for one that needs none.
        """
        words = iter(given)
        found = []
        for word in words:
            action = self._option_string_actions.get(word)
            if action is None or action.nargs not in (None, "?"):
                found.append(word)
            else:
                value = "true" if action.nargs == "?" else next(words, None)
                if value is None:
                    raise ToolError(f"flag needs an argument: {word}")
                found.append(f"{word}={value}" if word.startswith("--") else f"{word}{value}")
        return found

    def error(self, message: str) -> NoReturn:
        raise ToolError(f"{self.prog}: {message}")
