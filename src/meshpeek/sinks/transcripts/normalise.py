"""Normalising output: ages, hashes, addresses and times differ from run to run.

The result is lines that are equal when they mean the same. Most of what changes becomes a word such
as `<age>`. So does an address, which is kept beside the line: its value does not matter, but the
same address has to stay the same. What somebody may have set (a timeout, a port, the order that a
command asks for) stays: only what Kubernetes makes up is overlooked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from meshpeek.workshop.model import Normalisation, NormalisationRule

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names, as in k8s.io/apimachinery/pkg/util/rand: nothing is spelt."""

_POD_HASH = re.compile(rf"(?<=-)[{_SAFE}]{{6,10}}-[{_SAFE}]{{5}}\b")
_REPLICASET_HASH = re.compile(rf"(?<=[-=: ])(?=[{_SAFE}]*\d)[{_SAFE}]{{8,10}}\b")
_IDENTIFIER = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_ADDRESS = re.compile(
    r"(?<![\w.-])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w-]|[\d.]*\d)"
)
_VERSION_BEFORE = re.compile(r"(?i)\b(?:version|release)\W{1,3}$")
_SET_ADDRESS = re.compile(r"127\.|0\.0\.0\.0$|255\.255\.255\.255$")
"""Addresses that nobody assigns: somebody has set them."""

_PRIVATE_ADDRESS = re.compile(
    r"10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\."
)
ADDRESS_WORD = re.compile("<(?:public )?address>")
"""What stands for an address in a line."""

_PORT = re.compile(
    r"(?:(?<=address>:)|(?<=localhost:)|(?<=\d\.\d:)|(?<=\d\.\d\d:)|(?<=\d\.\d\d\d:))\d{5}\b(?!-)"
    r"|(?<=\d:)\d{5}(?=/(?:TCP|UDP)\b)"
)
_FIRST_MADE_UP_PORT = 30000
"""Node ports begin here, and the ports that systems give to clients are higher still."""

_NUMBER_LIKE_A_PORT = re.compile(r"\b\d{5}\b")
_URL_TOKEN = re.compile(r"(?<=/)[0-9a-f]{24,}(?=/|\b)")
_RESOURCE_VERSION = re.compile(
    r"""(?<=resourceVersion: )["']?\d+["']?|(?<="resourceVersion":)\s*"\d+\""""
)
_TIMESTAMP = re.compile(
    r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?(?: [+-]\d{4})?(?: \w+)?"
    r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d{2} \w{3} \d{4} \d\d:\d\d:\d\d(?: [+-]\d{4}| \w+)?"
)
_END_OF_VALIDITY = re.compile(r"(?i)(?:not ?after|expir\w*|valid ?(?:un)?til)\W{1,4}$")
_UNIT = r" ?(?:ns|µs|us|ms|s|seconds)\b"
_MEASURED = re.compile(
    rf"\b\d+m\d+\.\d+s\b|\b\d+\.\d{{3,}}{_UNIT}"
    rf"|(?P<before>\b(?i:in|took|elapsed|time|total|real|user|sys)[ =:\t]+|[(\[])"
    rf"(?:\d+\.\d+{_UNIT}|\d+ ms\b)"
)
_AGO = re.compile(r"\b(?:\d+[smhdy]){1,2}(?= ago\b)|(?<=\bover )(?:\d+[smhdy]){1,2}")
_AGE = re.compile(r"(?:\d+[smhdy]){1,2}|<unknown>|<invalid>")
_AGE_COLUMNS = ("AGE", "LAST SEEN", "FIRST SEEN", "LAST SCHEDULE", "DURATION", "SINCE")
_EVENTS_COLUMN = "LAST SEEN"
_DESCRIBED_AGE = re.compile(r"^(\s*Age:\s+)\S+$")
_COLUMN = re.compile(r" {2,}|\t+")
_SEPARATOR = "   "
_TITLE = r"[A-Z][A-Z0-9()/%_-]*(?: [A-Z0-9()/%_-]+)*"
_HEADER = re.compile(rf"{_TITLE}(?:(?: {{2,}}|\t+){_TITLE})*\s*")
_LEAST_COLUMNS, _LEAST_COLUMNS_WITHOUT_HEADER = 2, 3
_LISTING = re.compile(r"\b(?:kubectl|oc)\b.*\bget\b|\bhelm\b.*\b(?:ls|list)\b", re.DOTALL)
_IN_ORDER = re.compile(r"--sort-by\b|\bsort\b")
_GENERATED = re.compile(r"<hash>|(?<!\S)\d+/\d+(?!\S)")
"""What a row of Kubernetes' own has: a generated name, or how many are ready."""


class OutputLine(NamedTuple):
    """A normalised line, and the addresses that it had in the place of `<address>`, in order."""

    text: str
    addresses: tuple[str, ...] = ()


class Source(NamedTuple):
    """Where an output comes from: the text of its `command`, and what the workshop has set.

    `day` is when it was written, as `2026-11-24`, if that is known: an expiry before it is told
    apart from one after it.
    """

    command: str = ""
    ports: frozenset[str] = frozenset()
    day: str | None = None


_UNKNOWN = Source()


def find_ports(texts: Iterable[str]) -> frozenset[str]:
    """Return the numbers in the text of a workshop that may be ports: those are set by it."""
    return frozenset(number for text in texts for number in _NUMBER_LIKE_A_PORT.findall(text))


def normalise(output: str, settings: Normalisation, source: Source = _UNKNOWN) -> list[OutputLine]:
    """Return the lines of `output` (text without escape sequences) normalised for comparison."""
    lines = [_normalise_line(line, settings, source) for line in output.split("\n")]
    if lines and not lines[-1].text:
        lines.pop()
    return list(_normalise_tables(lines, settings, source))


def _normalise_line(line: str, settings: Normalisation, source: Source) -> OutputLine:
    for replacement in settings.replacements:
        line = replacement.pattern.sub(replacement.text, line)
    for rule, change in _CHANGES:
        if rule not in settings.off:
            line = change(line, source)
    if NormalisationRule.ADDRESSES in settings.off:
        return OutputLine(line)
    addresses: list[str] = []
    line = _ADDRESS.sub(partial(_name_address, addresses), line)
    if NormalisationRule.PORTS not in settings.off:
        line = _PORT.sub(partial(_name_port, source.ports), line)
    return OutputLine(line, tuple(addresses))


def _name_address(found: list[str], match: re.Match[str]) -> str:
    address = match[0]
    if _SET_ADDRESS.match(address) or _VERSION_BEFORE.search(match.string[: match.start()]):
        return address
    found.append(address)
    return "<address>" if _PRIVATE_ADDRESS.match(address) else "<public address>"


def _name_port(set_ports: frozenset[str], match: re.Match[str]) -> str:
    is_made_up = int(match[0]) >= _FIRST_MADE_UP_PORT and match[0] not in set_ports
    return "<port>" if is_made_up else match[0]


def _name_time(source: Source, match: re.Match[str]) -> str:
    is_over = source.day is not None and match[0][:10] < source.day and match[0][0].isdigit()
    if is_over and _END_OF_VALIDITY.search(match.string[: match.start()]):
        return "<time in the past>"
    return "<time>"


def _normalise_ages(line: str, _source: Source) -> str:
    line = _AGO.sub("<age>", line)
    return _DESCRIBED_AGE.sub(r"\1<age>", line)


def _name_duration(match: re.Match[str]) -> str:
    return f"{match['before'] or ''}<duration>"


_CHANGES: Sequence[tuple[NormalisationRule, Callable[[str, Source], str]]] = (
    (
        NormalisationRule.UIDS,
        lambda line, _: _IDENTIFIER.sub("<uid>", _URL_TOKEN.sub("<token>", line)),
    ),
    (
        NormalisationRule.TIMESTAMPS,
        lambda line, source: _TIMESTAMP.sub(partial(_name_time, source), line),
    ),
    (
        NormalisationRule.RESOURCE_VERSIONS,
        lambda line, _: _RESOURCE_VERSION.sub("<version>", line),
    ),
    (
        NormalisationRule.HASHES,
        lambda line, _: _REPLICASET_HASH.sub("<hash>", _POD_HASH.sub("<hash>", line)),
    ),
    (NormalisationRule.DURATIONS, lambda line, _: _MEASURED.sub(_name_duration, line)),
    (NormalisationRule.AGES, _normalise_ages),
)


def _normalise_tables(
    lines: Sequence[OutputLine], settings: Normalisation, source: Source
) -> Iterator[OutputLine]:
    """Yield the lines, with ages, widths and order normalised in what looks like a table."""
    block: list[OutputLine] = []
    for line in lines:
        columns = len(_COLUMN.split(line.text.strip()))
        # `kubectl get a,b` of old versions prints one table right after the other.
        if columns < _LEAST_COLUMNS or _HEADER.fullmatch(line.text):
            yield from _normalise_block(block, settings, source)
            block = []
        if columns < _LEAST_COLUMNS:
            yield line
        else:
            block.append(line)
    yield from _normalise_block(block, settings, source)


def _normalise_block(
    rows: Sequence[OutputLine], settings: Normalisation, source: Source
) -> Iterator[OutputLine]:
    """Yield adjacent lines of several columns; they are a table with a header or equal columns.

    A listing that lost its header (`kubectl get pods | grep color`) has the age at its end.
    """
    if not rows:
        return
    has_header = _HEADER.fullmatch(rows[0].text) is not None
    counts = {len(_COLUMN.split(row.text.strip())) for row in rows}
    if not has_header and (len(counts) > 1 or min(counts) < _LEAST_COLUMNS_WITHOUT_HEADER):
        yield from rows
        return
    header = _COLUMN.split(rows[0].text.strip()) if has_header else []
    is_listing = _LISTING.search(source.command) is not None
    is_listing = is_listing or any(_GENERATED.search(row.text) for row in rows)
    ages = [index for index, name in enumerate(header) if name in _AGE_COLUMNS]
    if not has_header and is_listing:
        ages = [-1]
    table = [_normalise_row(row, ages, settings) for row in rows]
    if has_header:
        yield table.pop(0)
    is_unordered = is_listing or _EVENTS_COLUMN in header
    is_in_order = _IN_ORDER.search(source.command) is not None
    if is_unordered and not is_in_order and NormalisationRule.ORDER not in settings.off:
        table.sort(key=lambda row: row.text)
    yield from table


def _normalise_row(row: OutputLine, ages: Sequence[int], settings: Normalisation) -> OutputLine:
    cells = _COLUMN.split(row.text.strip())
    separators = _COLUMN.findall(row.text.strip())
    if NormalisationRule.AGES not in settings.off:
        for index in ages:
            if index < len(cells) and _AGE.fullmatch(cells[index]):
                cells[index] = "<age>"
    if NormalisationRule.WIDTHS not in settings.off:
        separators = [_SEPARATOR] * len(separators)
    pairs = zip(cells, [*separators, ""], strict=True)
    return row._replace(text="".join(cell + separator for cell, separator in pairs))
