"""The rules that schemas of CRDs have in CEL: `x-kubernetes-validations`.

Facts: apiextensions-apiserver 1.27's `cel` package: what `self` and `oldSelf` are, which rules are
looked at when, and the wording of refusals.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from meshpeek.rehearsal.admission.cel.engine import (
    OVER_BUDGET,
    ExpressionError,
    compiled,
)
from meshpeek.rehearsal.types.definition_schemas import RULES
from meshpeek.rehearsal.types.scalars import go_durations
from meshpeek.rehearsal.types.status import (
    Cause,
    forbidden_value,
    invalid_value,
    required_value,
)
from meshpeek.rehearsal.types.structural import Schema

UNCHECKED = (
    'Invalid value: "null": some validation rules were not checked because the object was invalid; '
    "correct the existing errors to complete validation"
)

_KEYWORDS = frozenset(
    (
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    )
)
_ESCAPED = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_NOTHING: Mapping[str, Any] = {}


def check_rules(schema: Schema, obj: Any, old: Any) -> list[Cause]:  # noqa: ANN401
    """Return which rules an object breaks; `old` is the stored one, None for a new object."""
    return list(_check(schema, obj, old, "", is_root=True))


def rule_problems(schema: object, path: str) -> Iterator[Cause]:
    """Yield the rules in a schema that are not CEL; `path` leads to the schema in its CRD."""
    for place, rule in _rules_in(schema, path):
        for name in ("rule", "messageExpression"):
            try:
                source = rule.get(name)
                if source:
                    compiled(source)
                elif name == "rule":
                    yield required_value(f"{place}.rule", "rule is not specified")
            except ExpressionError as error:
                yield invalid_value(f"{place}.{name}", source, str(error))


def absent_functions(schema: object) -> list[str]:
    """Return the functions in the rules of a schema that are absent here."""
    found: set[str] = set()
    for _, rule in _rules_in(schema, ""):
        for name in ("rule", "messageExpression"):
            if rule.get(name):
                found |= set(compiled(rule[name]).unknown_functions)
    return sorted(found)


def _rules_in(schema: object, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schema, Mapping):
        for index, rule in enumerate(schema.get(RULES) or ()):
            yield f"{path}.{RULES}[{index}]", rule
        for name, child in schema.items():
            if name == "properties" and isinstance(child, Mapping):
                for key, each in child.items():
                    yield from _rules_in(each, f"{path}.properties[{key}]")
            elif name in ("items", "additionalProperties"):
                yield from _rules_in(child, f"{path}.{name}")


def _check(
    schema: Schema,
    value: Any,  # noqa: ANN401
    old: Any,  # noqa: ANN401
    path: str,
    *,
    is_root: bool = False,
) -> Iterator[Cause]:
    if value is None:
        return
    if RULES in schema:
        yield from _check_here(schema, value, old, path, is_root=is_root)
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else _NOTHING
        properties = schema.get("properties") or _NOTHING
        additional = schema.get("additionalProperties")
        for name, child in value.items():
            of_child = properties.get(name) or additional
            if isinstance(of_child, Mapping):
                where = f"{path}.{name}" if path else name
                if name not in properties:
                    where = f"{path}[{name}]"
                yield from _check(of_child, child, before.get(name), where)
    elif isinstance(value, list):
        items = schema.get("items") or _NOTHING
        for index, item in enumerate(value):
            yield from _check(items, item, _counterpart(schema, item, old), f"{path}[{index}]")


def _check_here(
    schema: Schema,
    value: Any,  # noqa: ANN401
    old: Any,  # noqa: ANN401
    path: str,
    *,
    is_root: bool,
) -> Iterator[Cause]:
    variables = {"self": _converted(schema, value, is_root=is_root)}
    if old is not None:
        variables["oldSelf"] = _converted(schema, old, is_root=is_root)
    for rule in schema[RULES]:
        expression = compiled(rule["rule"])
        is_transition = "oldSelf" in expression.variables
        if (is_transition and old is None) or expression.unknown_functions:
            continue
        try:
            if expression.evaluate(variables) is True:
                continue
        except ExpressionError as error:
            if str(error) == OVER_BUDGET:
                yield forbidden_value(_shown(path), str(error))
                return
            detail = f"rule evaluation error: {error} evaluating rule: {rule['rule']}"
            yield _broken(schema, path, detail, rule)
            continue
        yield _broken(schema, path, _message(rule, variables), rule)


def _broken(schema: Schema, path: str, detail: str, rule: Mapping[str, Any]) -> Cause:
    place = f"{path}{rule.get('fieldPath', '')}".removeprefix("." if not path else "")
    kind = schema.get("type", "object")
    reason = rule.get("reason", "FieldValueInvalid")
    words = {
        "FieldValueForbidden": f"Forbidden: {detail}",
        "FieldValueRequired": f"Required value: {detail}",
        "FieldValueDuplicate": f'Duplicate value: "{kind}"',
    }
    text = words.get(reason, f'Invalid value: "{kind}": {detail}')
    return Cause(reason, _shown(place), text)


def _message(rule: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    if rule.get("messageExpression"):
        try:
            text = compiled(rule["messageExpression"]).evaluate(variables)
        except ExpressionError:
            text = ""
        if isinstance(text, str) and text.strip() and "\n" not in text:
            return text.strip()
    return str(rule.get("message") or f"failed rule: {rule['rule']}").strip()


def _counterpart(schema: Schema, item: Any, old: Any) -> Any:  # noqa: ANN401
    """Return the item of the stored list that an item goes on: known by the keys of the list."""
    keys = schema.get("x-kubernetes-list-map-keys")
    if not keys or not isinstance(item, dict) or not isinstance(old, list):
        return None
    for each in old:
        if isinstance(each, dict) and all(each.get(key) == item.get(key) for key in keys):
            return each
    return None


def _converted(schema: Schema, value: Any, *, is_root: bool = False) -> Any:  # noqa: ANN401
    """Return a JSON value as expressions see it: typed by its schema, with names escaped."""
    if isinstance(value, dict):
        properties = schema.get("properties") or _NOTHING
        additional = schema.get("additionalProperties")
        made = {}
        for name, child in value.items():
            if is_root and name in ("apiVersion", "kind"):
                made[name] = child
            elif is_root and name == "metadata":
                made[name] = {key: child[key] for key in ("name", "generateName") if key in child}
            elif name in properties:
                escaped = _escaped(name)
                if escaped is not None:
                    made[escaped] = _converted(properties[name], child)
            elif isinstance(additional, Mapping):
                made[name] = _converted(additional, child)
        return made
    if isinstance(value, list):
        items = schema.get("items") or _NOTHING
        return [_converted(items, item) for item in value]
    kind, form = schema.get("type"), schema.get("format")
    if kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind == "integer" and isinstance(value, float) and math.isfinite(value):
        return int(value)
    if isinstance(value, str) and form in ("date-time", "date"):
        return datetime.fromisoformat(value if form == "date-time" else f"{value}T00:00:00Z")
    if isinstance(value, str) and form == "duration":
        return timedelta(microseconds=go_durations.parse(value) // 1000)
    return value


def _escaped(name: str) -> str | None:
    """Return a property's name in expressions; None for one that cannot be written there."""
    if name in _KEYWORDS:
        return f"__{name}__"
    escaped = re.sub(r"__|[.\-/]", lambda found: _ESCAPED[found[0]], name)
    return escaped if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", escaped) else None


def _shown(path: str) -> str:
    return path or "<nil>"
