"""The usage texts of the linkerd stand-in, laid out as Cobra does."""

from __future__ import annotations

from collections.abc import Sequence

from meshpeek.rehearsal.installations.linkerd.cli.arguments import CobraCommand, Flag, title


def usage(path: Sequence[CobraCommand]) -> str:
    """Return the usage text of the last command in `path`, laid out as Cobra does."""
    command = path[-1]
    lines = ["Usage:"]
    if command.run is not None:
        words = f" {command.arguments}" if command.arguments else ""
        lines.append(f"  {title(path)} [flags]{words}")
    else:
        lines.append(f"  {title(path)} [command]")
    if command.aliases:
        lines += ["", "Aliases:", f"  {', '.join((command.name, *command.aliases))}"]
    if command.subcommands:
        width = max(11, *(len(c.name) for c in command.subcommands))
        lines += ["", "Available Commands:"]
        lines += [f"  {c.name:<{width}} {c.short}" for c in command.subcommands]
    help_flag = Flag("help", f"help for {command.name}", "bool", "false", "h")
    if len(path) > 1:
        lines += ["", "Flags:", *_flag_lines((*command.flags, help_flag))]
        lines += ["", "Global Flags:", *_flag_lines(path[0].flags)]
    else:
        lines += ["", "Flags:", *_flag_lines((*command.flags, help_flag))]
    return "\n".join(lines) + "\n"


def _flag_lines(flags: Sequence[Flag]) -> list[str]:
    ordered = sorted(flags, key=lambda flag: flag.name)
    heads = [_flag_head(flag) for flag in ordered]
    width = max(len(head) for head in heads) + 3
    return [
        f"{head:<{width}}{flag.usage}{_default(flag)}"
        for head, flag in zip(heads, ordered, strict=True)
    ]


def _flag_head(flag: Flag) -> str:
    shorthand = f"  -{flag.shorthand}, " if flag.shorthand else "      "
    kind = "" if flag.kind == "bool" else f" {flag.kind}"
    return f"{shorthand}--{flag.name}{kind}"


def _default(flag: Flag) -> str:
    if flag.default in ("", "false", "0"):
        return ""
    return f' (default "{flag.default}")' if flag.kind == "string" else f" (default {flag.default})"
