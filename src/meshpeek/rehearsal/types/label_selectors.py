"""Label selectors: as text (`app=web,tier in (a,b),!old`) and as LabelSelector objects.

Grammar, order and error wording are those of apimachinery's `labels.Parse`, with which the API
server reads `labelSelector` and command lines read their `--selector`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from meshpeek.rehearsal.types.name_validation import (
    label_value_problems,
    qualified_name_problems,
)
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import Cause, invalid_value

EXISTS = "exists"
DOES_NOT_EXIST = "!"

_OPERATORS = {"in": "in", "notin": "notin", "=": "=", "==": "==", "!=": "!=", ">": "gt", "<": "lt"}
_OF_OBJECTS = {"In": "in", "NotIn": "notin", "Exists": EXISTS, "DoesNotExist": DOES_NOT_EXIST}
_WORD = re.compile(r"!=|==|[=!(),<>]|[^ \t\r\n=!(),<>]+")
_INTEGER = re.compile("[-+]?[0-9]+")
_END = ""


class InvalidSelectorError(ValueError):
    """A text that is not a label selector, or one that a LabelSelector object cannot express."""


class Requirement(NamedTuple):
    """One term of a selector.

    `operator` is `in`, `notin`, `=`, `==`, `!=`, `gt`, `lt`, `exists` or `!`; `values` are sorted.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether `labels` meet the requirement."""
        value = labels.get(self.key)
        match self.operator:
            case "in" | "=" | "==":
                return value in self.values
            case "notin" | "!=":
                return value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "gt" | "lt":
                actual, bound = _integer(value or ""), _integer(self.values[0])
                if actual is None or bound is None:
                    return False
                return actual > bound if self.operator == "gt" else actual < bound
        return False

    def __str__(self) -> str:
        """Return the requirement as tables and messages of Kubernetes show it."""
        values = ",".join(self.values)
        match self.operator:
            case "in" | "notin":
                return f"{self.key} {self.operator} ({values})"
            case "=" | "==" | "!=":
                return f"{self.key}{self.operator}{values}"
            case "gt" | "lt":
                return f"{self.key}{'>' if self.operator == 'gt' else '<'}{values}"
            case "!":
                return f"!{self.key}"
        return self.key


def parse(selector: str) -> tuple[Requirement, ...]:
    """Return the requirements of a selector, ordered by key; raises InvalidSelectorError."""
    return tuple(sorted(_SelectorParser(selector).requirements(), key=lambda each: each.key))


def requirements_of(selector: Mapping[str, Any]) -> tuple[Requirement, ...]:
    """Return the requirements of a LabelSelector object, ordered by key."""
    found = [
        Requirement(key, "=", (value,))
        for key, value in (selector.get("matchLabels") or {}).items()
    ]
    for each in selector.get("matchExpressions") or ():
        operator = str(each.get("operator", ""))
        values = tuple(sorted(each.get("values") or ()))
        found.append(Requirement(each.get("key", ""), _OF_OBJECTS.get(operator, operator), values))
    return tuple(sorted(found, key=lambda each: each.key))


def matches(requirements: Iterable[Requirement], labels: Mapping[str, str]) -> bool:
    """Return whether `labels` meet all requirements."""
    return all(each.matches(labels) for each in requirements)


def to_label_selector(selector: str) -> Object:
    """Return the LabelSelector object that a text stands for, as metav1.ParseToLabelSelector does.

    Raises InvalidSelectorError, also for `!=`, `>` and `<`, which such an object does not have.
    """
    try:
        requirements = parse(selector)
    except InvalidSelectorError as error:
        message = f'couldn\'t parse the selector string "{selector}": {error}'
        raise InvalidSelectorError(message) from None
    names = {operator: name for name, operator in _OF_OBJECTS.items()}
    labels: dict[str, str] = {}
    expressions: list[Object] = []
    for key, operator, values in requirements:
        if operator in ("=", "=="):
            labels[key] = values[0]
        elif operator in names:
            expression: Object = {"key": key, "operator": names[operator]}
            expressions.append(expression | ({"values": list(values)} if values else {}))
        elif operator in ("gt", "lt"):
            raise InvalidSelectorError(f'"{operator}" isn\'t supported in label selectors')
        else:
            raise InvalidSelectorError(f'"{operator}" is not a valid label selector operator')
    result: Object = {}
    if labels:
        result["matchLabels"] = labels
    if expressions:
        result["matchExpressions"] = expressions
    return result


class _SelectorParser:
    """Reads a selector word by word; the end of the text reads as an empty word."""

    def __init__(self, selector: str) -> None:
        self._words: list[str] = [*_WORD.findall(selector), _END]

    def requirements(self) -> list[Requirement]:
        found: list[Requirement] = []
        while self._ahead() != _END:
            if not (self._ahead() == "!" or _is_identifier(self._ahead())):
                raise _expected(self._ahead(), ", expected: !, identifier, or 'end of string'")
            try:
                found.append(self._requirement())
            except InvalidSelectorError as error:
                raise InvalidSelectorError(f"unable to parse requirement: {error}") from None
            separator = self._next()
            if separator == _END:
                break
            if separator != ",":
                raise _expected(separator, ", expected: ',' or 'end of string'")
            if not (self._ahead() == "!" or _is_identifier(self._ahead())):
                raise _expected(self._ahead(), ", expected: identifier after ','")
        return found

    def _requirement(self) -> Requirement:
        is_negated = self._ahead() == "!"
        if is_negated:
            self._next()
        key = self._next()
        if not _is_identifier(key):
            raise _expected(key, ", expected: identifier")
        problems = qualified_name_problems(key)
        if problems:
            raise _invalid([invalid_value("<nil>", key, "; ".join(problems))])
        if is_negated:
            return Requirement(key, DOES_NOT_EXIST)
        if self._ahead() in (_END, ","):
            return Requirement(key, EXISTS)
        sign = self._next()
        operator = _OPERATORS.get(sign)
        if operator is None:
            raise _expected(sign, f", expected: {', '.join(_OPERATORS.values())}")
        values = self._values() if operator in ("in", "notin") else {self._exact_value()}
        return _checked(Requirement(key, operator, tuple(sorted(values))))

    def _values(self) -> set[str]:
        word = self._next()
        if word != "(":
            raise _expected(word, " expected: '('")
        if self._ahead() == ")":
            self._next()
            return {""}
        if not (self._ahead() == "," or _is_identifier(self._ahead())):
            raise _expected(self._ahead(), ", expected: ',', ')' or identifier")
        values = self._identifiers()
        self._next()
        return values

    def _identifiers(self) -> set[str]:
        """Read what stands in the parentheses; nothing between two commas is an empty value."""
        values: set[str] = set()
        while True:
            word = self._next()
            if _is_identifier(word):
                values.add(word)
                if self._ahead() == ")":
                    return values
                if self._ahead() != ",":
                    raise _expected(self._ahead(), ", expected: ',' or ')'")
            elif word == ",":
                if not values:
                    values.add("")
                if self._ahead() == ")":
                    return values | {""}
                if self._ahead() == ",":
                    self._next()
                    values.add("")
            else:
                raise _expected(word, ", expected: ',', or identifier")

    def _exact_value(self) -> str:
        if self._ahead() in (_END, ","):
            return ""
        word = self._next()
        if not _is_identifier(word):
            raise _expected(word, ", expected: identifier")
        return word

    def _ahead(self) -> str:
        return self._words[0]

    def _next(self) -> str:
        return self._words.pop(0) if len(self._words) > 1 else _END


def _is_identifier(word: str) -> bool:
    return word != _END and word[0] not in "=!(),<>"


def _integer(text: str) -> int | None:
    """Read an integer as Go's strconv.ParseInt does, within 64 bits."""
    if not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if -(1 << 63) <= value < 1 << 63 else None


def _checked(requirement: Requirement) -> Requirement:
    causes: list[Cause] = []
    if requirement.operator in ("gt", "lt") and _integer(requirement.values[0]) is None:
        detail = "for 'Gt', 'Lt' operators, the value must be an integer"
        causes.append(invalid_value("values[0]", requirement.values[0], detail))
    for index, value in enumerate(requirement.values):
        problems = label_value_problems(value)
        if problems:
            field = f"values[{index}][{requirement.key}]"
            causes.append(invalid_value(field, value, "; ".join(problems)))
    if causes:
        raise _invalid(causes)
    return requirement


def _expected(found: str, rest: str) -> InvalidSelectorError:
    return InvalidSelectorError(f"found '{found}'{rest}")


def _invalid(causes: list[Cause]) -> InvalidSelectorError:
    texts = [str(cause) for cause in causes]
    return InvalidSelectorError(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
