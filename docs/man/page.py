"""The man page, made of what `--help` prints: `make man` writes it to docs/man/meshpeek.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from meshpeek.cli.main import EXAMPLES, cli
from meshpeek.errors import ExitCode

PAGE = Path(__file__).with_name("meshpeek.1")


def render() -> str:
    """Return the page as roff."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    context = click.Context(cli, info_name="meshpeek")
    summary, *description = _paragraphs(cli)
    yield '.TH MESHPEEK 1 "" "meshpeek" "User Commands"'
    yield ".SH NAME"
    yield rf"meshpeek \- {_escaped(summary[0].lower() + summary[1:].rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield ".B meshpeek"
    yield _escaped(" ".join(cli.collect_usage_pieces(context)))
    yield ".SH DESCRIPTION"
    for paragraph in description:
        yield ".PP"
        yield _escaped(paragraph)
    yield ".SH OPTIONS"
    yield from _options(cli, context)
    yield ".SH COMMANDS"
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(inner))
        yield rf".SS {_escaped(f'meshpeek {name} {usage}')}"
        for paragraph in _paragraphs(command):
            yield ".PP"
            yield _escaped(paragraph)
        yield from _options(command, inner)
    yield ".SH EXIT STATUS"
    for code in ExitCode:
        yield ".TP"
        yield rf"\fB{int(code)}\fR"
        yield _escaped(code.name.lower().replace("_", " "))
    yield ".SH EXAMPLES"
    for example, meaning in EXAMPLES.items():
        yield ".TP"
        yield rf"\fB{_escaped(example)}\fR"
        yield _escaped(meaning)


def _paragraphs(command: click.Command) -> list[str]:
    text = (command.help or "").replace("\b\n", "")
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip()]


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1]:
            yield ".TP"
            yield rf"\fB{_escaped(record[0])}\fR"
            yield _escaped(" ".join(record[1].split()))


def _escaped(text: str) -> str:
    text = re.sub(r"`([^`]*)`", r"\1", text).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    PAGE.write_text(render())
