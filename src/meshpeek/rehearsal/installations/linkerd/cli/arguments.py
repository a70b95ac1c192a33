"""CobraCommand lines as Cobra and pflag read them, for the linkerd stand-in.

Wordings are those of cobra 1.7 and pflag 1.0.5, which stable-2.14.10 is built with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from meshpeek.rehearsal.types.scalars import go_durations

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_UINT32_LIMIT = 2**32


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag: `kind` is pflag's name of its type.

    Those are bool, string, uint, uint32, duration, and stringArray, which may be given repeatedly.
    """

    name: str
    usage: str
    kind: str = "string"
    default: str = ""
    shorthand: str = ""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command line that was understood: flag values by name, as text, and the other words.

    `repeated` has every value of the flags that may be given repeatedly.
    """

    values: Mapping[str, str]
    words: tuple[str, ...]
    repeated: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the flag's value; of a flag given twice, the last one."""
        return self.values[name]

    def truth(self, name: str) -> bool:
        """Return the value of a bool flag."""
        return self.values[name] in _TRUE

    def number(self, name: str) -> int:
        """Return the value of a uint or uint32 flag."""
        return int(self.values[name], 0)

    def seconds(self, name: str) -> float:
        """Return the value of a duration flag, in seconds."""
        return go_durations.parse(self.values[name]) / 1e9

    def texts(self, name: str) -> Sequence[str]:
        """Return every value that was given for a stringArray flag."""
        return self.repeated.get(name, ())


@dataclass(frozen=True, slots=True)
class CobraCommand:
    """A command or, with `subcommands`, a group of them.

    `arguments` is how usage names the words it takes (an empty string: it takes none), and
    `minimum_words` how many it needs. `absent_flags` are flags of the real command that
    rehearsal does not have. `run` returns the exit status.
    """

    name: str
    short: str
    aliases: tuple[str, ...] = ()
    arguments: str = ""
    minimum_words: int = 0
    flags: tuple[Flag, ...] = ()
    absent_flags: frozenset[str] = frozenset()
    subcommands: tuple[CobraCommand, ...] = ()
    run: Callable[[Invocation], int] | None = None


class CommandLineError(Exception):
    """The command line is wrong: what to say about it, and the command whose usage to print."""

    def __init__(self, message: str, path: Sequence[CobraCommand]) -> None:
        super().__init__(message)
        self.path = tuple(path)


class AbsentError(Exception):
    """The real CLI may have this, rehearsal does not. The message is what was asked for."""


class HelpRequested(Exception):  # noqa: N818 - a way out, not an error
    """`--help`, or a group named without one of its commands."""

    def __init__(self, path: Sequence[CobraCommand]) -> None:
        super().__init__()
        self.path = tuple(path)


@dataclass(slots=True)
class _Reading:
    values: dict[str, str]
    words: list[str] = field(default_factory=list)
    repeated: dict[str, list[str]] = field(default_factory=dict)


def read(
    root: CobraCommand, arguments: Sequence[str]
) -> tuple[Callable[[Invocation], int], Invocation, tuple[CobraCommand, ...]]:
    """Find the command that `arguments` name and read its flags and words.

    Flags of `root` may stand anywhere. Returns what to run, with what, and the commands from
    the root to the one found. Raises CommandLineError, AbsentError and HelpRequested.
    """
    path, rest = _find(root, arguments)
    command = path[-1]
    reading = _read_flags(path, rest)
    if command.run is None:
        raise HelpRequested(path)
    if reading.words and not command.arguments:
        raise CommandLineError(f'unknown command "{reading.words[0]}" for "{title(path)}"', path)
    if len(reading.words) < command.minimum_words:
        raise CommandLineError(
            f"requires at least {command.minimum_words} arg(s), only received {len(reading.words)}",
            path,
        )
    invocation = Invocation(reading.values, tuple(reading.words), reading.repeated)
    return command.run, invocation, tuple(path)


def _find(root: CobraCommand, arguments: Sequence[str]) -> tuple[list[CobraCommand], list[str]]:
    """Walk down the commands that `arguments` name; return them, and the arguments without them."""
    path, rest = [root], list(arguments)
    position = 0
    while position < len(rest) and path[-1].subcommands:
        argument = rest[position]
        if argument == "--":
            break
        if argument.startswith("-") and argument != "-":
            position += 2 if _takes_next(path, argument) else 1
            continue
        found = next(
            (c for c in path[-1].subcommands if argument in (c.name, *c.aliases)),
            None,
        )
        if found is None:
            raise AbsentError(f"{title(path)} {argument}")
        path.append(found)
        del rest[position]
    return path, rest


def _takes_next(path: Sequence[CobraCommand], argument: str) -> bool:
    """Tell whether the argument after this flag is its value."""
    if "=" in argument or argument in ("-h", "--help"):
        return False
    if argument.startswith("--"):
        flag = _by_name(path, argument[2:])
        return flag is None or flag.kind != "bool"
    flag = _by_shorthand(path, argument[1])
    return len(argument) == len("-x") and flag is not None and flag.kind != "bool"


def _flags(path: Sequence[CobraCommand]) -> list[Flag]:
    own = path[-1].flags if len(path) > 1 else ()
    return [*own, *path[0].flags]


def _by_name(path: Sequence[CobraCommand], name: str) -> Flag | None:
    return next((flag for flag in _flags(path) if flag.name == name), None)


def _by_shorthand(path: Sequence[CobraCommand], letter: str) -> Flag | None:
    return next((flag for flag in _flags(path) if flag.shorthand == letter), None)


def _read_flags(path: Sequence[CobraCommand], arguments: Sequence[str]) -> _Reading:
    reading = _Reading({flag.name: flag.default for flag in _flags(path)})
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            reading.words += rest
            break
        if argument.startswith("--"):
            _read_long(path, argument, rest, reading)
        elif argument.startswith("-") and argument != "-":
            _read_short(path, argument, rest, reading)
        else:
            reading.words.append(argument)
    return reading


def _read_long(
    path: Sequence[CobraCommand], argument: str, rest: list[str], reading: _Reading
) -> None:
    name, separator, value = argument[2:].partition("=")
    if name == "help":
        raise HelpRequested(path)
    flag = _by_name(path, name)
    if flag is None:
        if any(name in command.absent_flags for command in path):
            raise AbsentError(f"{title(path)} --{name}")
        raise CommandLineError(f"unknown flag: --{name}", path)
    if not separator:
        if flag.kind == "bool":
            value = "true"
        elif rest:
            value = rest.pop(0)
        else:
            raise CommandLineError(f"flag needs an argument: --{name}", path)
    _store(path, flag, value, reading)


def _read_short(
    path: Sequence[CobraCommand], argument: str, rest: list[str], reading: _Reading
) -> None:
    letters = argument[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter == "h":
            raise HelpRequested(path)
        flag = _by_shorthand(path, letter)
        if flag is None:
            raise CommandLineError(f"unknown shorthand flag: '{letter}' in {argument}", path)
        if letters.startswith("="):
            value, letters = letters[1:], ""
        elif flag.kind == "bool":
            value = "true"
        elif letters:
            value, letters = letters, ""
        elif rest:
            value = rest.pop(0)
        else:
            raise CommandLineError(f"flag needs an argument: '{letter}' in {argument}", path)
        _store(path, flag, value, reading)


def _store(path: Sequence[CobraCommand], flag: Flag, value: str, reading: _Reading) -> None:
    reason = _refusal(flag.kind, value)
    if reason:
        shorthand = f"-{flag.shorthand}, " if flag.shorthand else ""
        raise CommandLineError(
            f'invalid argument "{value}" for "{shorthand}--{flag.name}" flag: {reason}', path
        )
    reading.values[flag.name] = value
    if flag.kind == "stringArray":
        reading.repeated.setdefault(flag.name, []).append(value)


def _refusal(kind: str, value: str) -> str:
    """Return why `value` is none of its kind, in Go's words; an empty string if it is one."""
    match kind:
        case "bool" if value not in _TRUE | _FALSE:
            return f'strconv.ParseBool: parsing "{value}": invalid syntax'
        case "uint" | "uint32":
            if not re.fullmatch(r"0|[1-9][0-9]*|0x[0-9a-fA-F]+", value):
                return f'strconv.ParseUint: parsing "{value}": invalid syntax'
            if int(value, 0) >= _UINT32_LIMIT:
                return f'strconv.ParseUint: parsing "{value}": value out of range'
        case "duration":
            try:
                go_durations.parse(value)
            except go_durations.InvalidDurationError as error:
                return str(error)
    return ""


def title(path: Sequence[CobraCommand]) -> str:
    """Return the words that name the last command in `path`."""
    return " ".join(command.name for command in path)
