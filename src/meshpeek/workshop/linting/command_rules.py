"""What lint finds in commands: pasted prompts, placeholders, and what waits for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import dirname, join

from meshpeek.workshop.bash import read_command, unquote
from meshpeek.workshop.linting.checked import Checked
from meshpeek.workshop.model import Command
from meshpeek.workshop.needs_person import (
    opens_editor,
    program_of,
    verb_of_kubectl,
    waits_for_line,
    without_wrappers,
)
from meshpeek.workshop.parse.elements import Bash
from meshpeek.workshop.parse.placeholders import describe_placeholder, find_placeholders_in
from meshpeek.workshop.problems import Fix, Problem
from meshpeek.workshop.spans import Span

_PROMPT = re.compile(r"(?P<indent>\s*)(?:[\w.-]+@[\w.-]+:\S*)?[$%❯]\s+(?P<rest>\S.*)")
_FOLLOWS = re.compile(r"-(?:f|w|F)|--(?:follow|watch|watch-only|follow=true|watch=true)")
_NOBODY = (frozenset({"ci"}), frozenset({"ci", "rehearse"}))
_LOOP = re.compile(r"\s*while\s+(?:true|:)\s*;?\s*(?:do\b|\n)")


def find_prompts(checked: Checked) -> Iterator[Problem]:
    """Find the commands that begin with a prompt, as they are pasted from a terminal."""
    for element in checked.elements:
        if not isinstance(element, Bash):
            continue
        prompt = _PROMPT.match(element.text)
        if prompt is None:
            continue
        lines = element.text.split("\n")
        fixed = [prompt.group("indent") + prompt.group("rest"), *lines[1:]]
        span = element.span
        output = _output_follows(checked, span)
        yield checked.warn(
            "prompt",
            checked.place_of(lines[0].strip().split()[0], span),
            "this command begins with a prompt, and bash would look for a program of that name",
            "remove the prompt, and the output below it" if output else "remove the prompt",
            None if output else Fix(span.path, span.line, span.line, tuple(fixed[:1])),
        )


def _output_follows(checked: Checked, span: Span) -> bool:
    """Tell whether the line after a command with a prompt has none: it is its output."""
    lines = checked.lines_of(span.path)
    following = lines[span.end_line] if span.end_line < len(lines) else ""
    if not following.strip() or re.match(r" {0,3}```|\s*#", following):
        return False
    return _PROMPT.match(following) is None


def find_placeholders(checked: Checked) -> Iterator[Problem]:
    """Find `<name>` in a command, which bash takes for redirections."""
    for element in checked.elements:
        if isinstance(element, Bash):
            for found in find_placeholders_in(element.text):
                place = checked.place_of(found.group(), element.span)
                yield checked.warn("placeholder", place, *describe_placeholder(found))


def find_waits_for_a_person(checked: Checked) -> Iterator[Problem]:
    """Find what waits for a person, or does not end, in steps that take part in `ci`."""
    has_editor = any(
        word.startswith(("EDITOR=", "KUBE_EDITOR=", "VISUAL="))
        for element in checked.elements
        if isinstance(element, Bash)
        for words in element.commands
        for word in words
    )
    for step in checked.workshop.steps:
        if not isinstance(step, Command) or not step.runs:
            continue
        if any(step.selection.excluded_by(run) is not None for run in _NOBODY):
            continue
        for words in read_command(step.text, 0).commands:
            yield from _waits(checked, step, without_wrappers(words), has_editor=has_editor)


def find_differences(checked: Checked) -> Iterator[Problem]:
    """Find what ends with 1 where it shows a difference, in steps that take part in `ci`."""
    for step in checked.workshop.steps:
        if not isinstance(step, Command) or not step.runs or -1 not in step.comparing:
            continue
        is_in_ci = step.selection.excluded_by(frozenset({"ci"})) is None
        if is_in_ci and step.checks.exit_status == 0:
            yield checked.warn(
                "difference",
                checked.place_of(step.text.split()[0], step.span),
                "this ends with 1 where files differ, which fails in `ci`",
                "if they are to differ, put `<!-- @# meshpeek: exit 1 -->` before it",
            )


def _waits(
    checked: Checked, step: Command, words: Sequence[str], *, has_editor: bool
) -> Iterator[Problem]:
    if not words:
        return
    name = program_of(words)
    place = checked.place_of(words[0], step.span)
    if opens_editor(words) and step.edit is None and not has_editor:
        yield checked.warn(
            "edit",
            place,
            f"`{name}` opens an editor, and nobody is there in `ci` and `run`",
            "say what it does: `<!-- @# meshpeek: patch [JSON Patch] -->` or `editor COMMAND`",
        )
    elif waits_for_line(step, read_command(step.text, 0).commands):
        yield checked.warn(
            "read",
            place,
            "`read` waits for a line that nobody types in `ci` and `run`",
            "give it one, `read X <<<value`, or leave the step to presenters: "
            "`<!-- @# meshpeek: only present -->`",
        )
    elif _is_endless(name, words, step) and not _is_ended(step):
        yield checked.warn(
            "endless",
            place,
            f"`{_shortened(words)}` does not end by itself",
            "write `<!-- @# meshpeek: stop 10s -->` before it, put `timeout 10s` in front, "
            "or `&` at its end",
        )


def _is_endless(name: str, words: Sequence[str], step: Command) -> bool:
    follows = any(_FOLLOWS.fullmatch(word) for word in words)
    match name:
        case "kubectl":
            verb = verb_of_kubectl(words)
            is_watch = verb == "get" and any(
                word in ("-w", "--watch", "--watch=true", "--watch-only") for word in words
            )
            is_log = verb == "logs" and any(
                word in ("-f", "--follow", "--follow=true") for word in words
            )
            return is_watch or is_log or verb in ("port-forward", "proxy")
        case "tail" | "docker" | "journalctl":
            return follows and (name != "docker" or "logs" in words)
        case "ping":
            return not any(word.startswith("-c") for word in words)
        case "sleep":
            return "infinity" in words[1:2]
        case "top" | "htop" | "yes":
            return True
        case "true" | ":":
            return _LOOP.match(step.text) is not None and not re.search(
                r"\b(?:break|exit|return)\b", step.text
            )
    return False


def _is_ended(step: Command) -> bool:
    """Tell whether something ends the command: the shell, another program, or an annotation."""
    return (
        step.checks.stop is not None
        or re.search(r"(?<![&>])&(?![&>])|\|\s*(?:head|grep -m|sed \S*q)|\btimeout\s", step.text)
        is not None
    )


def _shortened(words: Sequence[str]) -> str:
    text = " ".join(words)
    return text if len(text) <= 40 else f"{text[:39]}…"


def find_backslashes(checked: Checked) -> Iterator[Problem]:
    """Find the fences whose last line ends in a backslash."""
    for element in checked.elements:
        if not isinstance(element, Bash):
            continue
        lines = checked.lines_of(element.span.path)
        last = element.span.end_line
        line = lines[last - 1] if last <= len(lines) else ""
        following = lines[last] if last < len(lines) else "```"
        if line.rstrip().endswith("\\") and re.match(r" {0,3}`{3,}\s*$", following):
            yield checked.warn(
                "backslash",
                Span(element.span.path, last, last, len(line.rstrip()), 1),
                "the fence ends in a backslash, which continues the command",
                "remove the backslash, or add the rest of the command",
                Fix(element.span.path, last, last, (line.rstrip()[:-1].rstrip(),)),
            )


def find_missing_files(checked: Checked) -> Iterator[Problem]:
    """Find the manifests of rehearsals, and the files run by `$SHELL`, that do not exist."""
    folder = dirname(checked.path)
    for cluster, holds in checked.workshop.front_matter.rehearsal.items():
        for path in holds.get("manifests", ()):
            if not checked.exists(join(folder, path)):
                yield checked.warn(
                    "manifest",
                    checked.place_of(path, Span(checked.path, 1, _end_of_settings(checked))),
                    f"`{path}`, which the rehearsal of `{cluster}` needs, does not exist",
                    "paths are relative to the workshop's folder",
                )
    for element in checked.elements:
        if not isinstance(element, Bash):
            continue
        for words in element.commands:
            if words[0].strip('"') not in ("$SHELL", "${SHELL}") or len(words) < 2:
                continue
            path = unquote(words[1])
            if path is None or path.startswith("-"):
                continue
            if not checked.exists(path) and not checked.exists(join(folder, path)):
                yield checked.warn(
                    "shell-file",
                    checked.place_of(words[1], element.span),
                    f"there is no file `{path}`",
                    "check the name; it is relative to the folder in which the workshop is run",
                )


def _end_of_settings(checked: Checked) -> int:
    return len(checked.lines_of(checked.path))
