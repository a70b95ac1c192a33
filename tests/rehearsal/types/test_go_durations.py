"""Durations are read as Go's time.ParseDuration reads them (cases: Go's own time_test.go)."""

from __future__ import annotations

import pytest

from meshpeek.rehearsal.types.scalars.formats import is_duration
from meshpeek.rehearsal.types.scalars.go_durations import InvalidDurationError, parse

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("-0", 0),
        ("+0", 0),
        ("5s", 5 * SECOND),
        ("1478s", 1478 * SECOND),
        ("-5s", -5 * SECOND),
        ("+5s", 5 * SECOND),
        ("5.6s", 5_600_000_000),
        ("5.s", 5 * SECOND),
        (".5s", SECOND // 2),
        ("100.00100s", 100 * SECOND + 1_000_000),
        ("10ns", 10),
        ("11us", 11_000),
        ("12µs", 12_000),
        ("12μs", 12_000),
        ("13ms", 13_000_000),
        ("16h", 16 * HOUR),
        ("3h30m", 3 * HOUR + 30 * MINUTE),
        ("10.5s4m", 4 * MINUTE + 10 * SECOND + SECOND // 2),
        ("-2m3.4s", -(2 * MINUTE + 3_400_000_000)),
        ("0s0m", 0),
        ("9007199254740993ns", (1 << 53) + 1),
        ("9223372036854775807ns", (1 << 63) - 1),
        ("-9223372036854775808ns", -(1 << 63)),
        ("0.3333333333333333333h", 20 * MINUTE - 1),
        ("0.100000000000000000000h", 6 * MINUTE),
    ],
)
def test_a_duration(text: str, nanoseconds: int) -> None:
    # Go computes fractions in floating point: one nanosecond is within what it promises.
    assert abs(parse(text) - nanoseconds) <= (1 if "." in text else 0)
    assert is_duration(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        ("3", 'time: missing unit in duration "3"'),
        ("1h2", 'time: missing unit in duration "1h2"'),
        ("1.2.3s", 'time: missing unit in duration "1.2.3s"'),
        ("s", 'time: invalid duration "s"'),
        (".", 'time: invalid duration "."'),
        ("-.s", 'time: invalid duration "-.s"'),
        ("+-5s", 'time: invalid duration "+-5s"'),
        (" 5s", 'time: invalid duration " 5s"'),
        ("5 s", 'time: unknown unit " s" in duration "5 s"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ('1\\"µ', r'time: unknown unit "\\\"\xc2\xb5" in duration "1\\\"\xc2\xb5"'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
        ("-9223372036854775809ns", 'time: invalid duration "-9223372036854775809ns"'),
        ("3000000h", 'time: invalid duration "3000000h"'),
    ],
)
def test_no_duration(text: str, message: str) -> None:
    with pytest.raises(InvalidDurationError) as caught:
        parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "expected"), [("300 millis", True), ("1d", True), ("soon", False)]
)
def test_what_strfmt_reads_beside(text: str, expected: bool) -> None:
    assert is_duration(text) is expected
