"""Writing transcripts: a new one, or an update of an existing one.

An update changes what has to change and no other byte, so that comments stay and a review shows
what is new. PyYAML knows which bytes a value takes. ruamel.yaml keeps comments, but not the bytes
of unchanged values: it rewrites indentation, escapes, flow style and folded lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from meshpeek.sinks.transcripts.transcript import (
    RecordedStep,
    StepKey,
    Transcript,
    find_steps,
    number_identities,
)

if TYPE_CHECKING:
    from yaml import MappingNode, Node, SequenceNode

_HEADER = """\
# What {workshop} printed, step by step. `meshpeek ci {workshop} --against FILE` compares a run
# with it; `--update` as well brings it up to date, and keeps comments such as this one.
"""
_PRINTABLE = r"\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
"""What YAML 1.1 (5.1) allows unescaped, without its less usual line ends."""

_LITERAL = re.compile(rf"[\t\n{_PRINTABLE}]*")
_TO_ESCAPE = re.compile(rf"""[^{_PRINTABLE}]|["\\]""")
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\x1b": "\\e", '"': '\\"', "\\": "\\\\"}
_PLAIN = re.compile(r"[A-Za-z][\w.-]*")
_NO_STRINGS = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null")
_NO_STEPS = "  []\n"


class RecordingFacts(NamedTuple):
    """How a transcript was recorded: the date, the terminal's size, and the tools' versions."""

    recorded: str
    size: str | None = None
    versions: Mapping[str, str] = MappingProxyType({})


class _Layout(NamedTuple):
    """The columns of the steps' dashes and of their keys."""

    dash: int = 2
    keys: int = 4


def write_transcript(
    workshop: str, steps: Sequence[RecordedStep], facts: RecordingFacts | None = None
) -> str:
    """Return the text of a new transcript for the workshop at the path `workshop`."""
    head = "".join(f"{line}\n" for line in _fact_lines(facts).values()) if facts else ""
    return f"{_HEADER.format(workshop=workshop)}{head}steps:\n{_write_steps(steps, _Layout())}"


def _fact_lines(facts: RecordingFacts) -> dict[str, str]:
    """Return the lines of a facts, by their keys."""
    versions = ", ".join(f"{_scalar(k, 0)}: {_quote(v)}" for k, v in facts.versions.items())
    lines = {"recorded": f"recorded: {_quote(facts.recorded)}"}
    if facts.size:
        lines["size"] = f"size: {facts.size}"
    if facts.versions:
        lines["versions"] = f"versions: {{{versions}}}"
    return lines


def update_transcript(
    text: str,
    old: Transcript,
    new: Mapping[StepKey, RecordedStep],
    facts: RecordingFacts | None = None,
) -> str:
    """Return the transcript `text`, which `old` was read from, with the steps of `new`.

    Its facts changes if anything else does. As for the steps, see `_update_steps`.
    """
    updated = _update_steps(text, old, new)
    if facts is None:
        return updated
    before = RecordingFacts(old.recorded or "", old.size, old.versions)
    if updated == text and facts._replace(recorded=before.recorded) == before:
        return text
    return _update_facts(updated, facts)


def _update_facts(text: str, facts: RecordingFacts) -> str:
    lines = _fact_lines(facts)
    for key, value in reversed(_members(text)):
        start, end = key.start_mark.index, value.end_mark.index
        if key.value in lines and "\n" not in text[start:end]:
            text = text[:start] + lines.pop(key.value) + text[end:]
    # What is missing comes before `steps`.
    start = next(key.start_mark.index for key, _ in _members(text) if key.value == "steps")
    if start and not text[:start].endswith("\n"):
        return text
    return text[:start] + "".join(f"{line}\n" for line in lines.values()) + text[start:]


def _members(text: str) -> list[tuple[Node, Node]]:
    import yaml

    root = yaml.compose(text, yaml.SafeLoader)
    return list(root.value) if root else []


def _update_steps(text: str, old: Transcript, new: Mapping[StepKey, RecordedStep]) -> str:
    """Return the transcript `text`, which `old` was read from, with the steps of `new`.

    A step of `old` that `new` has changes in its values only; one that it lacks goes, with the
    comment above it; one that is new comes after the step that precedes it in `new`. A step in
    braces that changes is rewritten as a whole, and so are all steps if they are in brackets.
    """
    import yaml

    steps = find_steps(yaml.compose(text, yaml.SafeLoader))
    if steps is None:
        raise ValueError("not the text of a transcript")
    if steps.flow_style:
        head, tail = text[: steps.start_mark.index].rstrip(), text[steps.end_mark.index :]
        return f"{head}\n{_write_steps(list(new.values()), _Layout())}{tail.removeprefix(chr(10))}"
    layout = _layout(steps)
    first = _dash_line(text, steps.value[0].start_mark.index)
    ends = [_end(text, node) for node in steps.value]
    keys = number_identities(step.identity for step in old.steps)
    chunks = {
        key: _update_chunk(text[start:end], node, start, layout, step, new[key])
        for key, node, start, end, step in zip(
            keys, steps.value, [first, *ends[:-1]], ends, old.steps, strict=True
        )
        if key in new
    }
    body = "".join(chunks.get(key) or _write_step(step, layout) for key, step in new.items())
    return text[:first] + (body or _NO_STEPS) + text[ends[-1] :]


def _layout(steps: SequenceNode) -> _Layout:
    dash = steps.start_mark.column
    keys = [node.start_mark.column for node in steps.value if not node.flow_style]
    return _Layout(dash, keys[0] if keys else dash + 2)


def _dash_line(text: str, index: int) -> int:
    """Return where the line begins that has the dash of the step at `index`.

    Only blanks and comments are between the two.
    """
    start = _line_start(text, index)
    line = text[start:index]
    while line.partition("#")[0].strip() != "-":
        line, start = text[_line_start(text, start - 1) : start], _line_start(text, start - 1)
    return start


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _end(text: str, node: MappingNode) -> int:
    """Return where the line after a step's last value begins."""
    values = [node] if node.flow_style else [value for _, value in node.value]
    end: int = max(value.end_mark.index for value in values)
    if text[:end].endswith("\n"):  # a block of lines
        return end
    return (text.find("\n", end) + 1) or len(text)


def _update_chunk(
    chunk: str,
    node: MappingNode,
    offset: int,
    layout: _Layout,
    old: RecordedStep,
    new: RecordedStep,
) -> str:
    """Replace the values that have changed in a step's part of the text, the last one first."""
    places = {key.value: value for key, value in node.value}
    changes = _changes(old, new)
    is_another = ("screen" in places) != (new.screen != new.output)  # a key comes or goes
    if is_another or (changes and node.flow_style):
        return chunk[: _dash_line(chunk, node.start_mark.index - offset)] + _write_step(new, layout)
    for name, value in sorted(places.items(), key=lambda place: -place[1].start_mark.index):
        if name in changes:
            start, end = value.start_mark.index - offset, value.end_mark.index - offset
            line_end = "\n" if chunk[start:end].endswith("\n") else ""
            scalar = _scalar(changes[name], node.start_mark.column + 2)
            chunk = chunk[:start] + scalar + line_end + chunk[end:]
    return chunk if chunk.endswith("\n") else chunk + "\n"


def _changes(old: RecordedStep, new: RecordedStep) -> dict[str, str | int]:
    values: dict[str, str | int] = {"line": new.line, "status": new.status, "output": new.output}
    if old.screen != old.output or new.screen != new.output:
        values["screen"] = new.screen
    return {name: value for name, value in values.items() if getattr(old, name) != value}


def _write_steps(steps: Sequence[RecordedStep], layout: _Layout) -> str:
    return "".join(_write_step(step, layout) for step in steps) or _NO_STEPS


def _write_step(step: RecordedStep, layout: _Layout) -> str:
    values: dict[str, str | int | None] = {
        "name": step.name,
        "line": step.line,
        "text": step.text,
        "status": step.status,
        "output": step.output,
        "screen": None if step.screen == step.output else step.screen,
    }
    lines = [
        f"{key}: {_scalar(value, layout.keys + 2)}"
        for key, value in values.items()
        if value is not None
    ]
    dash = " " * layout.dash + "-".ljust(layout.keys - layout.dash)
    return dash + f"\n{' ' * layout.keys}".join(lines) + "\n"


def _scalar(value: str | int, column: int) -> str:
    """Return a value as YAML, in the style that reads best and keeps its type.

    `column` is where its lines begin, if it takes several.
    """
    if isinstance(value, int):
        return str(value)
    if _PLAIN.fullmatch(value) and not _NO_STRINGS.fullmatch(value):
        return value
    if not _LITERAL.fullmatch(value) or "\n" not in value.strip("\n") or value.endswith("\n\n"):
        return _quote(value)
    indentation = "2" if value[0] in " \n\t" else ""
    chomping = "" if value.endswith("\n") else "-"
    lines = (
        f"{' ' * column}{line}" if line else "" for line in value.removesuffix("\n").split("\n")
    )
    return "\n".join((f"|{indentation}{chomping}", *lines))


def _quote(value: str) -> str:
    """Return `value` in double quotes, the only style of YAML that can hold anything."""
    return f'"{_TO_ESCAPE.sub(_escape, value)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)  # below 0x10000: all characters above can stand as they are
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
