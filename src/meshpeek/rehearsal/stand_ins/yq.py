"""The stand-in for mikefarah's yq v4, as far as workshops use it to show parts of manifests.

Expressions: `.`, paths (`.spec.rules[0]`, `.metadata["x/y"]`), `select(document_index == N)`,
`select(PATH == VALUE)`, and these joined by `|`; `PATH = VALUE`, `(EXPRESSION) = VALUE` and
`del(PATH)`, where VALUE may be `env(NAME)` or `strenv(NAME)`. Documents that are selected whole are
printed as they are written, with their comments; those that are changed, without.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from meshpeek.rehearsal.types.yaml_documents import document_texts, dump_document, load_documents

_PIPE_CLOSED = 141  # what a shell sees of a Go program that SIGPIPE has ended
_INSTALL = "https://github.com/mikefarah/yq"
_ABOUT = "yq (meshpeek's rehearsal stand-in for yq v4)"
_STEP = re.compile(r"""\.?\[(\d+)\]|\.?\["([^"]*)"\]|\.([A-Za-z_][\w-]*)|\."([^"]*)\"""")
_SELECT = re.compile(r"select\((.*)\)", re.DOTALL)
_DELETION = re.compile(r"del\((.*)\)", re.DOTALL)
_ASSIGNMENT = re.compile(r"(\(.+\)|[^=]+?)\s*(?<![=!<>|+*-])=(?!=)\s*(.+)", re.DOTALL)
_ENVIRONMENT = re.compile(r"(str)?env\((\w+)\)")
_COMPARISON = re.compile(r"(.+?)\s*==\s*(.+)", re.DOTALL)
_DOCUMENT_INDEX = frozenset({"document_index", "documentIndex", "di"})


@dataclass(frozen=True, slots=True)
class Node:
    """A value on its way through an expression.

    `document` is the 0-based number of the document it is from, `text` that document as it is
    written while the value is still the whole of it.
    """

    value: Any
    document: int
    text: str | None = None


Stage = Callable[[Node], Iterator[Node]]


class YqError(Exception):
    """What is wrong, to be printed after `Error: `."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        expression, files = _operands(options.operands)
        stages = parse_expression(expression)
        # All files are read before one is written.
        results = {
            file: [result for node in _documents(file) for result in evaluate(stages, node)]
            for file in files
        }
        if options.in_place:
            for file, nodes in results.items():
                _write_in_place(file, _join(nodes, options))
        else:
            sys.stdout.write(_join([node for nodes in results.values() for node in nodes], options))
            sys.stdout.flush()
    except YqError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return 0


def _join(nodes: Sequence[Node], options: argparse.Namespace) -> str:
    separator = "" if options.no_doc or options.output == "json" else "---\n"
    return separator.join(_render(node, options.output) for node in nodes)


def _write_in_place(file: str, text: str) -> None:
    if file == "-":
        raise YqError("write in place flag only applicable when giving an expression and at least "
                      "one file")  # fmt: skip
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise YqError(f"open {file}: {(error.strerror or str(error)).lower()}") from None


class _YqParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(1, f"Error: {message}\n{_pointer()}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _YqParser(prog="yq", description=__doc__, allow_abbrev=False, epilog=_pointer())
    parser.add_argument("operands", nargs="*", metavar="expression file")
    parser.add_argument("-o", "--output-format", dest="output", choices=("yaml", "y", "json", "j"))
    parser.add_argument("-r", "--unwrapScalar", action="store_true", help="as it is anyway")
    parser.add_argument("-i", "--inplace", dest="in_place", action="store_true", help="change FILE")
    parser.add_argument("-N", "--no-doc", action="store_true", help="no --- between results")
    parser.add_argument("-V", "--version", action="version", version=_ABOUT)
    parser.set_defaults(output="yaml")
    return parser


def _pointer() -> str:
    return f"This is {_ABOUT}, which supports a small part of yq; for the real one see {_INSTALL}"


def _operands(operands: list[str]) -> tuple[str, list[str]]:
    words = operands[1:] if operands[:1] in (["eval"], ["e"]) else list(operands)
    if words[:1] in (["eval-all"], ["ea"]):
        raise YqError(f"the stand-in does not support eval-all. {_pointer()}")
    if words and (words[0] == "-" or Path(words[0]).is_file()):
        return ".", words
    if not words:
        return ".", ["-"]
    return words[0], words[1:] or ["-"]


def _documents(file: str) -> Iterator[Node]:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = raw.decode()
        texts, values = document_texts(text), load_documents(text)
    except FileNotFoundError:
        raise YqError(f"open {file}: no such file or directory") from None
    except OSError as error:
        raise YqError(f"open {file}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise YqError(f"bad file '{file}': not UTF-8 text") from None
    except yaml.YAMLError as error:
        raise YqError(f"bad file '{file}': {' '.join(str(error).split())}") from None
    for number, (value, written) in enumerate(zip(values, texts, strict=True)):
        yield Node(value, number, written)


def parse_expression(expression: str) -> list[Stage]:
    """Turn an expression into the stages a node goes through; raises YqError if unsupported."""
    if found := _DELETION.fullmatch(expression.strip()):
        steps = _path(found[1].strip(), expression)
        return [lambda node: iter([_without(node, steps)])]
    if not _SELECT.fullmatch(expression.strip()) and (
        found := _ASSIGNMENT.fullmatch(expression.strip())
    ):
        return [_assignment(found[1], found[2].strip(), expression)]
    return [_stage(part.strip(), expression) for part in _split(expression)]


def _split(expression: str) -> list[str]:
    """Cut at each `|` that is neither in quotes nor in parentheses."""
    parts, depth, quoted = [""], 0, False
    for character in expression:
        quoted ^= character == '"'
        if not quoted:
            depth += (character == "(") - (character == ")")
            if character == "|" and depth == 0:
                parts.append("")
                continue
        parts[-1] += character
    return parts


def _stage(text: str, expression: str) -> Stage:
    if text == ".":
        return lambda node: iter([node])
    if found := _SELECT.fullmatch(text):
        return _selection(found[1].strip(), expression)
    steps = _path(text, expression)
    return lambda node: iter([Node(_walk(node.value, steps), node.document)])


def _selection(condition: str, expression: str) -> Stage:
    found = _COMPARISON.fullmatch(condition)
    if not found:
        raise _unknown(expression)
    expected = _literal(found[2].strip(), expression)
    if found[1] in _DOCUMENT_INDEX:
        return lambda node: iter([node] if node.document == expected else [])
    steps = _path(found[1], expression)
    return lambda node: iter([node] if _equal(_walk(node.value, steps), expected) else [])


def _assignment(target: str, value: str, expression: str) -> Stage:
    *conditions, place = _split(target[1:-1] if target.startswith("(") else target)
    stages = [_stage(part.strip(), expression) for part in conditions]
    steps = _path(place.strip(), expression)
    if found := _ENVIRONMENT.fullmatch(value):
        text = os.environ.get(found[2])
        if text is None:
            raise YqError(f"Value for env variable '{found[2]}' not provided in env()")
        new = text if found[1] else yaml.safe_load(text)
    else:
        new = _literal(value, expression)

    def assign(node: Node) -> Iterator[Node]:
        is_meant = any(True for _ in evaluate(stages, node))
        yield Node(_with(node.value, steps, new), node.document) if is_meant else node

    return assign


def _with(value: Any, steps: Sequence[str | int], new: Any) -> Any:  # noqa: ANN401
    """Return `value` with `new` at a path, of which what lacks is made."""
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        items = list(value) if isinstance(value, list) else []
        items += [None] * (step + 1 - len(items))
        items[step] = _with(items[step], rest, new)
        return items
    if isinstance(value, list):
        raise YqError(f"cannot index array with '{step}'")
    fields = dict(value) if isinstance(value, dict) else {}
    return {**fields, step: _with(fields.get(step), rest, new)}


def _without(node: Node, steps: Sequence[str | int]) -> Node:
    """Return `node` without what is at a path; as it is if nothing is there."""
    parent, step = _walk(node.value, steps[:-1]), steps[-1] if steps else None
    if isinstance(parent, dict) and step in parent:
        kept: Any = {key: each for key, each in parent.items() if key != step}
    elif isinstance(parent, list) and isinstance(step, int) and step < len(parent):
        kept = [each for index, each in enumerate(parent) if index != step]
    else:
        return node
    return Node(_with(node.value, steps[:-1], kept), node.document)


def _path(text: str, expression: str) -> list[str | int]:
    if text == ".":
        return []
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        found = _STEP.match(text, position)
        if not found or (position == 0 and not text.startswith(".")):
            raise _unknown(expression)
        index, *names = found.groups()
        steps.append(int(index) if index else next(n for n in names if n is not None))
        position = found.end()
    if not steps:
        raise _unknown(expression)
    return steps


def _literal(text: str, expression: str) -> Any:  # noqa: ANN401
    if "*" in text or "?" in text:
        raise _unknown(expression)
    try:
        return json.loads(text)
    except ValueError:
        raise _unknown(expression) from None


def _equal(value: Any, expected: Any) -> bool:  # noqa: ANN401
    """Compare without Python's equality of True and 1."""
    return type(value) is type(expected) and bool(value == expected)


def _walk(value: Any, steps: Sequence[str | int]) -> Any:  # noqa: ANN401
    for step in steps:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        elif isinstance(value, list):
            raise YqError(f"cannot index array with '{step}'")
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _unknown(expression: str) -> YqError:
    return YqError(
        f"the stand-in does not support this expression: {expression}\n"
        'It supports ., .a.b[0], select(document_index == N), select(.kind == "X"), | between '
        f"them, .a = 1 and del(.a).\n{_pointer()}"
    )


def evaluate(stages: Sequence[Stage], node: Node) -> Iterator[Node]:
    """Send a node through the stages, in order."""
    if not stages:
        yield node
        return
    for result in stages[0](node):
        yield from evaluate(stages[1:], result)


def _render(node: Node, output: str) -> str:
    if output in ("json", "j"):
        return json.dumps(node.value, indent=2, ensure_ascii=False, default=str) + "\n"
    if node.text:
        return node.text if node.text.endswith("\n") else f"{node.text}\n"
    if isinstance(node.value, str):
        return f"{node.value}\n"
    return dump_document(node.value, indent_lists=True)
