"""Normalising output: ages, hashes, addresses and times differ from run to run.

The result is lines that are equal when they mean the same. Most of what changes becomes a word such
as `<age>`. So does an address, which is kept beside the line: its value does not matter, but the
same address has to stay the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from meshpeek.workshop.model import Normalisation, NormalisationRule

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names, as in k8s.io/apimachinery/pkg/util/rand: nothing is spelt."""

_POD_HASH = re.compile(rf"(?<=-)[{_SAFE}]{{6,10}}-[{_SAFE}]{{5}}\b")
_REPLICASET_HASH = re.compile(rf"(?<=[-=: ])(?=[{_SAFE}]*\d)[{_SAFE}]{{8,10}}\b")
_IDENTIFIER = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
_PORT = re.compile(
    r"(?:(?<=<address>:)|(?<=localhost:))\d{2,5}\b(?!-)|(?<=\d:)\d{5}(?=/(?:TCP|UDP)\b)"
)
_WELL_KNOWN_PORTS = frozenset({"80", "443", "8000", "8080", "8443", "4143", "4191", "6443"})
_URL_TOKEN = re.compile(r"(?<=/)[0-9a-f]{24,}(?=/|\b)")
_RESOURCE_VERSION = re.compile(
    r"""(?<=resourceVersion: )["']?\d+["']?|(?<="resourceVersion":)\s*"\d+\""""
)
_TIMESTAMP = re.compile(
    r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?(?: [+-]\d{4})?(?: \w+)?"
    r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d{2} \w{3} \d{4} \d\d:\d\d:\d\d(?: [+-]\d{4}| \w+)?"
)
_DURATION = re.compile(r"\b\d+m\d+\.\d+s\b|\b\d+\.\d+ ?(?:ns|µs|us|ms|s|seconds)\b|\b\d+ ms\b")
_AGO = re.compile(r"\b(?:\d+[smhdy]){1,2}(?= ago\b)|(?<=\bover )(?:\d+[smhdy]){1,2}")
_AGE = re.compile(r"(?:\d+[smhdy]){1,2}|<unknown>|<invalid>")
_AGE_COLUMNS = ("AGE", "LAST SEEN", "DURATION", "SINCE")
_DESCRIBED_AGE = re.compile(r"^(\s*Age:\s+)\S+$")
_COLUMN = re.compile(r" {2,}|\t+")
_SEPARATOR = "   "
_TITLE = r"[A-Z][A-Z0-9()/%_-]*(?: [A-Z0-9()/%_-]+)*"
_HEADER = re.compile(rf"{_TITLE}(?:(?: {{2,}}|\t+){_TITLE})*\s*")
_LEAST_COLUMNS, _LEAST_COLUMNS_WITHOUT_HEADER = 2, 3


class OutputLine(NamedTuple):
    """A normalised line, and the addresses that it had in the place of `<address>`, in order."""

    text: str
    addresses: tuple[str, ...] = ()


def normalise(output: str, settings: Normalisation) -> list[OutputLine]:
    """Return the lines of `output` (text without escape sequences) normalised for comparison."""
    lines = [_normalise_line(line, settings) for line in output.split("\n")]
    if lines and not lines[-1].text:
        lines.pop()
    return list(_normalise_tables(lines, settings))


def _normalise_line(line: str, settings: Normalisation) -> OutputLine:
    for replacement in settings.replacements:
        line = replacement.pattern.sub(replacement.text, line)
    for rule, change in _CHANGES:
        if rule not in settings.off:
            line = change(line)
    if NormalisationRule.ADDRESSES in settings.off:
        return OutputLine(line)
    addresses = tuple(_ADDRESS.findall(line))
    line = _ADDRESS.sub("<address>", line)
    if NormalisationRule.PORTS not in settings.off:
        line = _PORT.sub(_name_port, line)
    return OutputLine(line, addresses)


def _name_port(match: re.Match[str]) -> str:
    return match[0] if match[0] in _WELL_KNOWN_PORTS else "<port>"


def _normalise_ages(line: str) -> str:
    line = _AGO.sub("<age>", line)
    return _DESCRIBED_AGE.sub(r"\1<age>", line)


_CHANGES: Sequence[tuple[NormalisationRule, Callable[[str], str]]] = (
    (
        NormalisationRule.UIDS,
        lambda line: _IDENTIFIER.sub("<uid>", _URL_TOKEN.sub("<token>", line)),
    ),
    (NormalisationRule.TIMESTAMPS, lambda line: _TIMESTAMP.sub("<time>", line)),
    (NormalisationRule.RESOURCE_VERSIONS, lambda line: _RESOURCE_VERSION.sub("<version>", line)),
    (
        NormalisationRule.HASHES,
        lambda line: _REPLICASET_HASH.sub("<hash>", _POD_HASH.sub("<hash>", line)),
    ),
    (NormalisationRule.DURATIONS, lambda line: _DURATION.sub("<duration>", line)),
    (NormalisationRule.AGES, _normalise_ages),
)


def _normalise_tables(lines: Sequence[OutputLine], settings: Normalisation) -> Iterator[OutputLine]:
    """Yield the lines, with ages, widths and order normalised in what looks like a table."""
    block: list[OutputLine] = []
    for line in lines:
        columns = len(_COLUMN.split(line.text.strip()))
        # `kubectl get a,b` of old versions prints one table right after the other.
        if columns < _LEAST_COLUMNS or _HEADER.fullmatch(line.text):
            yield from _normalise_block(block, settings)
            block = []
        if columns < _LEAST_COLUMNS:
            yield line
        else:
            block.append(line)
    yield from _normalise_block(block, settings)


def _normalise_block(rows: Sequence[OutputLine], settings: Normalisation) -> Iterator[OutputLine]:
    """Yield adjacent lines of several columns; they are a table with a header or equal columns.

    A table that lost its header (`kubectl get pods | grep color`) has the age at its end.
    """
    if not rows:
        return
    has_header = _HEADER.fullmatch(rows[0].text) is not None
    counts = {len(_COLUMN.split(row.text.strip())) for row in rows}
    if not has_header and (len(counts) > 1 or min(counts) < _LEAST_COLUMNS_WITHOUT_HEADER):
        yield from rows
        return
    header = _COLUMN.split(rows[0].text.strip()) if has_header else []
    ages = [index for index, name in enumerate(header) if name in _AGE_COLUMNS] or [-1]
    table = [_normalise_row(row, ages, settings) for row in rows]
    if has_header:
        yield table.pop(0)
    if NormalisationRule.ORDER not in settings.off:
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
