"""Reading `meshpeek: WORD ARGUMENT`, and giving a command what its annotations say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from meshpeek.workshop.model import REHEARSE, Command, Edit, Expectation, Mode, PromptAnswer
from meshpeek.workshop.parse.durations import parse_duration, parse_minutes
from meshpeek.workshop.parse.elements import Annotation
from meshpeek.workshop.parse.suggestions import find_closest, suggest
from meshpeek.workshop.parse.text_document import TextDocument
from meshpeek.workshop.parse.vocabulary import ANNOTATIONS, FINDINGS, Argument
from meshpeek.workshop.spans import Span

SHELL_COMMENT = "@#"
"""What begins a comment that demosh hides: to it a command, which is a comment of the shell."""

_PREFIX = "meshpeek"
_ANNOTATION = re.compile(
    rf"\s*(?P<hidden>{SHELL_COMMENT})?\s*(?P<prefix>[A-Za-z]+)(?P<colon>\s*:)?\s*(?P<rest>.*)",
    re.DOTALL,
)
_WORD_AND_ARGUMENT = re.compile(r"(?P<word>\S+)\s*(?P<argument>.*)", re.DOTALL)
_SIMILAR_PREFIX = 0.75
_SECOND = re.compile(
    rf"(?:\n\s*(?:{_PREFIX}\s*:)?|\b{_PREFIX}\s*:)\s*(?P<word>{'|'.join(ANNOTATIONS)})(?!\S)"
)
_REGULAR_EXPRESSION = re.compile(r"/(.+)/", re.DOTALL)
_ANSWER = re.compile(r"(/.+?/)\s+(.*)", re.DOTALL)
_CONFLICTS = (
    ("editor", "patch", "keep the one that says what the editor does"),
    ("stop", "timeout", "keep `stop` for a command that never ends by itself"),
)
"""Pairs of annotations that cannot hold for the same command, and what to do."""

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_RUN_WORDS = (*(mode.value for mode in Mode), REHEARSE)
_LARGEST_STATUS = 255


class _InvalidArgumentError(ValueError):
    """What is wrong with an annotation's argument."""


def read_annotation(document: TextDocument, text: str, line: int, column: int) -> Annotation | None:
    """Return the annotation in a comment's `text`, which begins at `line` and `column`.

    A text that begins with `@#` is hidden from demosh, to which it is a comment of the shell. None
    for any other comment, and for an invalid annotation, which is reported.
    """
    found = _ANNOTATION.match(text)
    if found is None or not _looks_like_annotation(found):
        return None

    def place(start: int, end: int) -> Span:
        before = text[:start]
        row = line + before.count("\n")
        first = column + start if row == line else start - before.rfind("\n")
        return Span(document.path, row, row, first, max(1, len(text[start:end].split("\n")[0])))

    prefix = place(*found.span("prefix"))
    rest = found.group("rest").rstrip()
    if found.group("hidden") and "\n" in rest:
        document.report(
            prefix,
            "an annotation that begins with `@#` ends in its line: demosh shows the next one",
            "write it in one line, or as `## meshpeek: …` in the fence",
        )
        return None
    second = _SECOND.search(rest)
    if second is not None:
        start, end = second.span("word")
        document.report(
            place(found.start("rest") + start, found.start("rest") + end),
            "several annotations in one comment",
            "write each in a comment of its own",
        )
        return None
    if found.group("prefix") != _PREFIX or not found.group("colon"):
        document.report(prefix, "annotations begin with `meshpeek:`", f"write `{_PREFIX}: {rest}`")
        return None
    parts = _WORD_AND_ARGUMENT.match(rest)
    if parts is None:
        document.report(prefix, "annotation without a word", suggest("", ANNOTATIONS))
        return None
    start = found.start("rest")
    word = parts.group("word")
    span = place(start, start + len(word))
    if word not in ANNOTATIONS:
        document.report(span, f"unknown annotation `{word}`", suggest(word, ANNOTATIONS))
        return None
    argument = parts.group("argument")
    try:
        value = _parse_argument(word, argument)
    except _InvalidArgumentError as wrong:
        first = start + parts.start("argument") if argument else start
        wrong_place = place(first, start + len(rest))
        document.report(wrong_place, str(wrong), f"write `{_PREFIX}: {ANNOTATIONS[word].usage}`")
        return None
    return Annotation(word, value, span)


def annotate(
    command: Command, annotations: Sequence[Annotation], documents: Mapping[str, TextDocument]
) -> Command:
    """Return the command with what its annotations say; report duplicates."""
    given: dict[str, list[Any]] = {}
    for annotation in annotations:
        values = given.setdefault(annotation.word, [])
        if values and not ANNOTATIONS[annotation.word].repeatable:
            documents[annotation.span.path].report(
                annotation.span,
                f"duplicate annotation `{annotation.word}` for the same command",
                "keep one of them",
            )
        values.append(annotation.value)
    for one, other, hint in _CONFLICTS:
        if one in given and other in given:
            second = max(
                (a for a in annotations if a.word in (one, other)),
                key=lambda annotation: annotation.span.line,
            )
            documents[second.span.path].report(
                second.span, f"conflicting annotations `{one}` and `{other}`", hint
            )
    changes = {word: values[-1] for word, values in given.items()}
    command = command.replace(
        checks=command.checks.replace(
            expect=tuple(given.get("expect", ())),
            reject=tuple(given.get("reject", ())),
            expect_error=tuple(given.get("expect-error", ())),
            exit_status=changes.get("exit", command.checks.exit_status),
            timeout=changes.get("timeout"),
            stop=changes.get("stop"),
            until=changes.get("until"),
        ),
        selection=command.selection.replace(
            only=changes.get("only", frozenset()),
            skip=changes.get("skip", frozenset()),
        ),
        answers=tuple(given.get("answer", ())),
        always="always" in given,
        name=changes.get("name"),
        tags=frozenset().union(*given.get("tags", ())),
        note=changes.get("note"),
    )
    if "editor" in given:
        command = command.replace(edit=Edit(command=changes["editor"]))
    elif "patch" in given:
        command = command.replace(edit=Edit(patch=changes["patch"]))
    return command


def _looks_like_annotation(found: re.Match[str]) -> bool:
    prefix = found.group("prefix").lower()
    if prefix == _PREFIX and found.group("colon"):
        return True
    if found.group("colon"):
        return find_closest(prefix, [_PREFIX], similarity=_SIMILAR_PREFIX) is not None
    parts = _WORD_AND_ARGUMENT.match(found.group("rest"))
    return prefix == _PREFIX and parts is not None and parts.group("word") in ANNOTATIONS


def _parse_argument(word: str, argument: str) -> object:
    takes = ANNOTATIONS[word].argument
    if takes is Argument.REQUIRED and not argument:
        raise _InvalidArgumentError(f"`{word}` needs an argument")
    if takes is Argument.NONE and argument:
        raise _InvalidArgumentError(f"`{word}` takes no argument")
    return _PARSERS[word](argument)


def _parse_text(argument: str) -> str:
    return argument


def _parse_expectation(argument: str) -> Expectation:
    expression = _REGULAR_EXPRESSION.fullmatch(argument)
    if expression is None:
        return Expectation(re.compile(re.escape(argument)), argument)
    try:
        return Expectation(re.compile(expression.group(1), re.MULTILINE), argument)
    except re.error as error:
        raise _InvalidArgumentError(f"invalid regular expression: {error.msg}") from None
    except (RecursionError, OverflowError):
        raise _InvalidArgumentError("regular expression too large") from None


def _parse_answer(argument: str) -> PromptAnswer:
    parts = _ANSWER.fullmatch(argument)
    if parts is None:
        raise _InvalidArgumentError("`answer` needs the prompt between slashes, and the text")
    return PromptAnswer(_parse_expectation(parts[1]), parts[2])


def _parse_status(argument: str) -> int | None:
    if argument == "any":
        return None
    if not re.fullmatch(r"\d{1,3}", argument, re.ASCII) or int(argument) > _LARGEST_STATUS:
        raise _InvalidArgumentError(
            f"invalid exit status `{argument}`: use 0 to {_LARGEST_STATUS}, or `any`"
        )
    return int(argument)


def _parse_seconds(argument: str) -> float:
    seconds = parse_duration(argument)
    if seconds is None:
        raise _InvalidArgumentError(f"invalid duration `{argument}`: use 30s, 5m or 1m30s")
    return seconds


def _parse_patch(argument: str) -> str:
    import json

    try:
        patch = json.loads(argument)
    except json.JSONDecodeError as error:
        raise _InvalidArgumentError(f"invalid JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise _InvalidArgumentError("JSON too large") from None
    if not isinstance(patch, list) or not all(
        isinstance(operation, dict) and {"op", "path"} <= operation.keys() for operation in patch
    ):
        raise _InvalidArgumentError(
            "not a JSON Patch: write a list of operations with `op` and `path`"
        )
    return argument


def _parse_runs(argument: str) -> frozenset[str]:
    words = re.split(r"[\s,]+", argument)
    for word in words:
        if word not in _RUN_WORDS:
            raise _InvalidArgumentError(
                f"unknown run `{word}`: use {', '.join(_RUN_WORDS[:-1])} or {_RUN_WORDS[-1]}"
            )
    return frozenset(words)


def _parse_name(argument: str) -> str:
    if not _NAME.fullmatch(argument):
        raise _InvalidArgumentError(
            f"invalid name `{argument}`: use letters, digits, `.`, `_` and `-`"
        )
    return argument


def _parse_tags(argument: str) -> frozenset[str]:
    return frozenset(_parse_name(tag) for tag in re.split(r"[\s,]+", argument))


def _parse_codes(argument: str) -> frozenset[str]:
    codes = re.split(r"[\s,]+", argument)
    for code in codes:
        if code not in FINDINGS:
            raise _InvalidArgumentError(f"unknown code `{code}`: {suggest(code, FINDINGS)}")
    return frozenset(codes)


def _parse_minutes(argument: str) -> float:
    minutes = parse_minutes(argument)
    if minutes is None:
        raise _InvalidArgumentError(f"invalid number of minutes `{argument}`: use 2 or 2.5")
    return minutes


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "expect": _parse_expectation,
    "reject": _parse_expectation,
    "expect-error": _parse_expectation,
    "exit": _parse_status,
    "timeout": _parse_seconds,
    "stop": _parse_seconds,
    "until": _parse_seconds,
    "answer": _parse_answer,
    "editor": _parse_text,
    "patch": _parse_patch,
    "only": _parse_runs,
    "skip": _parse_runs,
    "name": _parse_name,
    "tags": _parse_tags,
    "note": _parse_text,
    "always": _parse_text,
    "minutes": _parse_minutes,
    "allow": _parse_codes,
    "output": _parse_text,
}
