"""A transcript as data, and reading it from YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from meshpeek.errors import InputError
from meshpeek.workshop.model import AnyStep, Command
from meshpeek.workshop.problems import Problem, WorkshopError
from meshpeek.workshop.spans import Span

if TYPE_CHECKING:
    from yaml import Node, SequenceNode

_STEP_KEYS = "a step needs `text`, `line`, `status` and `output`; `name` and `screen` are optional"
HEADINGS = ("recorded", "size", "versions")
"""The keys of a transcript that tell how it was recorded."""

SIZE = re.compile(r"(\d{1,4})x(\d{1,4})")
"""Columns and rows of a terminal."""

_RE_RECORD = "correct it, or record it again with `meshpeek record`"


class StepKey(NamedTuple):
    """What identifies a command of a workshop, whatever its line.

    `identity` is its `name`, else its text; `number` counts commands of the same identity from 1.
    """

    identity: str
    number: int


class RecordedStep(NamedTuple):
    """What a command printed. `output` is without escape sequences, `screen` with them.

    `line` is where the command was, from 1, for people.
    """

    text: str
    name: str | None
    line: int
    status: int
    output: str
    screen: str

    @property
    def identity(self) -> str:
        """The name, or else the text."""
        return self.name or self.text


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript that has been read: its path, and its steps in the order of the run.

    `recorded` is the date (`2026-11-24`), `size` that of the terminal (`120x24`), and `versions`
    those of the tools, where the transcript has them.
    """

    path: str
    steps: tuple[RecordedStep, ...] = ()
    recorded: str | None = None
    size: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    def by_key(self) -> dict[StepKey, RecordedStep]:
        """Return the steps by their keys."""
        identities = (step.identity for step in self.steps)
        return dict(zip(number_identities(identities), self.steps, strict=True))


def number_identities(identities: Iterable[str]) -> Iterator[StepKey]:
    """Yield the keys of steps that have these identities."""
    seen: dict[str, int] = {}
    for identity in identities:
        seen[identity] = seen.get(identity, 0) + 1
        yield StepKey(identity, seen[identity])


def keys_of(
    steps: Iterable[AnyStep], mask: Callable[[str], str] = lambda text: text
) -> dict[int, StepKey]:
    """Return the keys of a workshop's commands, by the `id` of the command.

    `mask` hides secrets, as they are hidden in a transcript.
    """
    commands = [step for step in steps if isinstance(step, Command) and step.runs]
    identities = (mask(command.name or command.text) for command in commands)
    return {id(c): key for c, key in zip(commands, number_identities(identities), strict=True)}


def read_transcript(text: str, path: str) -> Transcript:
    """Return the transcript that `text`, the contents of the file `path`, holds.

    Raises WorkshopError, with the line, or InputError if it is not a transcript.
    """
    import yaml

    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (
            Span(path, mark.line + 1, mark.line + 1, mark.column + 1) if mark else Span(path, 1, 1)
        )
        raise _wrong(text, place, f"not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: {error}", hint=_RE_RECORD) from None
    steps = find_steps(root)
    if root is None or steps is None:
        place = Span(path, 1, 1)
        raise _wrong(text, place, "not a transcript: no list of `steps`")
    constructor = yaml.SafeLoader("")
    recorded = []
    for node in steps.value:
        line = node.start_mark.line + 1
        values = constructor.construct_document(node)
        if not isinstance(values, dict) or not _is_step(values):
            raise _wrong(text, Span(path, line, line, node.start_mark.column + 1), _STEP_KEYS)
        output: str = values["output"]
        recorded.append(
            RecordedStep(
                values["text"],
                values.get("name"),
                values["line"],
                values["status"],
                output,
                values.get("screen", output),
            )
        )
    found = {
        key.value: constructor.construct_document(node)
        for key, node in root.value
        if key.value in HEADINGS
    }
    size, versions = found.get("size"), found.get("versions") or {}
    if size is not None and not SIZE.fullmatch(str(size)):
        place = Span(path, 1, 1)
        raise _wrong(text, place, f"invalid size `{size}`; example: 120x24")
    return Transcript(
        path,
        tuple(recorded),
        recorded=str(found["recorded"]) if "recorded" in found else None,
        size=size,
        versions={str(tool): str(version) for tool, version in dict(versions).items()},
    )


def find_steps(root: Node | None) -> SequenceNode | None:
    """Return the YAML node of a transcript's steps, None if `root` is not a transcript's."""
    from yaml import MappingNode, SequenceNode

    if not isinstance(root, MappingNode):
        return None
    for key, value in root.value:
        if key.value == "steps":
            return value if isinstance(value, SequenceNode) else None
    return None


def _is_step(values: dict[Any, Any]) -> bool:
    kinds = {"text": str, "line": int, "status": int, "output": str}
    optional = {"name": str, "screen": str}
    return all(isinstance(values.get(key), kind) for key, kind in kinds.items()) and all(
        isinstance(values[key], optional[key]) if key in optional else key in kinds
        for key in values
    )


def _wrong(text: str, place: Span, message: str) -> WorkshopError:
    return WorkshopError([Problem.at(text, place, message, _RE_RECORD)])
