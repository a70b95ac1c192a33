"""The validation of names and labels, in apimachinery's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from meshpeek.rehearsal.types.status import Cause, invalid_value, required_value

_LABEL_PATTERN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_PATTERN = rf"{_LABEL_PATTERN}(\.{_LABEL_PATTERN})*"
_DNS_1035_PATTERN = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED_PATTERN = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE_PATTERN = f"({_QUALIFIED_PATTERN})?"
_LABEL_LENGTH = 63
_SUBDOMAIN_LENGTH = 253


def _with_pattern(text: str, examples: str, pattern: str) -> str:
    return f"{text} (e.g. {examples}, regex used for validation is '{pattern}')"


_LABEL_TEXT = _with_pattern(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character",
    "'my-name',  or '123-abc'",
    _LABEL_PATTERN,
)
_SUBDOMAIN_TEXT = _with_pattern(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character",
    "'example.com'",
    _SUBDOMAIN_PATTERN,
)
_DNS_1035_TEXT = _with_pattern(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character",
    "'my-name',  or 'abc-123'",
    _DNS_1035_PATTERN,
)
_NAME_TEXT = _with_pattern(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character",
    "'MyName',  or 'my.name',  or '123-abc'",
    _QUALIFIED_PATTERN,
)
_QUALIFIED_NAME_TEXT = (
    f"a qualified name {_NAME_TEXT} "
    "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)
_VALUE_TEXT = _with_pattern(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character",
    "'MyValue',  or 'my_value',  or '12345'",
    _VALUE_PATTERN,
)


def label_problems(name: str) -> list[str]:
    """Return what is wrong with `name` as an RFC 1123 label: a Namespace's or container's name."""
    return _problems(name, _LABEL_PATTERN, _LABEL_TEXT, _LABEL_LENGTH)


def subdomain_problems(name: str) -> list[str]:
    """Return what is wrong with `name` as an RFC 1123 subdomain: the name of most objects."""
    return _problems(name, _SUBDOMAIN_PATTERN, _SUBDOMAIN_TEXT, _SUBDOMAIN_LENGTH)


def dns_1035_problems(name: str) -> list[str]:
    """Return what is wrong with `name` as a DNS-1035 label: the name of a Service."""
    return _problems(name, _DNS_1035_PATTERN, _DNS_1035_TEXT, _LABEL_LENGTH)


def path_segment_problems(name: str) -> list[str]:
    """Return what is wrong with `name` as a part of a path: the name of a Role or binding."""
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{sign}'" for sign in "/%" if sign in name]


def label_value_problems(value: str) -> list[str]:
    """Return what is wrong with `value` as the value of a label."""
    return _problems(value, _VALUE_PATTERN, _VALUE_TEXT, _LABEL_LENGTH)


def qualified_name_problems(name: str) -> list[str]:
    """Return what is wrong with the name of a label or annotation: `name`, `example.com/name`."""
    *prefixes, rest = name.split("/")
    if len(prefixes) > 1:
        return [_QUALIFIED_NAME_TEXT]
    problems = []
    for prefix in prefixes:
        wrong = subdomain_problems(prefix) if prefix else ["must be non-empty"]
        problems += [f"prefix part {problem}" for problem in wrong]
    if not rest:
        problems.append("name part must be non-empty")
    elif len(rest) > _LABEL_LENGTH:
        problems.append(f"name part must be no more than {_LABEL_LENGTH} characters")
    if not re.fullmatch(_QUALIFIED_PATTERN, rest):
        problems.append(f"name part {_NAME_TEXT}")
    return problems


def check_labels(labels: Mapping[str, str], field: str) -> list[Cause]:
    """Check the names and values of labels at `field`."""
    causes = []
    for name, value in labels.items():
        causes += check_qualified_name(name, field)
        causes += [invalid_value(field, value, problem) for problem in label_value_problems(value)]
    return causes


def check_qualified_name(name: str, field: str) -> list[Cause]:
    """Check a name with an optional prefix (`example.com/name`), as labels and annotations have."""
    return [invalid_value(field, name, problem) for problem in qualified_name_problems(name)]


def check_container_port_name(name: str, field: str) -> list[Cause]:
    """Check the name of a container's port, which is an IANA service name."""
    if not name:
        return [required_value(field)]
    texts = []
    if len(name) > 15:
        texts.append("must be no more than 15 characters")
    if not re.fullmatch("[-a-z0-9]+", name):
        texts.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", name):
        texts.append("must contain at least one letter (a-z)")
    if "--" in name:
        texts.append("must not contain consecutive hyphens")
    if name[0] == "-" or name[-1] == "-":
        texts.append("must not begin or end with a hyphen")
    return [invalid_value(field, name, text) for text in texts]


def _problems(text: str, pattern: str, explanation: str, maximum: int) -> list[str]:
    problems = []
    if len(text) > maximum:
        problems.append(f"must be no more than {maximum} characters")
    if not re.fullmatch(pattern, text):
        problems.append(explanation)
    return problems
