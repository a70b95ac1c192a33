"""Rules in CEL: what they see, what they say, and how long they may take."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.admission.cel.engine import OVER_BUDGET, Expression, ExpressionError
from meshpeek.rehearsal.admission.cel.rules import absent_functions, check_rules, rule_problems
from tests.rehearsal.in_memory import InMemory

Schema = dict[str, Any]


def schema_of(rule: str, **properties: Schema) -> Schema:
    spec = {
        "type": "object",
        "properties": properties,
        "x-kubernetes-validations": [{"rule": rule}],
    }
    return {"type": "object", "properties": {"spec": spec}}


def broken(rule: str, spec: Any, old: Any = None, **properties: Schema) -> list[str]:
    before = None if old is None else {"spec": old}
    causes = check_rules(schema_of(rule, **properties), {"spec": spec}, before)
    return [str(cause) for cause in causes]


INTEGER = {"type": "integer"}
STRING = {"type": "string"}
TEXTS = {"type": "array", "items": STRING}


@pytest.mark.parametrize(
    ("rule", "good", "bad", "kind"),
    [
        ("self.a < 3", 1, 5, INTEGER),
        ("self.a + 0.5 < 3.0", 1, 5, {"type": "number"}),
        ("size(self.a) <= 3", "äöü", "abcd", STRING),
        ("self.a.size() <= 3 && self.a != 'size()'", "äöü", "size()", STRING),
        ("self.a.matches('^[a-z]+$')", "abc", "ABC", STRING),
        ("self.a.lowerAscii() == 'abc'", "ABC", "ABCD", STRING),
        ("self.a.split('-').join('') == 'ab'", "a-b", "b-a", STRING),
        ("self.a.substring(1, 2) == 'b'", "abc", "cab", STRING),
        ("self.a.find('[0-9]+') == '12'", "x12y", "x13y", STRING),
        ("self.a.all(x, x.startsWith('a'))", ["ab", "ac"], ["b"], TEXTS),
        ("self.a.isSorted()", ["a", "b"], ["b", "a"], TEXTS),
        ("self.a.exists_one(x, x == 'a')", ["a", "b"], ["a", "a"], TEXTS),
        ("url(self.a).getHostname() == 'x.y'", "https://x.y:1/z", "https://z/x.y", STRING),
        ("isURL(self.a)", "https://x.y", "x.y", STRING),
        ("quantity(self.a).isLessThan(quantity('1Gi'))", "512Mi", "2Gi", STRING),
        ("duration(self.a) <= duration('1m')", "30s", "1h", STRING),
        (
            "self.a > timestamp('2020-01-01T00:00:00Z')",
            "2021-01-01T00:00:00Z",
            "2019-01-01T00:00:00Z",
            {"type": "string", "format": "date-time"},
        ),
        ("!has(self.a) || self.a > 0", 1, 0, INTEGER),
    ],
)
def test_rules_hold_or_do_not(rule: str, good: Any, bad: Any, kind: Schema) -> None:
    assert broken(rule, {"a": good}, a=kind) == []
    assert broken(rule, {"a": bad}, a=kind) == [
        f'spec: Invalid value: "object": failed rule: {rule}'
    ]


def test_names_that_are_not_cel_are_escaped() -> None:
    rule = "self.a__dash__b == 1 && self.__namespace__ == 'x' && self.c__underscores__d"
    properties = {"a-b": INTEGER, "namespace": STRING, "c__d": {"type": "boolean"}}
    assert broken(rule, {"a-b": 1, "namespace": "x", "c__d": True}, **properties) == []


def test_a_transition_is_looked_at_when_there_was_something_before() -> None:
    rule = "self.a >= oldSelf.a"
    assert broken(rule, {"a": 1}, a=INTEGER) == []
    assert broken(rule, {"a": 2}, {"a": 1}, a=INTEGER) == []
    assert broken(rule, {"a": 1}, {"a": 2}, a=INTEGER) != []


def test_items_go_on_by_the_keys_of_their_list() -> None:
    item = {
        "type": "object",
        "properties": {"name": STRING, "n": INTEGER},
        "x-kubernetes-validations": [{"rule": "self.n == oldSelf.n", "message": "fixed"}],
    }
    listed = {
        "type": "array",
        "items": item,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
    }
    schema = {"type": "object", "properties": {"parts": listed}}
    before = {"parts": [{"name": "a", "n": 1}, {"name": "b", "n": 2}]}
    after = {"parts": [{"name": "b", "n": 2}, {"name": "a", "n": 3}, {"name": "c", "n": 4}]}
    causes = check_rules(schema, after, before)
    assert [str(cause) for cause in causes] == ['parts[1]: Invalid value: "object": fixed']


def test_messages_can_be_expressions_and_paths_can_be_named() -> None:
    schema = schema_of("self.a < 3", a=INTEGER)
    rule = schema["properties"]["spec"]["x-kubernetes-validations"][0]
    rule |= {"messageExpression": "'not ' + string(self.a)", "fieldPath": ".a"}
    assert [str(each) for each in check_rules(schema, {"spec": {"a": 5}}, None)] == [
        'spec.a: Invalid value: "object": not 5'
    ]


def test_an_evaluation_that_fails_says_why() -> None:
    (text,) = broken("self.a < 3", {}, a=INTEGER)
    assert "rule evaluation error: no such key: a evaluating rule: self.a < 3" in text


def test_what_would_take_too_long_is_not_run() -> None:
    rule = "self.a.all(x, self.a.all(y, self.a.all(z, x + y + z >= 0)))"
    numbers = {"type": "array", "items": INTEGER}
    assert broken(rule, {"a": list(range(20))}, a=numbers) == []
    assert broken(rule, {"a": list(range(500))}, a=numbers) == [f"spec: Forbidden: {OVER_BUDGET}"]
    loops = "self.all(x, self.all(y, 'all(' == 'all('))"
    with pytest.raises(ExpressionError):
        Expression(loops).evaluate({"self": list(range(5000))})


def test_rules_that_are_not_cel_are_refused() -> None:
    (cause,) = rule_problems(schema_of("self.a <"), "schema")
    assert cause.field == "schema.properties[spec].x-kubernetes-validations[0].rule"
    assert "compilation failed" in cause.message


def test_functions_that_are_absent_are_named_and_their_rules_hold() -> None:
    rule = "format.dns1123Label().validate(self.a).hasValue()"
    assert "dns1123Label" in absent_functions(schema_of(rule))
    assert broken(rule, {"a": "x"}, a=STRING) == []


def test_a_custom_object_is_refused_for_a_rule() -> None:
    north = InMemory()
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema_of("self.min <= self.max", min=INTEGER, max=INTEGER)},
    }
    definition = {
        "metadata": {"name": "cels.ex.io"},
        "spec": {
            "group": "ex.io",
            "scope": "Namespaced",
            "names": {"plural": "cels", "kind": "Cel"},
            "versions": [version],
        },
    }
    place = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert "Warning" not in north.respond("POST", place, definition).headers
    cels = "/apis/ex.io/v1/namespaces/faces/cels"
    north.ok("POST", cels, {"metadata": {"name": "a"}, "spec": {"min": 1, "max": 2}})
    body = {"metadata": {"name": "b"}, "spec": {"min": 3, "max": 2}}
    status = north.refused(422, "POST", cels, body)
    assert status["message"].endswith(
        'spec: Invalid value: "object": failed rule: self.min <= self.max'
    )
    body["spec"] = {"min": "x", "max": 2}
    assert "were not checked" in north.refused(422, "POST", cels, body)["message"]
