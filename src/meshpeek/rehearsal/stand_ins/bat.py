"""The stand-in for `bat`, drawn as bat 0.24 draws: grid, line numbers, colours, paging.

Like bat it only decorates for a terminal; into a pipe it copies its input byte by byte.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

_INSTALL = "https://github.com/sharkdp/bat"
_ABOUT = "bat (meshpeek's rehearsal stand-in)"
_WHEN = ("auto", "always", "never")
_LIGHT_BACKGROUNDS = ("7", "9", "10", "11", "12", "13", "14", "15")
_PROBE = 1024


class BatError(Exception):
    """What is wrong with one input, to be printed after `[bat error]: `."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status."""
    options = _parser().parse_args(arguments)
    for name in ("color", "decorations", "paging"):
        setattr(options, name, getattr(options, name)[-1])
    if options.plain > 1:
        options.paging = "never"
    try:
        return _show(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


class _BatParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(1, f"error: {message}\n\n{_pointer()}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _BatParser(prog="bat", description=__doc__, allow_abbrev=False, epilog=_pointer())
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("-l", "--language", help="syntax to highlight as")
    parser.add_argument("--file-name", help="name to show for standard input")
    parser.add_argument("--style", help="comma-separated: full, plain, grid, header, numbers, rule")
    parser.add_argument("-p", "--plain", action="count", default=0, help="like --style=plain")
    parser.add_argument("-n", "--number", action="store_true", help="like --style=numbers")
    for option, default in (("color", "auto"), ("decorations", "auto"), ("paging", _paging())):
        parser.add_argument(
            f"--{option}", choices=_WHEN, action="append", default=[default], metavar="WHEN"
        )
    parser.add_argument("-P", dest="paging", action="append_const", const="never")
    parser.add_argument("--terminal-width", type=int, help="columns to draw for")
    parser.add_argument("--theme", help="light or dark, or the name of a theme; auto by itself")
    parser.add_argument("-u", "--unbuffered", action="store_true", help="as it is anyway")
    parser.add_argument("-V", "--version", action="version", version=_ABOUT)
    return parser


def _paging() -> str:
    wanted = os.environ.get("BAT_PAGING", "auto")
    return wanted if wanted in _WHEN else "auto"


def _pointer() -> str:
    return (
        f"This is {_ABOUT}, which has only some of bat's options; for the real one see {_INSTALL}"
    )


def _show(options: argparse.Namespace) -> int:
    interactive = sys.stdout.isatty()
    drawn = interactive or "always" in (options.color, options.decorations)
    status = 0
    for file in options.files or ["-"]:
        try:
            with contextlib.ExitStack() as stack:
                source = sys.stdin.buffer if file == "-" else stack.enter_context(_open(file))
                if drawn:
                    _draw(source, file, options, interactive)
                else:
                    _copy(source)
        except BatError as error:
            sys.stdout.flush()
            sys.stderr.write(f"[bat error]: {error}\n")
            status = 1
    sys.stdout.flush()
    return status


def _open(file: str) -> BinaryIO:
    try:
        if Path(file).is_dir():
            raise BatError(f"'{file}' is a directory.")
        return open(file, "rb")
    except OSError as error:
        raise BatError(f"'{file}': {error.strerror} (os error {error.errno})") from None


def _copy(source: BinaryIO) -> None:
    """Copy everything as soon as it arrives, so that a watch can be seen through a pipe."""
    while chunk := os.read(source.fileno(), 65536):
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def _draw(source: BinaryIO, file: str, options: argparse.Namespace, interactive: bool) -> None:
    from meshpeek.rehearsal.stand_ins.bat_drawing import Drawing, draw, highlight, style_components

    content = source.read()
    name = options.file_name or ("" if file == "-" else file)
    if b"\0" in content[:_PROBE]:
        sys.stderr.write(
            f"[bat warning]: Binary content from file '{name or 'STDIN'}' will not be printed to "
            "the terminal (but will be present if the output of 'bat' is piped).\n"
        )
        return
    text = content.decode(errors="replace").replace("\r\n", "\n")
    components = _components(options, interactive)
    colored = options.color == "always" or (
        options.color == "auto" and interactive and not os.environ.get("NO_COLOR")
    )
    try:
        lines = highlight(text, options.language, name, colored=colored)
    except LookupError:
        raise BatError(f"unknown syntax: '{options.language}'") from None
    terminal = shutil.get_terminal_size()
    width = options.terminal_width or terminal.columns
    theme = _theme(options.theme) if colored else None
    drawing = Drawing(style_components(components), width, name or "STDIN", theme)
    output = draw(lines, drawing)
    _emit(output, options.paging, interactive and output.count("\n") >= terminal.lines)


def _theme(asked: str | None) -> str:
    """Return `light` or `dark`: what is asked for, or what the terminal's background needs.

    A theme is taken for a light one by its name; `auto` and the like look at COLORFGBG, whose last
    number is the background's, as does the real bat if the terminal does not answer.
    """
    wanted = (asked or os.environ.get("BAT_THEME") or "auto").lower()
    if wanted.startswith("auto"):
        background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
        return "light" if background in _LIGHT_BACKGROUNDS else "dark"
    return "light" if any(word in wanted for word in ("light", "github", "latte")) else "dark"


def _components(options: argparse.Namespace, interactive: bool) -> str:
    if options.decorations == "never":
        return "plain"
    style: str = options.style or os.environ.get("BAT_STYLE") or "auto"
    if options.plain:
        style = "plain"
    elif options.number:
        style = "numbers"
    if style == "auto":
        style = "full" if interactive or options.decorations == "always" else "plain"
    return style


def _emit(output: str, paging: str, long: bool) -> None:
    pager = _pager()
    if pager and (paging == "always" or (paging == "auto" and long)):
        # ^C is for the pager, which stays.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        subprocess.run(pager, input=output.encode(), check=False)
        return
    sys.stdout.write(output)
    sys.stdout.flush()


def _pager() -> list[str]:
    """Return the pager's command line, an empty list without a pager."""
    wanted = os.environ.get("BAT_PAGER", os.environ.get("PAGER", "less"))
    command = shlex.split(wanted)
    if not command or command[0] == "cat" or shutil.which(command[0]) is None:
        return []
    if Path(command[0]).name in ("less", "more", "most"):
        return ["less", "-R", "-F", *command[1:]] if shutil.which("less") else []
    return command
