"""The keys of front matter: a function for each, that reads its value from a YAML node.

Each raises InvalidNodeError for an invalid value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from meshpeek.workshop.model import (
    SHORTEST_SECRET,
    Context,
    Normalisation,
    NormalisationRule,
    Replacement,
    SectionPlan,
    StandIn,
)
from meshpeek.workshop.parse.durations import parse_duration, parse_minutes
from meshpeek.workshop.parse.setting_blocks.yaml_nodes import (
    InvalidNodeError,
    MappingEntry,
    read_list,
    read_mapping,
    read_text,
    read_truth,
    refuse_key,
)
from meshpeek.workshop.parse.sizes import SIZE_EXAMPLE, parse_size
from meshpeek.workshop.parse.suggestions import suggest
from meshpeek.workshop.parse.vocabulary import FINDINGS

if TYPE_CHECKING:
    from yaml import Node

COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red", "white", "black")
"""The colours a context may have, and the order in which those without one get theirs.

Each also exists as `bright_…`; `#rrggbb` is a colour, too.
"""

_COLOUR = re.compile(rf"(?:bright_)?(?:{'|'.join(COLOURS)})|#[0-9A-Fa-f]{{6}}")
_VERSION = re.compile(r"(?:v?\d+(?:\.\d+)*(?:[-+][\w.+-]+)?)?", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_STAND_INS = f"`false`, or some of [{', '.join(StandIn)}]"
_NORMALISE_KEYS = ("off", "replace")
_MATRIX_KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_MATRIX_OWN_KEY = "workshop"
"""The key that each job of the matrix has anyway: the workshop's path."""

_REHEARSAL_KEYS = ("manifests", "links", "install")


def read_contexts(node: Node) -> tuple[Context, ...]:
    """Return the contexts, with colours for those that have none: `[a, b]` or `{a: COLOUR}`."""
    from yaml import SequenceNode

    _refuse_word(node, "contexts")
    colours = iter(COLOURS * (1 + len(node.value) // len(COLOURS)))
    if isinstance(node, SequenceNode):
        names = [(entry, read_text(entry, "a context")) for entry in node.value]
        for index, (entry, name) in enumerate(names):
            if not name:
                raise InvalidNodeError(entry, "context without a name", "write a name")
            if name in (other for _, other in names[:index]):
                raise InvalidNodeError(entry, f"duplicate context `{name}`", "keep one of them")
        return tuple(Context(name, next(colours)) for _, name in names)
    contexts = []
    for item in read_mapping(node, "`contexts`"):
        colour = read_text(item.value, "a colour") or next(colours)
        if not _COLOUR.fullmatch(colour):
            raise InvalidNodeError(
                item.value, f"unknown colour `{colour}`", suggest(colour, COLOURS)
            )
        contexts.append(Context(item.name, colour))
    return tuple(contexts)


def read_current(node: Node) -> str:
    """Return the context that commands without one reach."""
    return read_text(node, "the current context")


def _refuse_word(node: Node, key: str) -> None:
    """Refuse a single word where there is a list: say what that looks like."""
    from yaml import ScalarNode

    if isinstance(node, ScalarNode) and node.value:
        words = ", ".join(str(node.value).replace(",", " ").split())
        raise InvalidNodeError(node, f"`{key}` must be a list", f"write `{key}: [{words}]`")


def read_requires(node: Node) -> Mapping[str, str]:
    """Return the tools and their minimum versions: `[tool]` or `{tool: VERSION}`."""
    _refuse_word(node, "requires")
    from yaml import SequenceNode

    if isinstance(node, SequenceNode):
        return MappingProxyType({read_text(entry, "a tool"): "" for entry in node.value})
    versions = {}
    for item in read_mapping(node, "`requires`"):
        version = read_text(item.value, "a version").removeprefix(">=").strip()
        if not _VERSION.fullmatch(version):
            raise InvalidNodeError(
                item.value, f"invalid version `{version}`", "write a minimum such as 1.20"
            )
        versions[item.name] = version
    return MappingProxyType(versions)


def read_environment(node: Node) -> Mapping[str, str]:
    """Return the variables of the session: `{NAME: value}`, or `{NAME: {value: …, secret: true}}`.

    One that is a secret and has no value is the caller's.
    """
    variables = {}
    for item in read_mapping(node, "`env`"):
        _check_variable(item.key, item.name)
        value = _read_variable(item.value)
        if value.text is not None:
            variables[item.name] = value.text
    return MappingProxyType(variables)


def read_secret_variables(node: Node) -> frozenset[str]:
    """Return the names of the variables in `env` that are marked as secrets."""
    items = read_mapping(node, "`env`")
    return frozenset(item.name for item in items if _read_variable(item.value).is_secret)


class _Variable(NamedTuple):
    text: str | None
    is_secret: bool


def _read_variable(node: Node) -> _Variable:
    from yaml import MappingNode

    if not isinstance(node, MappingNode):
        return _Variable(read_text(node, "a variable's value"), is_secret=False)
    text, is_secret = None, False
    for item in read_mapping(node, "a variable"):
        match item.name:
            case "value":
                text = read_text(item.value, "a variable's value")
            case "secret":
                is_secret = read_truth(item.value, "`secret`")
            case _:
                refuse_key(item.key, ("value", "secret"), item.value)
    if text is None and not is_secret:
        raise InvalidNodeError(
            node, "variable without a value", "add `value: …`, or `secret: true`"
        )
    if is_secret and text and len(text) < SHORTEST_SECRET:
        raise InvalidNodeError(
            node,
            f"a secret of {len(text)} characters is too short to hide",
            f"use {SHORTEST_SECRET} or more, or remove `secret`",
        )
    return _Variable(text, is_secret)


def read_secrets(node: Node) -> frozenset[str]:
    """Return the names of variables of the caller's environment that are secrets: `[NAME]`."""
    names = set()
    for entry in read_list(node, "`secrets`"):
        name = read_text(entry, "a secret")
        _check_variable(entry, name)
        names.add(name)
    return frozenset(names)


def _check_variable(node: Node, name: str) -> None:
    if not _VARIABLE.fullmatch(name):
        raise InvalidNodeError(
            node, f"invalid variable name `{name}`", "use letters, digits and `_`"
        )


def read_timeout(node: Node) -> float:
    """Return a duration in seconds."""
    text = read_text(node, "`timeout`")
    seconds = parse_duration(text)
    if seconds is None:
        raise InvalidNodeError(
            node, f"invalid duration `{text}`", "write one such as 30s, 5m or 1m30s"
        )
    return seconds


def read_size(node: Node) -> tuple[int, int]:
    """Return columns and rows."""
    text = read_text(node, "`size`")
    size = parse_size(text)
    if size is None:
        raise InvalidNodeError(
            node, f"invalid size `{text}`", f"write columns and rows, such as {SIZE_EXAMPLE}"
        )
    return size


def read_rehearsal(node: Node) -> Mapping[str, Any]:
    """Return what each embedded cluster holds: `{manifests: […], links: […], install: […]}`."""
    clusters = {}
    for cluster in read_mapping(node, "`rehearsal`"):
        holds: dict[str, list[str]] = {}
        for item in read_mapping(cluster.value, f"`{cluster.name}`"):
            if item.name not in _REHEARSAL_KEYS:
                refuse_key(item.key, _REHEARSAL_KEYS, item.value)
            holds[item.name] = [
                read_text(entry, f"each of `{item.name}`")
                for entry in read_list(item.value, f"`{item.name}`")
            ]
        clusters[cluster.name] = MappingProxyType(holds)
    return MappingProxyType(clusters)


def read_install(node: Node) -> tuple[str, ...]:
    """Return what is installed on each embedded cluster that does not say it itself: `[NAME]`."""
    _refuse_word(node, "install")
    return tuple(read_text(entry, "an installation") for entry in read_list(node, "`install`"))


def read_sealed(node: Node) -> bool:
    """Return whether a rehearsal has a network of its own."""
    return read_truth(node, "`sealed`")


def read_stand_ins(node: Node) -> frozenset[StandIn]:
    """Return what is stood in for when nobody is there: `false` for nothing, or a list."""
    from yaml import ScalarNode

    if isinstance(node, ScalarNode):
        if node.value.lower() == "false":
            return frozenset()
        raise InvalidNodeError(node, "`stand-ins` must be a list or `false`", f"write {_STAND_INS}")
    chosen = set()
    for entry in read_list(node, "`stand-ins`"):
        name = read_text(entry, "a stand-in")
        if name not in list(StandIn):
            raise InvalidNodeError(entry, f"unknown stand-in `{name}`", suggest(name, StandIn))
        chosen.add(StandIn(name))
    return frozenset(chosen)


def read_normalise(node: Node) -> Normalisation:
    """Return how outputs are made comparable: `{off: [RULE], replace: {REGEX: TEXT}}`."""
    off: set[NormalisationRule] = set()
    replacements: list[Replacement] = []
    for item in read_mapping(node, "`normalise`"):
        if item.name == "off":
            for entry in read_list(item.value, "`off`"):
                name = read_text(entry, "a rule")
                if name not in list(NormalisationRule):
                    hint = suggest(name, NormalisationRule)
                    raise InvalidNodeError(entry, f"unknown rule `{name}`", hint)
                off.add(NormalisationRule(name))
        elif item.name == "replace":
            for rule in read_mapping(item.value, "`replace`"):
                replacements.append(_read_replacement(rule))
        else:
            refuse_key(item.key, _NORMALISE_KEYS, item.value)
    return Normalisation(frozenset(off), tuple(replacements))


def _read_replacement(rule: MappingEntry) -> Replacement:
    text = read_text(rule.value, "what is put in its place")
    try:
        pattern = re.compile(rule.name)
        re.compile(f"{rule.name}|").sub(text, "")  # which finds something, and so reads the text
    except (re.error, IndexError) as error:
        raise InvalidNodeError(
            rule.key,
            f"invalid regular expression `{rule.name}`: {error}",
            "use the syntax of Python's re",
        ) from None
    return Replacement(pattern, text)


def read_minutes(node: Node) -> tuple[SectionPlan, ...]:
    """Return the plan of a talk: `{SECTION: MINUTES}`."""
    planned = []
    for item in read_mapping(node, "`minutes`"):
        text = read_text(item.value, "a number of minutes")
        minutes = parse_minutes(text)
        if minutes is None:
            raise InvalidNodeError(
                item.value, f"invalid number of minutes `{text}`", "write 2 or 2.5"
            )
        planned.append(SectionPlan(item.name, minutes, item.key.start_mark.line + 1))
    return tuple(planned)


def read_pytest(node: Node) -> bool:
    """Return whether pytest collects the workshop unasked."""
    return read_truth(node, "`pytest`")


def read_matrix(node: Node) -> Mapping[str, tuple[str, ...]]:
    """Return the versions to test with: `{NAME: [VERSION, …]}`, of whatever has versions."""
    matrix = {}
    for item in read_mapping(node, "`matrix`"):
        if not _MATRIX_KEY.fullmatch(item.name) or item.name == _MATRIX_OWN_KEY:
            message = f"invalid name `{item.name}` of something that has versions"
            raise InvalidNodeError(
                item.key, message, "use letters, digits, `_` and `-`, not `workshop`"
            )
        versions: list[str] = []
        for entry in read_list(item.value, f"`{item.name}`"):
            version = read_text(entry, "a version")
            if not version:
                raise InvalidNodeError(entry, "empty version", "write one, such as 1.27")
            if version in versions:
                raise InvalidNodeError(entry, f"duplicate version `{version}`", "keep one of them")
            versions.append(version)
        if not versions:
            raise InvalidNodeError(
                item.value, f"`{item.name}` has no version", "write one, such as `[1.27]`"
            )
        matrix[item.name] = tuple(versions)
    return MappingProxyType(matrix)


def read_lint(node: Node) -> frozenset[str]:
    """Return the codes of what `meshpeek lint` is not to warn of: `{off: [CODE]}`."""
    codes = set()
    for item in read_mapping(node, "`lint`"):
        if item.name != "off":
            refuse_key(item.key, ("off",), item.value)
        for entry in read_list(item.value, "`off`"):
            code = read_text(entry, "a code")
            if code not in FINDINGS:
                raise InvalidNodeError(entry, f"unknown code `{code}`", suggest(code, FINDINGS))
            codes.add(code)
    return frozenset(codes)


READERS: Mapping[str, Callable[[Node], Any]] = MappingProxyType(
    {
        "contexts": read_contexts,
        "current": read_current,
        "requires": read_requires,
        "env": read_environment,
        "secrets": read_secrets,
        "timeout": read_timeout,
        "size": read_size,
        "minutes": read_minutes,
        "stand-ins": read_stand_ins,
        "normalise": read_normalise,
        "rehearsal": read_rehearsal,
        "sealed": read_sealed,
        "install": read_install,
        "pytest": read_pytest,
        "matrix": read_matrix,
        "lint": read_lint,
    }
)
"""The keys of front matter. A dash in one is an underscore in the name of FrontMatter's field."""
