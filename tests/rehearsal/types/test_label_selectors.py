"""Label selectors behave as apimachinery's `labels.Parse` and `metav1.ParseToLabelSelector`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.rehearsal.types.label_selectors import (
    InvalidSelectorError,
    matches,
    parse,
    requirements_of,
    to_label_selector,
)

LABELS = {"app": "face", "n": "3"}
VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
    "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
KEY_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
OPERATORS = "in, notin, =, ==, !=, gt, lt"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", True),
        (" \t", True),
        ("app", True),
        ("!app", False),
        ("!tier", True),
        ("app=face", True),
        ("app==face", True),
        (" app = face , n = 3 ", True),
        ("app=face,n=4", False),
        ("app!=face", False),
        ("tier!=front", True),
        ("app in (face, color)", True),
        ("app in(color)", False),
        ("app notin (color)", True),
        ("app notin(face,color)", False),
        ("tier notin (front)", True),
        ("tier in (front)", False),
        ("n>2,n<4", True),
        ("n>3", False),
        ("app>1", False),
        ("tier>1", False),
        ("app=", False),
        ("mirror.linkerd.io/exported=remote-discovery", False),
    ],
)
def test_a_selector_matches_labels(selector: str, expected: bool) -> None:
    assert matches(parse(selector), LABELS) is expected


@pytest.mark.parametrize(
    ("selector", "normal"),
    [
        ("x=a,y=b,z=c", "x=a,y=b,z=c"),
        ("z=c,x=a", "x=a,z=c"),
        ("a in(b)", "a in (b)"),
        ("a notin(c,b)", "a notin (b,c)"),
        ("!a", "!a"),
        ("! a", "!a"),
        ("a!=b", "a!=b"),
        ("a == b", "a==b"),
        ("a > 1", "a>1"),
        ("a<1", "a<1"),
        ("x=", "x="),
        ("x= ,z= ", "x=,z="),
        ("\rx", "x"),
        ("in", "in"),
        ("notin=in", "notin=in"),
        ("a in (x,y,notin, z,in)", "a in (in,notin,x,y,z)"),
        ("x notin\n (abc)", "x notin (abc)"),
        ("x in ()", "x in ()"),
        ("x in (abc,)", "x in (,abc)"),
        ("x notin (, a)", "x notin (,a)"),
        ("x in (a,,b)", "x in (,a,b)"),
        ("x in (a,a)", "x in (a)"),
        ("0.1.2.domain/99 notin (10.10.100.1)", "0.1.2.domain/99 notin (10.10.100.1)"),
    ],
)
def test_selectors_are_read_in_order_of_their_keys(selector: str, normal: str) -> None:
    assert ",".join(map(str, parse(selector))) == normal


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a=b,", "found '', expected: identifier after ','"),
        ("a in (b),", "found '', expected: identifier after ','"),
        ("a=b,,c=d", "found ',', expected: identifier after ','"),
        ("a,=", "found '=', expected: identifier after ','"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("=face", "found '=', expected: !, identifier, or 'end of string'"),
        ("(", "found '(', expected: !, identifier, or 'end of string'"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("a in (b)c", "found 'c', expected: ',' or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("!!a", "unable to parse requirement: found '!', expected: identifier"),
        ("a==!b", "unable to parse requirement: found '!', expected: identifier"),
        ("a=(b)", "unable to parse requirement: found '(', expected: identifier"),
        ("a b", f"unable to parse requirement: found 'b', expected: {OPERATORS}"),
        ("a (", f"unable to parse requirement: found '(', expected: {OPERATORS}"),
        ("a!", f"unable to parse requirement: found '!', expected: {OPERATORS}"),
        ("a in", "unable to parse requirement: found '' expected: '('"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ("a in (=", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
        ("a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"),
        ("a in (,,)", "unable to parse requirement: found ')', expected: ',', or identifier"),
        (
            "app: web",
            f'unable to parse requirement: <nil>: Invalid value: "app:": name part {KEY_RULE}',
        ),
        (
            "a/b/c",
            'unable to parse requirement: <nil>: Invalid value: "a/b/c": a qualified name '
            f"{KEY_RULE} with an optional DNS subdomain prefix and '/' "
            "(e.g. 'example.com/MyName')",
        ),
        (
            "/a",
            'unable to parse requirement: <nil>: Invalid value: "/a": '
            "prefix part must be non-empty",
        ),
        (
            "a in (ok,-b)",
            f'unable to parse requirement: values[0][a]: Invalid value: "-b": {VALUE_RULE}',
        ),
        (
            "n>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' "
            "operators, the value must be an integer",
        ),
        (
            "n<1_0",
            "unable to parse requirement: values[0]: Invalid value: \"1_0\": for 'Gt', 'Lt' "
            "operators, the value must be an integer",
        ),
        (
            "n>9223372036854775808",
            "unable to parse requirement: values[0]: Invalid value: "
            "\"9223372036854775808\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        (
            "n>a-",
            "unable to parse requirement: [values[0]: Invalid value: \"a-\": for 'Gt', 'Lt' "
            "operators, the value must be an integer, "
            f'values[0][n]: Invalid value: "a-": {VALUE_RULE}]',
        ),
    ],
)
def test_malformed_selectors_are_refused(selector: str, message: str) -> None:
    with pytest.raises(InvalidSelectorError) as caught:
        parse(selector)
    assert str(caught.value) == message


@given(st.text(alphabet="ab=!,()<> in", max_size=12))
def test_what_is_read_reads_the_same_again(selector: str) -> None:
    try:
        requirements = parse(selector)
    except InvalidSelectorError:
        return
    again = parse(",".join(map(str, requirements)))
    assert again == requirements
    assert matches(again, LABELS) in (True, False)


OBJECTS: list[tuple[str, Any]] = [
    ("", {}),
    ("a=b,c==d", {"matchLabels": {"a": "b", "c": "d"}}),
    ("a in(b)", {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}),
    (
        "tier notin (web, api),!old,new,a=",
        {
            "matchLabels": {"a": ""},
            "matchExpressions": [
                {"key": "new", "operator": "Exists"},
                {"key": "old", "operator": "DoesNotExist"},
                {"key": "tier", "operator": "NotIn", "values": ["api", "web"]},
            ],
        },
    ),
]


@pytest.mark.parametrize(("selector", "expected"), OBJECTS)
def test_a_selector_becomes_an_object_and_an_object_a_selector(
    selector: str, expected: dict[str, Any]
) -> None:
    assert to_label_selector(selector) == expected
    assert [str(each).replace("==", "=") for each in parse(selector)] == [
        str(each) for each in requirements_of(expected)
    ]


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        (
            "a=b,",
            "couldn't parse the selector string \"a=b,\": found '', expected: identifier after ','",
        ),
        ("a!=b", '"!=" is not a valid label selector operator'),
        ("a>1", '"gt" isn\'t supported in label selectors'),
        ("a<1", '"lt" isn\'t supported in label selectors'),
    ],
)
def test_not_every_selector_becomes_an_object(selector: str, message: str) -> None:
    with pytest.raises(InvalidSelectorError) as caught:
        to_label_selector(selector)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"key": "app", "operator": "In", "values": ["face"]}, True),
        ({"key": "tier", "operator": "In", "values": ["face"]}, False),
        ({"key": "app", "operator": "NotIn", "values": ["face"]}, False),
        ({"key": "tier", "operator": "NotIn", "values": ["face"]}, True),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "tier", "operator": "Exists"}, False),
        ({"key": "tier", "operator": "DoesNotExist"}, True),
        ({"key": "app", "operator": "Like", "values": ["face"]}, False),
    ],
)
def test_an_object_matches_labels(expression: dict[str, Any], expected: bool) -> None:
    assert matches(requirements_of({"matchExpressions": [expression]}), LABELS) is expected
    assert matches(requirements_of({"matchLabels": {"n": "3"}}), LABELS)
    assert not matches(requirements_of({"matchLabels": {"n": "4"}}), LABELS)
