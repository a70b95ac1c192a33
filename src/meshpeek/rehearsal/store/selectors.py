"""Label and field selectors, as query parameters (and kubectl's `-l`) say them.

Grammar and error wording: apimachinery's `labels` and `fields` packages, and the field labels that
kube-apiserver 1.27 supports per kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from meshpeek.rehearsal.types.keys import (
    EVENTS,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    SECRETS,
    SERVICES,
    ResourceKey,
)
from meshpeek.rehearsal.types.status import ApiError, bad_request

Matcher = Callable[[Mapping[str, Any]], bool]

_LABEL_TOKEN = re.compile(r"\s*(notin\b|in\b|!=|==|=|>|<|!|\(|\)|,|[^\s=!<>(),]+)")
_FIELD_TERM = re.compile(r"([^=!]+)(!=|==|=)(.*)", re.DOTALL)

FIELD_LABELS: Mapping[ResourceKey, tuple[str, ...]] = {
    PODS: (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    EVENTS: (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    NAMESPACES: ("status.phase",),
    NODES: ("spec.unschedulable",),
    REPLICATION_CONTROLLERS: ("status.replicas",),
    SECRETS: ("type",),
    SERVICES: ("spec.clusterIP", "spec.type"),
    REPLICA_SETS: ("status.replicas",),
    JOBS: ("status.successful",),
}


def labels(selector: str) -> Matcher:
    """Return whether an object's labels match `selector`; raises ApiError (400) if malformed."""
    requirements = _LabelParser(selector).requirements()

    def match(obj: Mapping[str, Any]) -> bool:
        present = obj["metadata"].get("labels") or {}
        return all(requirement(present) for requirement in requirements)

    return match


def fields(key: ResourceKey, selector: str) -> Matcher:
    """Return whether an object's fields match; raises ApiError (400) for an unsupported field."""
    supported = ("metadata.name", "metadata.namespace", *FIELD_LABELS.get(key, ()))
    terms: list[tuple[list[str], bool, str]] = []
    for text in filter(None, selector.split(",")):
        term = _FIELD_TERM.fullmatch(text)
        if term is None:
            raise bad_request(
                f"unable to parse field selector: invalid selector: '{selector}'; "
                f"can't understand '{text}'"
            )
        if term[1] not in supported:
            raise bad_request(f"field label not supported: {term[1]}")
        path = "source.component" if term[1] == "source" else term[1]
        terms.append((path.split("."), term[2] != "!=", term[3]))

    def match(obj: Mapping[str, Any]) -> bool:
        return all((_field(obj, path) == value) is wanted for path, wanted, value in terms)

    return match


def both(key: ResourceKey, label_selector: str, field_selector: str) -> Matcher:
    """Return whether an object matches both selectors; an empty one matches everything."""
    if not label_selector and not field_selector:
        return lambda _: True
    matches_labels = labels(label_selector)
    matches_fields = fields(key, field_selector)
    return lambda obj: matches_labels(obj) and matches_fields(obj)


def _field(obj: Mapping[str, Any], path: list[str]) -> str:
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None and path[-1] in ("unschedulable", "hostNetwork"):
        return "false"
    return "" if value is None else str(value)


Requirement = Callable[[Mapping[str, str]], bool]


class _LabelParser:
    def __init__(self, selector: str) -> None:
        self._selector = selector
        self._tokens: list[str] = []
        position = 0
        while selector[position:].strip():
            token = _LABEL_TOKEN.match(selector, position)
            if token is None:
                raise self._malformed(f"unexpected {selector[position]!r}")
            self._tokens.append(token[1])
            position = token.end()

    def requirements(self) -> list[Requirement]:
        found: list[Requirement] = []
        while self._tokens:
            found.append(self._requirement())
            if self._tokens:
                self._expect(",")
                if not self._tokens:
                    raise self._malformed("found '', expected: identifier after ','")
        return found

    def _requirement(self) -> Requirement:
        if self._peek() == "!":
            self._next()
            absent = self._identifier()
            return lambda labels: absent not in labels
        name = self._identifier()
        operator = self._peek()
        if operator in ("", ","):
            return lambda labels: name in labels
        self._next()
        if operator in ("=", "=="):
            value = self._value()
            return lambda labels: labels.get(name) == value
        if operator == "!=":
            value = self._value()
            return lambda labels: labels.get(name) != value
        if operator in ("in", "notin"):
            values = self._values()
            if operator == "in":
                return lambda labels: labels.get(name) in values
            return lambda labels: labels.get(name) not in values
        if operator in (">", "<"):
            return self._comparison(name, operator)
        raise self._malformed(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")

    def _comparison(self, name: str, operator: str) -> Requirement:
        text = self._value()
        try:
            bound = int(text)
        except ValueError:
            raise self._malformed(
                f"values: Invalid value: \"{text}\": for 'Gt', 'Lt' operators, "
                "the value must be an integer"
            ) from None

        def compare(labels: Mapping[str, str]) -> bool:
            try:
                actual = int(labels.get(name, ""))
            except ValueError:
                return False
            return actual > bound if operator == ">" else actual < bound

        return compare

    def _values(self) -> frozenset[str]:
        self._expect("(")
        values = []
        while True:
            values.append(self._value())
            separator = self._next()
            if separator == ")":
                return frozenset(values)
            if separator != ",":
                raise self._malformed(f"found '{separator}', expected: ',' or ')'")

    def _identifier(self) -> str:
        token = self._next()
        if not token or token in ("=", "==", "!=", "!", "(", ")", ",", ">", "<"):
            raise self._malformed(f"found '{token}', expected: identifier")
        return token

    def _value(self) -> str:
        if self._peek() in ("", ",", ")"):
            return ""
        return self._identifier()

    def _peek(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _next(self) -> str:
        return self._tokens.pop(0) if self._tokens else ""

    def _expect(self, wanted: str) -> None:
        token = self._next()
        if token != wanted:
            raise self._malformed(f"found '{token}', expected: '{wanted}'")

    def _malformed(self, detail: str) -> ApiError:
        return bad_request(f"unable to parse requirement: {detail}")
